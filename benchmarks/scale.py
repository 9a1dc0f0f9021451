"""Memory and time per step against the size of the data: 60,000 images and a generated set of 2 GB or more.

    python benchmarks/scale.py [--gigabytes 2.2] [--steps 300]

Each size is trained in a process of its own, the same network and batch; the packed set is written straight into the
form that packing leaves, so that the 2 GB need not be decoded first.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe, save

SIDE = 28


def write(folder: Path, count: int) -> None:
    """`count` random images as one raw file, in blocks."""
    rng = np.random.default_rng(0)
    block = rng.integers(0, 256, (50_000, SIDE, SIDE, 1), dtype=np.uint8)
    with (folder / "x.bin").open("wb") as file:
        for first in range(0, count, len(block)):
            block[:, 0, 0, 0] = (first // len(block)) % 256
            file.write(block[: count - first].tobytes())


def measure(folder: Path, count: int, steps: int) -> dict[str, float]:
    """Train on the mapped file; called in a process of its own."""
    import torch

    from mintage.codecs.image import ImageCodec
    from mintage.contracts import DataSpec
    from mintage.data.loading import Cut, Stream
    from mintage.data.order import split
    from mintage.data.packing import Packed
    from mintage.data.view import View
    from mintage.models.dcgan import DCGAN
    from mintage.numbers import Numbers
    from mintage.training.ema import Averager
    from mintage.training.loop import Loop
    from mintage.training.settings import TrainingSettings
    from mintage.training.update import PlainUpdate

    codec = ImageCodec(size=SIDE, channels=1)
    x = np.memmap(folder / "x.bin", np.uint8, mode="r", shape=(count, SIDE, SIDE, 1))
    packed = Packed(x, None, (), codec, "generated")
    torch.manual_seed(0)
    game = DCGAN(width=8).build(DataSpec(x=codec.spec))
    settings = TrainingSettings(steps=steps, batch=64)
    numbers = Numbers(channels_last=True)
    numbers.arrange(game)
    stream = Stream(View(packed, split(count, 2000, 0)[0]), Cut(64), 0)
    loop = Loop(game, stream, PlainUpdate(game, settings, numbers), Averager(game.sampler, 1e4, 0.05), settings, 0)
    times = []
    for _ in range(steps):
        started = time.perf_counter()
        loop.advance()
        times.append(time.perf_counter() - started)
    stream.close()
    status = Path("/proc/self/status").read_text() if Path("/proc/self/status").is_file() else ""
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0)
    return {
        "images": count,
        "packed_gigabytes": round(count * SIDE * SIDE / 1e9, 3),
        "step_ms": round(1000 * statistics.median(times[steps // 10 :]), 3),
        "own_memory_mb": round(own / 1024, 1),
        "peak_resident_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.2)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(Path(arguments.child[0]), int(arguments.child[1]), arguments.steps)))
        return
    rows = []
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        large = int(arguments.gigabytes * 1e9) // SIDE**2
        for count in (60_000, large, 60_000, large):
            write(folder, count)
            words = [sys.executable, __file__, "--steps", str(arguments.steps), "--child", name, str(count)]
            rows.append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
            print(rows[-1], flush=True)
    save("scale", {"machine": describe(), "batch": 64, "steps": arguments.steps, "rows": rows})


if __name__ == "__main__":
    main()
