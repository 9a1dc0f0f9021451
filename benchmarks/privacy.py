"""What audits of privacy find in made records, of several trainings: benchmarks/privacy.py train.csv [--seeds 0 1 2].

Each seed is trained by `mintage train` and audited by `mintage evaluate`, whose control is what the run held out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import describe, save

import mintage

KEPT = ("value", "low", "high", "floor")
AUDITS = ["exact_copies", "closest_record", "singling_out", "linkability", "inference"]


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("file", type=Path)
    ask.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    ask.add_argument("--budget", default="1m")
    ask.add_argument("--set", nargs="*", default=[], help="overrides, such as model.name=ctgan")
    ask.add_argument("--samples", type=int, default=10_000)
    ask.add_argument("--name", default="privacy")
    asked = ask.parse_args()
    result: dict[str, Any] = {"machine": describe(), "samples": asked.samples, "runs": {}}
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as place:
            started = time.perf_counter()
            run = mintage.train(asked.file, out=place, seed=seed, budget=asked.budget, overrides=asked.set)
            seconds = round(time.perf_counter() - started, 1)
            verdict = run.evaluate(metrics=AUDITS, samples=asked.samples, seed=seed)
        scores = {}
        for score in verdict.scores:
            values = {key: getattr(score, key) for key in KEPT}
            scores[score.name] = {key: None if one is None else round(one, 4) for key, one in values.items()}
        result["runs"][f"seed {seed}"] = {"seconds": seconds, **scores}
        print(seed, seconds, {name: (score["value"], score["low"], score["high"]) for name, score in scores.items()})
        save(asked.name, result)


if __name__ == "__main__":
    main()
