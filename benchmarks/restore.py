"""Restoring photographs: what is learned in a few minutes beside the classical means, on photographs never seen.

    python benchmarks/restore.py PHOTOS [--minutes 10] [--tasks sr deblur denoise inpaint texture] [--weights FILE]

PHOTOS is a folder of clean photographs, which are reduced to half their size first: straight from a camera they are
softer than their pixels, and there is little to restore. Whole photographs are held out. Each training is an ordinary
run of its recipe with `--budget`. The classical means (classical.py) are tuned for the highest PSNR on spoiled training
photographs, and judged on the same held-out tiles as the run. PSNR is that of a photograph's mean squared error over
its tiles, and the mean over photographs, which is why inpainting is trained without its adversary here; margins in SSIM
are means over tiles, with a 95 % bootstrap interval. "texture" is super-resolution whose second half has an adversary,
beside as many steps on pixels alone, by kernel distance to the clean pictures. Needs scikit-image and
opencv-python-headless.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import classical
import numpy as np
import torch
from machine import describe, save
from PIL import Image
from translate import told

from mintage import api
from mintage.judging.reals import data_of
from mintage.judging.translated import translated
from mintage.opening import Data
from mintage.recipe import read_raw
from mintage.statistics.similarity import ssim
from mintage.trained import CPU, Trained
from mintage.training.distributed import Processes
from mintage.watching.sheets import as_levels

MEANS: Mapping[str, Mapping[str, Sequence[classical.Means]]] = {
    "sr": classical.super_resolve(2),
    "deblur": classical.DEBLUR,
    "denoise": classical.DENOISE,
    "inpaint": classical.INPAINT,
}
ADVERSARY = ["model.stakes.adversarial_weight=0.02", "model.stakes.r1=1.0"]
TUNED_ON, JUDGED_ON = 24, 400
HELD_OUT = 0.25  # of the photographs: of some twenty, a tenth would be one or two, all sky or all leaves
METRICS = ("kernel_distance", "perceptual_distance", "pixel_fidelity")


def train(task: str, photos: Path, minutes: float | None, seed: int, out: Path, more: Sequence[str] = ()) -> api.Run:
    """An ordinary run of the task's recipe within the budget; without one, of as many steps as `more` says."""
    words = [f"data={photos}", f"data.heldout={HELD_OUT}", *more]
    words += {"sr": ["scale=2"], "inpaint": ["model.stakes.adversarial_weight=0.0"]}.get(task, [])
    if minutes is not None:
        words.append(f"training.max_seconds={minutes * 60:.0f}")
    budget = None if minutes is None else f"{minutes * 60:.0f}s"
    raw = read_raw(f"restore-{task}", None, words)
    ready = api.prepare(raw, group=Processes(CPU), budget=budget, seed=seed, out=out)
    ready.run()
    assert ready.directory is not None
    return api.load(ready.directory.path)


