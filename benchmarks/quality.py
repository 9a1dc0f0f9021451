"""Quality for time: recipes trained for the same time on full Fashion-MNIST, judged against its test set.

    python benchmarks/quality.py DATA [--seconds 240] [--seeds 0 1 2] [--recipes article labels]

DATA holds the four idx .gz files. Each training is an ordinary run with `--budget`, its pictures, scores and
checkpoints included in the time. The judge is a small classifier trained on the real training set (classifier.py); its
Fréchet distance is not FID. 10,000 samples, rounded to 8 bits, against the 10,000 test images.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from classifier import Judge, frechet_distance, manifold, trained
from machine import describe, save
from numpy.typing import NDArray

from mintage import api
from mintage.recipe import read_raw
from mintage.sources.idx import Idx
from mintage.training.distributed import Processes

RECIPES = {
    "article": ["dcgan-article", "data.classes=false"],  # the baseline
    "mintage": ["dcgan-fashion", "data.classes=false"],  # the default, as little told as the baseline
    "labels": ["dcgan-fashion"],  # the default as users get it: classes are told
}
SAMPLES = 10_000


def images(folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    source = Idx(folder, split=split)
    examples = [source[index] for index in range(len(source))]
    x = np.stack([np.asarray(example.x).reshape(28, 28, 1) for example in examples])
    return x, np.array([example.condition for example in examples])


def train(recipe: str, data: Path, seconds: float, seed: int, out: Path) -> tuple[api.Run, dict[str, Any]]:
    name, *overrides = RECIPES[recipe]
    raw = read_raw(name, data, [*overrides, f"training.max_seconds={seconds}"])
    ready = api.prepare(raw, group=Processes(torch.device("cpu")), budget=f"{seconds}s", seed=seed, out=out)
    started = time.perf_counter()
    outcome = ready.run()
    assert ready.directory is not None
    run = api.load(ready.directory.path)
    facts = {
        "seconds": round(outcome.seconds, 1),
        "wall_seconds": round(time.perf_counter() - started, 1),
        "finished": outcome.finished,
        "images": run.facts["images"],
        "model": {k: v for k, v in run.recipe.model.items() if k in ("name", "width")},
    }
    return run, facts


def scores(run: api.Run, judge: Judge, real: NDArray[np.float64], count: int = SAMPLES) -> dict[str, float]:
    made = run.generate(count, seed=12345, step=run.facts["steps"])  # the last state
    x = np.stack([np.asarray(image).reshape(28, 28, 1) for image in made])
    fake = judge.features(x)
    return {"frechet_distance": round(frechet_distance(real, fake), 3)} | {
        name: round(value, 4) for name, value in manifold(real, fake).items()
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and the half-width of a 95 % interval over seeds (Student's t)."""
    t = {1: float("nan"), 2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776}[len(rows)]
    keys = ("frechet_distance", "precision", "recall", "density", "coverage", "images", "seconds")
    table = {}
    for key in keys:
        values = [row[key] for row in rows]
        spread = statistics.stdev(values) if len(values) > 1 else float("nan")
        table[key] = {
            "mean": round(statistics.fmean(values), 4),
            "plus_minus": round(t * spread / len(values) ** 0.5, 4),
        }
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--name", default="quality", help="of the result file")
    parser.add_argument(
        "--short", type=float, nargs="*", default=[10, 15, 30], help="budgets of the time-to-score runs"
    )
    arguments = parser.parse_args()
    machine = describe()
    x, y = images(arguments.data, "train")
    test = images(arguments.data, "test")
    judge, accuracy = trained(x, y, test, Path(__file__).parent / ".cache" / "judge.safetensors")
    real = judge.features(test[0])
    chosen = np.random.default_rng(0).permutation(len(x))[:SAMPLES]
    floor = judge.features(x[chosen])
    result: dict[str, Any] = {
        "machine": machine,
        "samples": SAMPLES,
        "judge_accuracy": round(accuracy, 4),
        "floor": {"frechet_distance": round(frechet_distance(real, floor), 3)} | manifold(real, floor),
        "runs": {name: [] for name in arguments.recipes},
        "short": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for seconds in arguments.short:
            run, facts = train(arguments.recipes[-1], arguments.data, seconds, arguments.seeds[0], Path(folder))
            row = {"recipe": arguments.recipes[-1], "budget": seconds} | facts | scores(run, judge, real)
            result["short"].append(row)
            print("short", json.dumps(row), flush=True)
        for seed in arguments.seeds:
            for name in arguments.recipes:
                run, facts = train(name, arguments.data, arguments.seconds, seed, Path(folder))
                row = {"seed": seed} | facts | scores(run, judge, real)
                result["runs"][name].append(row)
                print(name, json.dumps(row), flush=True)
            save(
                arguments.name, result | compared(result["runs"])
            )  # after each seed: a broken benchmark keeps something
    print(json.dumps(compared(result["runs"]), indent=1))


def compared(runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Means over seeds, and how many times lower than the article's each distance is."""
    table = {name: summary(rows) for name, rows in runs.items()}
    if "article" not in table:
        return {"summary": table}
    base = table["article"]["frechet_distance"]["mean"]
    ratios = {name: round(base / row["frechet_distance"]["mean"], 2) for name, row in table.items()}
    return {"summary": table, "article_over": ratios}


if __name__ == "__main__":
    main()
