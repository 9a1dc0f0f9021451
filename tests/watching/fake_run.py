"""A run directory made of Pillow pictures, with all that a finished run has; `fake_run.py FOLDER` writes one to see."""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from mintage.run import RunDirectory
from mintage.storage import write_json, write_text
from mintage.watching.film import captions_of, make_film
from mintage.watching.grid import contact_sheet
from mintage.watching.log import Log, read

CLASSES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")

RECIPE = """\
# dcgan-fashion: the main demonstration
seed = 7

[data]
path = "fashion-mnist"

[codec]
name = "image"
channels = 1

[model]
name = "dcgan"
width = 32

[model.stakes]
objective = "non_saturating"
r1 = 0.1

[training]
steps = {steps}
batch = 64
lr = 5e-4
"""


def thing(kind: int, chance: random.Random, done: float, side: int = 28) -> Image.Image:
    """A little shape: blurred and noisy at first, crisp at the end."""
    image = Image.new("L", (side, side), 0)
    draw, size, shade = ImageDraw.Draw(image), chance.uniform(0.55, 0.85) * side, chance.randint(120, 250)
    box = ((side - size) / 2, (side - size) / 2, (side + size) / 2, (side + size) / 2)
    if kind % 3 == 0:
        draw.ellipse(box, fill=shade)
    elif kind % 3 == 1:
        draw.rectangle((box[0] + 4, box[1], box[2] - 4, box[3]), fill=shade)
        draw.rectangle((side / 2 - 1, side * 0.4, side / 2 + 1, side), fill=0)
    else:
        draw.polygon([(box[0], box[3]), (side / 2, box[1]), (box[2], box[3])], fill=shade)
    image = image.filter(ImageFilter.GaussianBlur(3 * (1 - done)))
    static = Image.effect_noise((side, side), 120 * (1 - done) + 4)
    return Image.blend(image, static, min(0.9, max(0.03, 1 - done)))


def sheet(step: int, steps: int, count: int = 64) -> Image.Image:
    chance = random.Random(3)
    return contact_sheet([thing(index // 8, chance, step / steps) for index in range(count)])


def measured(step: int, steps: int) -> dict[str, float]:
    chance, t = random.Random(step), step / steps
    wobble = chance.gauss(0, 0.08)
    return {
        "step": step,
        "images": 64 * step,
        "seconds": 0.031 * step,
        "rate": 2064 + 40 * chance.gauss(0, 1),
        "discriminator/adversarial": 0.9 + 0.35 * math.exp(-8 * t) + wobble,
        "discriminator/r1": 0.02 * (1 + t) + 0.004 * chance.random(),
        "generator/adversarial": 1.5 + 1.2 * math.exp(-6 * t) - wobble + 0.2 * chance.gauss(0, 0.5),
        "discriminator/real": 0.9 + 0.4 * math.exp(-4 * t) + wobble,
        "discriminator/fake": -0.9 - 0.5 * math.exp(-4 * t) - wobble,
        "discriminator/recognition": min(1.0, 0.78 + 0.2 * math.exp(-9 * t) + 0.02 * chance.gauss(0, 1)),
    }


def fake_run(root: Path, *, steps: int = 6000, frames: int = 24, troubled: bool = True) -> RunDirectory:
    run = RunDirectory.create(root, "dcgan-fashion")
    write_text(run.recipe, RECIPE.format(steps=steps))
    write_json(run.codec, {"name": "image", "size": 28, "channels": 1})
    facts = {
        "name": "dcgan-fashion", "created": "2026-11-24T21:14:03+00:00", "mintage": "0.1.0", "torch": "2.13.0+cpu",
        "python": "3.11.9", "platform": "Linux-6.1-x86_64", "cpu": "Intel(R) Xeon(R) CPU @ 2.20GHz", "cores": 2,
        "device": "cpu", "seed": 7,
        "data": {"path": "fashion-mnist", "fingerprint": "9f2c1e0b77d3a841", "count": 10_000},
        "seconds": 240.7, "images": 64 * steps, "steps": steps, "finished": True, "precision": "bfloat16",
        "channels_last": True, "parameters": {"discriminator": 431_553, "generator": 1_204_545},
    }  # fmt: skip
    write_json(run.facts, facts)
    chance = random.Random(1)
    contact_sheet([thing(i // 8, chance, 1.0) for i in range(64)]).save(run.reals)
    with Log(run.log) as log:
        for index in range(frames):
            step = round(steps * index / (frames - 1))
            path = run.sample_sheet(step)
            sheet(step, steps).save(path)
            log.append({"event": "sample", "step": step, "file": f"samples/{path.name}"})
        for step in range(20, steps + 1, 20):
            log.append(measured(step, steps))
            if troubled and step == steps // 3 // 20 * 20:
                words = {
                    "message": "The discriminator is sure of everything, so the generator learns almost nothing.",
                    "advice": "Set model.stakes.r1 = 1, or lower training.lr.",
                }
                log.append({"event": "diagnosis", "step": step, "name": "discriminator_wins", **words})
            if step % 1000 == 0:
                log.append({"event": "checkpoint", "step": step})
                value = 0.02 + 0.2 * math.exp(-step / 1500)
                log.append({"event": "score", "step": step, "name": "sliced_wasserstein", "value": value})
    made = run.sample_sheets()
    make_film(made, run.film, captions=captions_of(made, read(run.log)))
    score = {
        "name": "sliced_wasserstein", "value": 0.0231, "low": 0.0219, "high": 0.0244, "floor": 0.0102,
        "embedding": "pixels", "real": 5000, "fake": 5000, "seed": 7, "step": steps,
    }  # fmt: skip
    write_json(run.scores / "sliced_wasserstein.json", score)
    return run


if __name__ == "__main__":
    print(fake_run(Path(sys.argv[1])).path)