def tuned(task: str, data: Data) -> dict[str, classical.Means]:
    """Each classical means with the settings that are best on spoiled training photographs."""
    step, pairs = max(1, len(data.train) // TUNED_ON), []
    for first in range(0, len(data.train), step)[:TUNED_ON]:
        batch = data.train.batch(first, 1)
        assert batch.condition is not None
        pairs.append((shown(batch.condition)[0], as_levels(batch.x)[0]))
    return {name: classical.best_of(candidates, pairs) for name, candidates in MEANS[task].items()}


def shown(told: torch.Tensor) -> Any:
    """Inputs as files hold them, the mask beside the colours. Shape: (n, C, H, W) -> (n, H, W, C) uint8."""
    return ((told + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()


def judged(run: api.Run, task: str) -> dict[str, Any]:
    """PSNR and SSIM of the run and of every classical means on the same pictures, and the margin over each."""
    trained = Trained.open(run.directory)
    data = data_of(trained)
    count = min(JUDGED_ON, len(data.heldout))
    rows = translated(trained.sampler, data.heldout, count, numbers=trained.numbers, device=CPU)
    assert rows.truth is not None
    inputs = [shown(batch.condition) for batch in data.batches(data.heldout, count, 50) if batch.condition is not None]
    spoiled = [one for block in inputs for one in block]
    made = {"mintage": rows.fake.x.numpy()}
    for name, means in tuned(task, data).items():
        made[name] = np.stack([means(one) for one in spoiled])
    names = data.packed.names(data.heldout.head(0, count).x)
    photographs = [name.partition("#")[0] for name in names]
    truth = rows.truth.x.numpy().astype(float)
    decibels = {name: by_photograph(x, truth, photographs) for name, x in made.items()}
    found: dict[str, Any] = {
        "tiles": count,
        "psnr": {name: round(float(np.mean(list(each.values()))), 3) for name, each in decibels.items()},
        "psnr_of": {name: {photo: round(value, 2) for photo, value in each.items()} for name, each in decibels.items()},
    }
    structure = {name: measured(x, rows.truth.x) for name, x in made.items()}
    found["ssim"] = {name: round(float(value.mean()), 4) for name, value in structure.items()}
    found["ssim_margin"] = {
        name: margin(structure["mintage"] - value) for name, value in structure.items() if name != "mintage"
    }
    return found


def by_photograph(made: Any, truth: Any, photographs: Sequence[str]) -> dict[str, float]:
    """PSNR of each photograph, from the mean squared error of all of its tiles."""
    errors = ((made.astype(float) - truth) ** 2).mean((1, 2, 3))
    of = np.array(photographs)
    return {photo: float(10 * np.log10(255**2 / errors[of == photo].mean())) for photo in dict.fromkeys(photographs)}


def measured(x: Any, truth: torch.Tensor) -> Any:
    return ssim(torch.from_numpy(x).permute(0, 3, 1, 2), truth.permute(0, 3, 1, 2)).double().numpy()


def reduced(photos: Path, folder: Path) -> Path:
    """The photographs at half their size."""
    folder.mkdir()
    for path in sorted(photos.iterdir()):
        if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            with Image.open(path) as opened:
                image = opened.convert("RGB")
            half = (image.width // 2, image.height // 2)
            image.resize(half, Image.Resampling.LANCZOS).save(folder / f"{path.stem}.png")
    return folder


def margin(differences: Any, draws: int = 2000) -> dict[str, float]:
    """Mean difference with a 95 % bootstrap interval over pictures."""
    rng = np.random.default_rng(0)
    means = rng.choice(differences, (draws, len(differences))).mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {"mean": round(float(differences.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def facts_of(run: api.Run) -> dict[str, Any]:
    return {
        **{key: run.facts[key] for key in ("seconds", "steps", "images", "parameters")},
        "model": {key: value for key, value in run.recipe.model.items() if key != "stakes"},
        "split": {key: run.facts["data"][key] for key in ("train", "selection", "heldout")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tasks", nargs="+", default=[*MEANS, "texture"])
    parser.add_argument("--weights", type=Path, help="of efficientnet_lite0, for the texture task")
    parser.add_argument("--out", type=Path, help="folder to keep the runs in")
    parser.add_argument("--name", default="restore", help="of the result file")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": describe(), "minutes": arguments.minutes, "seed": arguments.seed, "tasks": {}}
    seen = {} if arguments.weights is None else {"embedding": "efficientnet_lite0", "weights": arguments.weights}
    with tempfile.TemporaryDirectory() as folder:
        out, photos = arguments.out or Path(folder), reduced(arguments.photos, Path(folder) / "photographs")
        runs: dict[str, api.Run] = {}
        for task in arguments.tasks:
            if task == "texture":
                row: dict[str, Any] = {}
                pixels = runs.get("sr") or train("sr", photos, arguments.minutes, arguments.seed, out)
                steps, model = pixels.facts["steps"], pixels.recipe.model
                sized = [f"model.{key}={model[key]}" for key in ("width", "blocks")] + [f"training.steps={steps}"]
                more = [*ADVERSARY, f"model.stakes.adversarial_from={steps // 2}", *sized]
                second = train("sr", photos, None, arguments.seed, out, more)
                for name, run in (("pixels", pixels), ("adversarial", second)):
                    verdict = run.evaluate(metrics=METRICS, step=run.facts["steps"], **seen)
                    row[name] = {"training": facts_of(run), **told(verdict)}
            else:
                runs[task] = run = train(task, photos, arguments.minutes, arguments.seed, out)
                row = {"training": facts_of(run), **judged(run, task)}
            result["tasks"][task] = row
            print(task, json.dumps(row, default=str), flush=True)
            save(arguments.name, json.loads(json.dumps(result, default=str)))


if __name__ == "__main__":
    main()
