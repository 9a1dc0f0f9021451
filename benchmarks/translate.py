"""Emoji of one company into another's style: translators trained for the same time, judged on true pairs.

    python benchmarks/translate.py ORIGIN TARGET [--minutes 30] [--seeds 0 1 2] [--models cyclegan cut pix2pix]

ORIGIN and TARGET are two folders of pictures with the same names. Of these, cyclegan and cut see nothing in training:
the names serve to score them. Each training is an ordinary run with `--budget`, its pictures, scores and checkpoints
included in the time; the checkpoint that it chose by itself is judged on emoji that it never saw, both of whose sides
were held out. With --weights FILE distances are measured in the features of efficientnet_lite0 too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from machine import describe, save

from mintage import api
from mintage.judging.verdict import Verdict
from mintage.recipe import read_raw
from mintage.training.distributed import Processes

METRICS = ("perceptual_distance", "kernel_distance", "content_kept", "pixel_fidelity")


def train(
    model: str, sides: tuple[Path, Path], minutes: float, seed: int, out: Path, more: list[str]
) -> tuple[api.Run, dict[str, Any]]:
    """An ordinary run within the budget, and what it took."""
    words = [f"source={sides[0]}", f"target={sides[1]}", f"training.max_seconds={minutes * 60:.0f}", *more]
    if not model.startswith("pix2pix"):
        words.append("data.pairs_known=true")
    ready = api.prepare(
        read_raw(model, None, words), group=Processes(torch.device("cpu")), budget=f"{minutes * 60:.0f}s", seed=seed,
        out=out,
    )  # fmt: skip
    started = time.perf_counter()
    outcome = ready.run()
    assert ready.directory is not None
    run = api.load(ready.directory.path)
    return run, {
        "seconds": round(outcome.seconds, 1),
        "wall_seconds": round(time.perf_counter() - started, 1),
        "steps": outcome.step,
        "images": run.facts["images"],
        "model": run.recipe.model,
        "training": {key: getattr(run.recipe.training, key) for key in ("batch", "lr", "betas")},
    }


def told(verdict: Verdict) -> dict[str, Any]:
    """Each score with its interval, its floor and what simple means score on the same pictures."""
    return {
        score.name: {
            "value": round(score.value, 5),
            "interval": [None if end is None else round(end, 5) for end in (score.low, score.high)],
            "floor": score.floor,
            "to_beat": {name: round(value, 5) for name, value in score.baselines.items()},
            "counts": dict(score.counts),
        }
        for score in verdict.scores
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("origin", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--models", nargs="+", default=["cyclegan", "cut", "pix2pix"])
    parser.add_argument("--weights", type=Path, help="of efficientnet_lite0")
    parser.add_argument("--out", type=Path, help="folder to keep the runs in")
    parser.add_argument("--name", default="translate", help="of the result file")
    parser.add_argument("--set", nargs="*", default=[], help="further overrides, as training.batch=8")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": describe(), "minutes": arguments.minutes, "runs": []}
    embeddings: dict[str, dict[str, Any]] = {"domain": {}}
    if arguments.weights is not None:
        embeddings["efficientnet_lite0"] = {"weights": arguments.weights}
    with tempfile.TemporaryDirectory() as folder:
        for model in arguments.models:
            for seed in arguments.seeds:
                out = arguments.out or Path(folder)
                run, facts = train(
                    model, (arguments.origin, arguments.target), arguments.minutes, seed, out, arguments.set
                )
                verdicts = {
                    name: run.evaluate(metrics=METRICS, embedding=name, **more) for name, more in embeddings.items()
                }
                row = {"model": model, "seed": seed, "chosen": verdicts["domain"].step, "training": facts}
                row |= {name: told(verdict) for name, verdict in verdicts.items()}
                result["runs"].append(row)
                print(json.dumps(row, default=str), flush=True)
                save(arguments.name, json.loads(json.dumps(result, default=str)))


if __name__ == "__main__":
    main()
