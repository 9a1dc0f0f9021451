"""A run directory made of Pillow pictures, with all that a finished run has; `fake_run.py FOLDER` writes one to see."""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from mintage.contracts import Pair, Score
from mintage.judging.protocol import Protocol
from mintage.judging.verdict import Verdict
from mintage.run import RunDirectory
from mintage.storage import write_image, write_json, write_text
from mintage.watching.film import captions_of, make_film
from mintage.watching.grid import contact_sheet
from mintage.watching.log import Log, read
from mintage.watching.neighbours import pair_sheet
from mintage.watching.words import percent

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


def verdict(judged: str, *, step: int | None = None, worse: float = 1.0, seed: int = 0, day: int = 25) -> Verdict:
    """A dozen scores as a judge would give them; `worse` makes the distances larger and the shares smaller."""

    def share(name: str, value: float, floor: float, ideal: float, words: str) -> Score:
        value = min(1.0, max(0.0, ideal + (value - ideal) * worse))
        half = 1.96 * math.sqrt(max(0.0, value * (1 - value)) / 5000)
        counts = {"fake": 5000, "real": 5000}
        low, high = max(0.0, value - half), min(1.0, value + half)
        said = words.format(percent(value))
        return Score(
            name=name, value=value, low=low, high=high, floor=floor, ideal=ideal, counts=counts, words=said
        )  # fmt: skip

    def distance(name: str, value: float, floor: float, words: str = "", remarks: Sequence[str] = ()) -> Score:
        value, counts = value * worse, {"fake": 5000, "real": 5000}
        return Score(
            name=name, value=value, low=0.95 * value, high=1.06 * value, floor=floor, ideal=0.0, counts=counts,
            words=words, remarks=remarks,
        )  # fmt: skip

    scores = [
        distance("frechet_distance", 12.4, 0.9, "The Fréchet distance is 12.4; smaller is better."),
        distance("kernel_distance", 0.0123, 0.00004, "The kernel distance is 0.0123."),
        share("precision", 0.88, 0.93, 1, "{} of the samples lie among real examples."),
        share("recall", 0.71, 0.92, 1, "{} of the real examples lie among samples."),
        share("coverage", 0.82, 0.97, 1, "{} of the real examples have a sample nearby."),
        Score(name="density", value=0.94, floor=1.01, ideal=1.0, remarks=["No interval: too few examples."]),
        share("recognition_rate", 0.83, 0.502, 0.5, "A fresh classifier tells real from made in {} of cases."),
        share("probe_rate", 0.74, 0.498, 0.5, "A logistic probe tells them apart in {} of cases."),
        share("duplicates", 0.002, 0.001, 0, "{} of the samples have a near twin."),
        share("copies", 0.0112, 0.0104, 0, "{} of the samples are as near to a training example as a copy would be."),
        share("authenticity", 0.71, 0.7, 1, "{} of the samples are authentic."),
        Score(name="class_score", value=8.1, low=7.9, high=8.3, floor=9.4, counts={"fake": 5000}),
        *(distance(f"class_distance/{name}", 3.0 + index, 1.1) for index, name in enumerate(CLASSES)),
    ]
    protocol = Protocol(
        embedding="domain-5c0a81e2", reference="9f2c1e0b77d3a841", split="held-out", prepared="28x28x1, uint8",
        seed=seed, version="0.2.0", counts={"fake": 5000, "real": 5000},
    )  # fmt: skip
    return Verdict(
        judged=judged, against="held-out fashion-mnist", step=step, protocol=protocol, scores=scores,
        skipped={"gan_train": "it needs labels, and these examples have none"},
        pairs=[Pair(index, 40 * index, 0.3 + 0.05 * index, "alike in shape") for index in range(25)],
        remarks=["3 files could not be read."], seconds={"frechet_distance": 4.1, "recognition_rate": 31.0},
        machine={"cpu": "Intel(R) Xeon(R) CPU @ 2.20GHz", "cores": 2}, created=f"2026-11-{day}T02:14:03+00:00",
    )  # fmt: skip


def plain(judged: str, **how: float) -> dict[str, Any]:
    """The JSON form of a verdict."""
    with tempfile.TemporaryDirectory() as folder:
        return json.loads(verdict(judged, **how).write(Path(folder)).read_text("utf-8"))  # type: ignore[arg-type]


def nearest() -> Image.Image:
    chance = random.Random(5)
    made = [thing(index, chance, 0.9) for index in range(25)]
    training = [thing(index, chance, 1.0) for index in range(25)]
    return pair_sheet(made, training, [f"{0.3 + 0.05 * index:.2f}" for index in range(25)])


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
                value = 9 + 80 * math.exp(-step / 1200) + (3 if step > 5000 else 0)
                best = step <= 5000
                log.append({"event": "score", "step": step, "name": "frechet_distance", "value": value, "best": best})
    made = run.sample_sheets()
    make_film(made, run.film, captions=captions_of(made, read(run.log)))
    verdict(run.path.name, step=steps).write(run.scores)
    write_image(run.scores / "nearest.png", nearest())
    return run


if __name__ == "__main__":
    print(fake_run(Path(sys.argv[1])).path)
