"""Kill -9 at random moments, resumed each time: are the final weights those of the unbroken run, to the bit?

python benchmarks/killing.py [--kills 20] [--steps 1200] [--seed 0]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from machine import describe, save

import mintage
from mintage.training.checkpoint import Checkpoints

SETTINGS = ["training.checkpoint_every=25", "training.frames=5", "training.precision=float32", "model.width=8"]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "mintage", "train", *words, "--quiet"]


def weights(path: Path) -> dict[str, torch.Tensor]:
    checkpoint, _ = Checkpoints(mintage.load(path).directory.checkpoints).latest()
    assert checkpoint is not None
    return checkpoint.training() | {f"sampler.{key}": value for key, value in checkpoint.sampler().items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    words = ["dcgan-fashion", f"training.steps={arguments.steps}", "training.channels_last=true", *SETTINGS]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        started = time.perf_counter()
        subprocess.run(command(*words, "--out", str(root / "unbroken")), check=True)
        took = time.perf_counter() - started
        broken = root / "broken"
        process = subprocess.Popen(command(*words, "--out", str(broken)))
        while not list(broken.glob("*/recipe.toml")):
            time.sleep(0.05)
        (path,) = broken.iterdir()
        steps, finished_early = [], 0
        for _ in range(arguments.kills):
            time.sleep(rng.uniform(0.5, 0.5 + 2 * took / arguments.kills + 3))
            if process.poll() is not None:
                finished_early += 1
                break
            process.kill()
            process.wait()
            latest, _ = Checkpoints(path / "checkpoints").latest()
            steps.append(latest.step if latest else 0)
            process = subprocess.Popen(command("--resume", str(path)))
        assert process.wait() == 0
        (whole,) = (root / "unbroken").iterdir()
        one, other = weights(whole), weights(path)
        different = [key for key in one if not torch.equal(one[key], other[key])]
        result = {
            "machine": describe(),
            "steps": arguments.steps,
            "seed": arguments.seed,
            "kills": len(steps),
            "steps_at_kill": steps,
            "ended_before_all_kills": bool(finished_early),
            "tensors": len(one),
            "different_tensors": different,
            "bit_identical": not different,
        }
    save("killing", result)
    print("bit-identical" if not different else f"{len(different)} tensors differ", "after", len(steps), "kills")


if __name__ == "__main__":
    main()
