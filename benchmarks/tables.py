"""What a table's maker is worth in equal surroundings: Mintage beside CTGAN and the MOSTLY AI engine, in turn.

    python benchmarks/tables.py adult/train.csv adult/test.csv [--seeds 0 1 2] [--budget 1m] [--model NAME]
    python benchmarks/tables.py adult/train.csv adult/test.csv --peers PYTHON      with those packages in that Python

Each maker learns the first file and makes as many records. Quality (columns and pairs, as SDMetrics' report) is beside
the records learned from, as such reports are read; recognition (area under the curve of boosted trees) and use (trees
that learned made records, asked on unseen ones) are beside the second file, which no maker has seen. Seconds are those
of the whole command: reading, fitting, training, report. The peers have their own defaults, but CTGAN 100 epochs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe, save

from mintage import registry
from mintage.codecs.table import Table
from mintage.contracts import Evidence, Examples
from mintage.judging.codes import Codes
from mintage.records import Records
from mintage.tabular.files import TableFile

CTGAN = """
import sys, pandas as pd, numpy as np, torch
from ctgan import CTGAN
train, out, seed = sys.argv[1:]
np.random.seed(int(seed)); torch.manual_seed(int(seed))
frame = pd.read_csv(train)
words = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
frame[words] = frame[words].fillna("missing")
model = CTGAN(epochs=100)
model.fit(frame, words)
model.sample(len(frame)).to_csv(out, index=False)
"""
MOSTLY = """
import sys, tempfile, pandas as pd
from pathlib import Path
from mostlyai import engine
train, out, seed = sys.argv[1:]
engine.set_random_state(int(seed))
frame = pd.read_csv(train)
place = Path(tempfile.mkdtemp())
engine.split(tgt_data=frame, workspace_dir=place, model_type="TABULAR")
engine.analyze(workspace_dir=place)
engine.encode(workspace_dir=place)
engine.train(workspace_dir=place)
engine.generate(workspace_dir=place)
pd.concat(map(pd.read_parquet, sorted((place / "SyntheticData").glob("*.parquet")))).to_csv(out, index=False)
"""


def mintage(train: Path, out: Path, seed: int, budget: str, overrides: list[str]) -> float:
    """Seconds of `mintage train`; the records lie in `out`."""
    command = [sys.executable, "-m", "mintage"]
    runs = out.parent / f"runs-{seed}-{len(list(out.parent.glob('runs-*')))}"
    started = time.perf_counter()
    subprocess.run(
        [*command, "train", str(train), "--budget", budget, "--seed", str(seed), "--out", str(runs), "-q", *overrides],
        check=True,
    )
    seconds = time.perf_counter() - started
    (run,) = runs.iterdir()
    count = sum(len(frame) for frame in TableFile(train).frames())
    subprocess.run([*command, "generate", str(run), "-n", str(count), "--out", str(out), "-q"], check=True)
    return seconds


def peer(python: str, code: str, train: Path, out: Path, seed: int) -> float:
    """Seconds of another package's own script."""
    started = time.perf_counter()
    subprocess.run([python, "-c", code, str(train), str(out), str(seed)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def million(train: Path, folder: Path, budget: str) -> float:
    """Seconds in which `mintage generate` writes 1,000,000 records into a parquet file."""
    runs = folder / "million"
    command = [sys.executable, "-m", "mintage"]
    subprocess.run([*command, "train", str(train), "--budget", budget, "--out", str(runs), "-q"], check=True)
    (run,) = runs.iterdir()
    started = time.perf_counter()
    subprocess.run(
        [*command, "generate", str(run), "-n", "1000000", "--out", str(folder / "million.parquet"), "-q"], check=True
    )
    return time.perf_counter() - started


class Bench:
    """The two real files, typed by one codec, and what made ones score beside them."""

    def __init__(self, train: Path, test: Path, target: str) -> None:
        frames = {name: read(path) for name, path in (("train", train), ("test", test))}
        self.codec = Table(rare=1).fit([frames["train"]])
        self.real = {name: self.typed(frame) for name, frame in frames.items()}
        self.target = target or self.codec.columns[-1]

    def typed(self, frame: Any) -> Any:
        """A table with the values that the codec knows."""
        return self.codec.decode_frame(self.codec.encode_frame(frame))

    def scores(self, path: Path) -> dict[str, Any]:
        """Value and 95 % interval of each score, and those of real records."""
        made = self.typed(read(path))
        found: dict[str, Any] = {}
        for name, real in (("table_quality", "train"), ("record_recognition", "test"), ("train_on_synthetic", "test")):
            metric = registry.find("metrics", name)()
            for score in metric.measure(self._evidence(made, real)).scores:
                values = {"value": score.value, "low": score.low, "high": score.high, "real": score.floor}
                found[score.name] = {key: None if one is None else round(one, 4) for key, one in values.items()}
        return found

    def _evidence(self, made: Any, real: str) -> Evidence:
        control = self.real["test" if real == "train" else "train"].iloc[: len(made)]
        records = Records(
            made=made, real=self.real[real], control=control, train=self.real["train"], kinds=self.codec.kinds_of,
            target=self.target,
        )  # fmt: skip
        coded = [Examples(torch.from_numpy(self.codec.encode_frame(x))) for x in (made, self.real[real], control)]
        train = Examples(torch.from_numpy(self.codec.encode_frame(self.real["train"])))
        return Evidence(
            fake=coded[0], real=coded[1], control=coded[2], train=train, embedder=Codes(coded[0].x.shape[1]),
            records=records,
        )  # fmt: skip


def read(path: Path) -> Any:
    """A file of records as it is written."""
    import pandas as pd

    return pd.concat(list(TableFile(path).frames()), ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--target", default="", help="unset: the last column")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--budget", default="1m")
    parser.add_argument("--set", nargs="*", default=[], help="overrides of Mintage's runs")
    parser.add_argument("--peers", help="a Python that has ctgan and mostlyai-engine")
    parser.add_argument("--million", action="store_true", help="time 1,000,000 records too")
    parser.add_argument("--name", default="tables")
    asked = parser.parse_args()
    bench, result = Bench(asked.train, asked.test, asked.target), {"machine": describe(), "runs": {}}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for seed in asked.seeds:
            makers = {"mintage": lambda out, s=seed: mintage(asked.train, out, s, asked.budget, asked.set)}
            if asked.peers:
                makers["ctgan"] = lambda out, s=seed: peer(asked.peers, CTGAN, asked.train, out, s)
                makers["mostlyai-engine"] = lambda out, s=seed: peer(asked.peers, MOSTLY, asked.train, out, s)
            for name, make in makers.items():
                out = folder / f"{name}-{seed}.csv"
                seconds = round(make(out), 1)
                result["runs"][f"{name}, seed {seed}"] = row = {"seconds": seconds, **bench.scores(out)}
                short = {key: value["value"] for key, value in row.items() if isinstance(value, dict)}
                print(name, seed, seconds, short, flush=True)
                save(asked.name, result)
        if asked.million:
            result["seconds_of_a_million"] = round(million(asked.train, folder, asked.budget), 1)
            print(result["seconds_of_a_million"])
    ours = [row for name, row in result["runs"].items() if name.startswith("mintage")]
    result["mean"] = {
        key: round(float(np.mean([row[key]["value"] for row in ours])), 4) for key in ours[0] if key != "seconds"
    }
    save(asked.name, result)


if __name__ == "__main__":
    main()
