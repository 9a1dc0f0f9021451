"""Pictures of any size through a translator: memory and time at 12 megapixels, and what shows where tiles meet.

    python benchmarks/tiling.py [--photos FOLDER] [--run RUN]

A 4000x3000 picture, tiled up from the photographs (else drawn: gradients, edges and grain), passes a CycleGAN
translator of the default size at the default tile, in a fresh process. Its weights are random, those of its last layer
too, so that it changes every pixel. Then a picture of 1200x800 passes in one piece and in tiles, and the two are
compared near the borders of tiles and elsewhere: for CycleGAN, whose instance normalisation sees the whole picture,
for SRGAN, which has none (on a quarter of it), and for a trained run if one is named.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe, save
from numpy.typing import NDArray
from torch import nn

import mintage
from mintage import tiling
from mintage.contracts import DataSpec, TensorSpec
from mintage.layers.instance_norm import InstanceNorm
from mintage.layers.translator import Translator
from mintage.models.cyclegan import CycleGAN
from mintage.models.srgan import SRGAN
from mintage.numbers import for_sampling
from mintage.pictures import files_below, read_picture

Pixels = NDArray[np.uint8]

LARGE, SMALL = (3000, 4000), (800, 1200)  # rows and columns
CHANGE = 0.3  # root of the mean square that the random last layer adds, in [-1, 1]
NEAR = 8  # pixels on both sides of a border


def perturbed(name: str) -> Translator:
    """An untrained translator of the default size that changes its input."""
    torch.manual_seed(0)
    size = 48 if name == "srgan" else 96
    told = TensorSpec(shape=(3, size, size))
    model = SRGAN() if name == "srgan" else CycleGAN()
    sampler = model.build(DataSpec(x=TensorSpec(shape=(3, 96, 96)), condition=told)).sampler
    assert isinstance(sampler, Translator)
    head = sampler.generator.head
    assert isinstance(head, nn.Conv2d)
    nn.init.normal_(head.weight)
    x = torch.rand(1, 3, size, size) * 2 - 1
    with torch.inference_mode():
        sampler.eval()(torch.empty(1, 0), x)  # the head's input has no known scale without normalisation
        plain = x if sampler.scale == 1 else nn.functional.interpolate(x, scale_factor=2.0, mode="bicubic")
        made = sampler(torch.empty(1, 0), x) - plain
    head.weight.data.mul_(CHANGE / float(made.square().mean().sqrt()))
    for_sampling(False, torch.device("cpu")).arrange(sampler)
    return sampler.requires_grad_(False)


def picture(sides: tuple[int, int], photos: Path | None) -> Pixels:
    """Photographs at their own size side by side until the sides are full, or a drawn scene."""
    if photos is None:
        return drawn(*sides)
    height, width = sides
    out, files = np.zeros((height, width, 3), np.uint8), list(files_below(photos, (".jpg", ".jpeg", ".png")))
    number = top = 0
    while top < height:
        left, lowest = 0, height
        while left < width:
            photo = read_picture(files[number % len(files)], 3).pixels[: height - top, : width - left]
            out[top : top + photo.shape[0], left : left + photo.shape[1]] = photo
            left, lowest, number = left + photo.shape[1], min(lowest, photo.shape[0]), number + 1
        top += lowest
    return out


def drawn(height: int, width: int) -> Pixels:
    """Light that falls off, discs with hard edges, stripes on one side, grain."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    light = 60 + 120 * columns / width + 40 * np.sin(rows / 90) * (columns > width / 2)
    out = light[:, :, None] * np.array([1.0, 0.9, 0.7], np.float32)
    for _ in range(height * width // 40_000):
        y, x, r = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(10, 120)
        top, left = max(0, int(y - r)), max(0, int(x - r))
        part = slice(top, int(y + r)), slice(left, int(x + r))
        out[part][(rows[part] - y) ** 2 + (columns[part] - x) ** 2 < r * r] = rng.uniform(0, 255, 3)
    return (out + rng.normal(0, 8, (height, width, 1))).clip(0, 255).astype(np.uint8)


def large(file: Path) -> dict[str, float]:
    """The large picture, in a process of its own."""
    sampler, pixels = perturbed("cyclegan"), np.load(file)
    before = peak()
    started, worked = time.perf_counter(), time.process_time()
    tiling.translate(sampler, pixels)
    return {
        "megapixels": round(pixels.shape[0] * pixels.shape[1] / 1e6, 1),
        "seconds": round(time.perf_counter() - started, 1),
        "processor_seconds": round(time.process_time() - worked, 1),
        "peak_resident_mb_before": before,
        "peak_resident_mb": peak(),
    }


def peak() -> float:
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def seams(sampler: Translator, pixels: Pixels, tiles: tuple[int, ...]) -> list[dict[str, float]]:
    """How far tiles are from one pass, in levels of 255, within 8 pixels of where tiles meet and elsewhere.

    Under the moments that the tiles held this is what tiling itself does: seams. Under the picture's own moments, the
    error of measuring them on parts comes on top, which is one contrast for all tiles.
    """
    own, rows = tiling.translate(sampler, pixels, tile=10_000).astype(np.int32), []
    layers = [layer for layer in sampler.modules() if isinstance(layer, InstanceNorm)]
    for tile in tiles:
        moments: list[Any] = []
        made = tiling.translate(
            sampler, pixels, tile=tile, progress=lambda *_, kept=moments: kept.extend(layer.moments for layer in layers)
        ).astype(np.int32)
        for layer, held in zip(layers, moments, strict=False):
            layer.moments = held
        same = tiling.translate(sampler, pixels, tile=10_000) if layers else own
        for layer in layers:
            layer.moments = None
        near, row = borders(sampler, pixels, tile), {"tile": float(tile)}
        for name, whole in (("same_moments", same), ("own_moments", own)):
            off = np.abs(made - whole).mean(axis=2)
            row |= {f"{name}_near_borders": mean(off[near]), f"{name}_elsewhere": mean(off[~near])}
        rows.append(row | {"share_near_borders": mean(near)})
        print(rows[-1], flush=True)
    return rows


def borders(sampler: Translator, pixels: Pixels, tile: int) -> NDArray[np.bool_]:
    """Where tiles fade into each other, of the output."""
    s, unit = sampler.scale, sampler.multiple
    near = np.zeros((s * pixels.shape[0], s * pixels.shape[1]), bool)
    for axis, length in enumerate(pixels.shape[:2]):
        padded = math.ceil(length / unit) * unit
        cut = tiling._Axis.cut(length, padded, min(tile, padded), sampler)
        for left, right in pairwise(cut.starts):
            middle = s * (left + cut.side + right) // 2
            near[(slice(None),) * axis + (slice(middle - s * NEAR, middle + s * NEAR),)] = True
    return near


def mean(values: NDArray[Any]) -> float:
    return round(float(values.mean()), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(large(arguments.child)))
        return
    result: dict[str, Any] = {"machine": describe(), "photographs": arguments.photos is not None}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.npy"
        np.save(file, picture(LARGE, arguments.photos))
        words = [sys.executable, __file__, "--child", str(file)]
        result["large"] = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)
        print(result["large"], flush=True)
    pixels = picture(SMALL, arguments.photos)
    off = {"cyclegan": seams(perturbed("cyclegan"), pixels, (256, 512))}
    off["srgan, twice the sides"] = seams(perturbed("srgan"), pixels[: SMALL[0] // 2, : SMALL[1] // 2], (256,))
    if arguments.run:
        trained: Any = mintage.load(arguments.run)._trained(None).sampler
        off["trained run"] = seams(trained, pixels, (256, 512))
    result |= {"compared_on": SMALL, "levels_off_one_pass": off}
    save("tiling", result)


if __name__ == "__main__":
    main()
