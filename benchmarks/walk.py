"""What walks forward over many years are worth, of several trainings: benchmarks/walk.py FILE --start 2010-01-01.

Each seed is trained by `mintage train` on what came before and walked by `mintage backtest`, which puts simple means
beside it: forecasts 20 steps ahead of the whole time, values at risk of the last 500 steps.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from machine import describe, save

import mintage

_FIGURES = ("crps", "coverage", "coverage_low", "coverage_high", "ours_less")
_TESTS = ("share", "steps", "exceeded", "frequency", "clustering")


def told(report: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a backtest."""
    scores = {
        name: {key: score[key] for key in _FIGURES if key in score}
        for name, score in report["forecasts"]["scores"].items()
    }
    risk = {name: [{key: test[key] for key in _TESTS} for test in tests] for name, tests in report["risk"].items()}
    decisions = {name: rule["sharpe"] for name, rule in report.get("decisions", {}).get("rules", {}).items()}
    return {"origins": report["forecasts"]["origins"], "scores": scores, "risk": risk, "sharpe_ratios": decisions}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("file", type=Path)
    ask.add_argument("--start", default="2010-01-01")
    ask.add_argument("--heldout", type=float, default=0.53, help="share of time at the end, which must begin before")
    ask.add_argument("--steps", type=int, default=400)
    ask.add_argument("--context", type=int, default=250)
    ask.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    ask.add_argument("--name", default="walk")
    asked = ask.parse_args()
    overrides = {
        "data": {"heldout": asked.heldout, "context": asked.context}, "training": {"steps": asked.steps, "frames": 2},
    }  # fmt: skip
    result: dict[str, Any] = {"machine": describe(), "file": asked.file.name, "start": asked.start, "walks": {}}
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as place:
            run = mintage.train(asked.file, out=place, device="cpu", seed=seed, overrides=overrides)
            found = told(run.backtest(asked.start, horizon=20).report)
        result["walks"][f"seed {seed}"] = found
        print(seed, found, flush=True)
        save(asked.name, result)


if __name__ == "__main__":
    main()
