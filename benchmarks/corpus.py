"""Seconds and peak memory of packing text against its size: 1 MB to 1 GB, as one file and as a million-row table.

    python benchmarks/corpus.py [--gigabytes 1.0] [--real FOLDER]

Each case is packed in a process of its own, from a generated file; peak memory is the process's own, libraries and
all. With a folder of texts (or a file) after --real, that is packed too, in every kind of tokens.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from machine import describe, save

ROW = 2000  # characters


def blocks(size: int) -> Iterator[str]:
    """About `size` characters of words as rare as those of a language (Zipf), in lines."""
    rng = np.random.default_rng(0)
    letters = rng.integers(97, 123, (50_000, 12), dtype=np.uint8)
    lengths = rng.integers(1, 12, 50_000)
    words = np.array([letters[k, : lengths[k]].tobytes().decode() for k in range(50_000)])
    written = 0
    while written < size:
        chosen = words[np.minimum(rng.zipf(1.3, 200_000), 50_000) - 1]
        block = "\n".join(" ".join(chosen[k : k + 12]) for k in range(0, len(chosen), 12)) + "\n"
        written += len(block)
        yield block


def write(path: Path, size: int) -> None:
    """One text, or rows of about 2,000 characters."""
    with path.open("w", newline="") as file:
        for block in blocks(size):
            if path.suffix == ".txt":
                file.write(block)
            else:
                file.writelines(json.dumps({"text": block[k : k + ROW]}) + "\n" for k in range(0, len(block), ROW))


def peak_memory() -> float:
    """The most that this process has had in memory so far, in MB; unlike `getrusage`, without its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").is_file() else []
    return round(next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0) / 1024, 1)


def measure(path: Path, kind: str) -> dict[str, object]:
    """Pack into an empty cache, then again; called in a process of its own."""
    from mintage.codecs.text import TextCodec
    from mintage.data.tokens import pack_tokens, split_tokens
    from mintage.sources.texts import Texts

    before = peak_memory()
    with tempfile.TemporaryDirectory(dir=".") as cache:
        started = time.perf_counter()
        tokens, report = pack_tokens(Texts(path), TextCodec(tokens=kind), Path(cache))
        packed = time.perf_counter()
        peak = peak_memory()
        pack_tokens(Texts(path), TextCodec(tokens=kind), Path(cache))
        again = time.perf_counter()
        split_tokens(tokens, 0.1, 0)
        return {
            "data": path.name,
            "tokens": kind,
            "megabytes": round(report.bytes / 1e6, 2),
            "documents": report.count,
            "num_tokens": report.tokens,
            "vocabulary": report.vocabulary,
            "bytes_per_token": round(report.bytes / report.tokens, 3),
            "seconds": round(packed - started, 2),
            "seconds_again": round(again - packed, 3),
            "seconds_split": round(time.perf_counter() - again, 3),
            "peak_mb": peak,
            "peak_of_libraries_mb": before,
        }


def packed(path: Path, kind: str) -> dict[str, object]:
    """`measure` in a process of its own."""
    words = [sys.executable, __file__, "--child", str(path), kind]
    row: dict[str, object] = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    print(row, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--real", type=Path, nargs="*", default=[])
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(Path(arguments.child[0]), arguments.child[1])))
        return
    rows = [packed(path, kind) for path in arguments.real for kind in ("char", "byte", "bpe")]
    large = int(arguments.gigabytes * 1e9)
    with tempfile.TemporaryDirectory(dir=".") as name:
        for suffix, size, kinds in (
            (".txt", large // 1000, ("char",)),
            (".txt", large // 10, ("char", "byte")),
            (".txt", large, ("char", "byte")),
            (".jsonl", large // 10, ("byte",)),
            (".jsonl", large, ("byte",)),
        ):
            path = Path(name) / f"generated{suffix}"
            write(path, size)
            rows += [packed(path, kind) for kind in kinds]
    save("corpus", {"machine": describe(), "rows": rows})


if __name__ == "__main__":
    main()
