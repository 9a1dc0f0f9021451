"""A toy translation with a known right answer: inputs of random patches, whose true translation is paler."""

from __future__ import annotations

from typing import Any

import torch
from tests.metrics.quadrants import QuadrantMeans
from torch import Tensor, nn

from mintage.contracts import Evidence, Examples
from mintage.layers.perceptual import PerceptualDistance
from mintage.seeding import generator

COUNT = 60


def inputs(count: int = COUNT, seed: int = 0, side: int = 24) -> Examples:
    patches = torch.rand(count, 3, side // 4, side // 4, generator=generator(seed, "patches")) * 255
    return Examples(patches.repeat_interleave(4, 2).repeat_interleave(4, 3).byte().movedim(1, 3))


def truth_of(x: Examples) -> Examples:
    return Examples(x.x // 2 + 60)


def network(channels: int = 3, *, is_general: bool = True) -> PerceptualDistance:
    """Two convolutions of drawn weights."""
    stages = [nn.Sequential(nn.Conv2d(given, out, 3, 2, 1), nn.ReLU()) for given, out in ((channels, 16), (16, 32))]
    for number, stage in enumerate(stages):
        weight = stage[0].weight
        nn.init.zeros_(stage[0].bias)
        weight.data = torch.randn(weight.shape, generator=generator(number, "weights")) / weight[0].numel() ** 0.5
    return PerceptualDistance(
        stages, identity="drawn-00000000", mean=127.5, std=127.5, channels=channels, is_general=is_general
    )


def translation(fake: Examples, **other: Any) -> Evidence:
    """Evidence of outputs for `inputs()`; the drawn network is at hand, so that none is learned."""
    x = inputs()
    of = {
        "real": truth_of(inputs(seed=1)), "control": truth_of(inputs(seed=2)), "train": truth_of(inputs(seed=3)),
        "embedder": QuadrantMeans(), "inputs": x, "truth": truth_of(x), **other,
    }  # fmt: skip
    evidence = Evidence(fake=fake, **of)
    evidence.once("perceptual", network)
    return evidence


def noisy(x: Examples, strength: float, seed: int = 0) -> Examples:
    noise: Tensor = strength * torch.randn(x.x.shape, generator=generator(seed, "noise"))
    return Examples((x.x.float() + noise).clamp(0, 255).round().byte())
