"""Memory and time of large tables: 1,000,000 records of 15 columns, and 300,000 of 200, one of 50,000 levels.

    python benchmarks/large_tables.py --folder ./tables [--tables long wide] [--stages write pack learn make]

Each table is written as .csv, then packed, learned for 20 steps, and made again, each in a process of its own; what
other stages found before stays in the results.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import RESULTS, describe, save

SHAPES = {"long": (1_000_000, 15), "wide": (300_000, 200)}
STEPS = 20
LEVELS = 50_000
BLOCK = 50_000


def write(folder: Path, name: str, records: int) -> dict[str, float]:
    """The table: a key, a column of many levels, dates, and the rest small words, whole and real numbers in turn."""
    import pandas as pd

    path = folder / f"{name}.csv"
    count, width = SHAPES[name]
    rng = np.random.default_rng(0)
    for first in range(0, count, BLOCK):
        size = min(BLOCK, count - first)
        hidden = rng.integers(0, 8, size)
        columns: dict[str, Any] = {
            "id": np.arange(first, first + size) + 100_000,
            "shop": np.char.add("shop ", np.minimum(rng.zipf(1.3, size), rng.integers(1, LEVELS, size)).astype(str)),
            "day": (np.datetime64("2020-01-01") + rng.integers(0, 2_000, size)).astype(str),
        }
        for number in range(len(columns), width):
            kind = number % 3
            if kind == 0:
                columns[f"c{number}"] = np.array(list("abcdefghijkl"))[hidden + rng.integers(0, 4, size)]
            elif kind == 1:
                columns[f"c{number}"] = hidden * 1_000 + rng.poisson(40 * number, size)
            else:
                columns[f"c{number}"] = np.round(rng.lognormal(hidden / 4, 1), 4)
        frame = pd.DataFrame(columns)
        frame.to_csv(path, index=False, mode="a" if first else "w", header=not first)
    return {"file_mb": round(path.stat().st_size / 1e6, 1)}


def pack(folder: Path, name: str, records: int) -> dict[str, float]:
    """Fit the codec and pack."""
    from mintage.codecs.table import Table
    from mintage.data.table_packing import pack_table
    from mintage.sources.table import Table as Source

    packed, _ = pack_table(Source(folder / f"{name}.csv"), Table(key="id"), folder / "cache")
    return {"records": len(packed), "positions": packed.x.shape[1], "packed_mb": round(packed.x.nbytes / 1e6, 1)}


def learn(folder: Path, name: str, records: int) -> dict[str, float]:
    """20 steps with the defaults of the command line; the run is kept."""
    import mintage

    training = {"steps": STEPS, "precision": "float32", "channels_last": False, "frames": 2}
    mintage.train(
        folder / f"{name}.csv", out=folder / "runs", device="cpu",
        overrides={"codec": {"key": "id"}, "training": training},
    )  # fmt: skip
    return {"steps": STEPS}


def make(folder: Path, name: str, records: int) -> dict[str, float]:
    """Write records of the run as .csv."""
    import mintage

    run = mintage.load(max((folder / "runs").glob(f"*-{name}")))
    run.write_records(folder / "made.csv", records)
    return {"made": records, "made_mb": round((folder / "made.csv").stat().st_size / 1e6, 1)}


STAGES: dict[str, Callable[[Path, str, int], dict[str, float]]] = {
    "write": write, "pack": pack, "learn": learn, "make": make,
}  # fmt: skip


def timed(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """What it found, its seconds and its memory."""
    started = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found, "seconds": round(seconds, 1), "peak_resident_mb": round(peak, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--stages", nargs="+", default=list(STAGES), choices=list(STAGES))
    parser.add_argument("--records", type=int, default=1_000_000, help="that are made")
    parser.add_argument("--folder", type=Path, required=True, help="where tables and runs lie, from stage to stage")
    parser.add_argument("--alone", action="store_true", help="one stage, in this process")
    asked = parser.parse_args()
    os.environ["MINTAGE_CACHE"] = str(asked.folder / "cache")
    if asked.alone:
        print(json.dumps(timed(lambda: STAGES[asked.stages[0]](asked.folder, asked.tables[0], asked.records))))
        return
    asked.folder.mkdir(parents=True, exist_ok=True)
    kept = RESULTS / "large_tables.json"
    result: dict[str, Any] = json.loads(kept.read_text()) if kept.is_file() else {}
    for name in asked.tables:
        shape = {"records": SHAPES[name][0], "columns": SHAPES[name][1]}
        told = result.setdefault(name, shape)
        for stage in asked.stages:
            words = ["--tables", name, "--stages", stage, "--folder", str(asked.folder), "--alone"]
            command = [sys.executable, __file__, *words, "--records", str(asked.records)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)
            told[stage] = json.loads(done.stdout.splitlines()[-1])
            result["machine"] = describe()
            save("large_tables", result)


if __name__ == "__main__":
    main()
