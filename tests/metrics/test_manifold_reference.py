"""Precision, recall, density and coverage beside the field's own package, on the same features."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.seeding import generator
from mintage.statistics.manifolds import Manifold, Overlap

pytestmark = pytest.mark.reference


def clouds(name: str) -> tuple[Tensor, Tensor]:
    rng = generator(0, name)
    real, fake = torch.randn(2, 800, {"flat": 3, "wide": 256}.get(name, 16), generator=rng)
    match name:
        case "identical":
            return real, real.clone()
        case "repeated":
            return real, real[:1].repeat(800, 1)
        case "constant":
            return torch.zeros_like(real), torch.ones_like(fake)
        case "whole numbers":
            return (2 * real).round(), (2 * fake).round()
        case "duplicates":
            return real[torch.randint(200, (800,), generator=rng)], real[torch.randint(300, (800,), generator=rng)]
        case "far off":
            return real + 1000, fake * 0.9 + 1000
    return real, 0.8 * fake + 0.2


@pytest.mark.parametrize(
    "name", ["flat", "plain", "wide", "identical", "repeated", "constant", "whole numbers", "duplicates", "far off"]
)
def test_prdc_agrees(name: str) -> None:
    prdc = pytest.importorskip("prdc")
    real, fake = clouds(name)
    theirs = prdc.compute_prdc(real.numpy(), fake.numpy(), nearest_k=5)
    ours = Overlap.of(Manifold(real), Manifold(fake))
    for measure, value in theirs.items():
        assert getattr(ours, measure) == pytest.approx(value, abs=1e-6), measure
