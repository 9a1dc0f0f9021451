"""What the laboratory shows of a moment: samples, the discriminator's map, the generator's sheet, slopes, figures."""

from __future__ import annotations

import base64
from typing import Any

import torch
from torch import Tensor

from mintage.laboratory.distributions import EDGE, Distribution
from mintage.laboratory.experiment import Experiment
from mintage.objectives.adversarial import LOSSES
from mintage.seeding import generator
from mintage.statistics.modes import point_modes

__all__ = ["CELLS", "SHEET", "divergence", "frame", "reals_of"]

CELLS = 32  # of the map, a side
SHEET = 13  # lines of the sheet, each way
_SHOWN, _ARROWS, _COUNTED = 240, 72, 2048
_BINS = 24  # of the histogram that the divergence is measured on


def frame(experiment: Experiment) -> dict[str, Any]:
    """A moment, JSON-ready and small: places are whole thousandths, the map is base64 of bytes, the top row first."""
    fakes = experiment.fakes(_COUNTED)
    reals = experiment.reals
    counted = point_modes(fakes, reals.centres, reals.spread, least=max(1, _COUNTED // (20 * len(reals.centres))))
    loss = LOSSES[experiment.settings.objective]
    return {
        "step": experiment.step,
        "fakes": _flat(fakes[:_SHOWN]),
        "field": base64.b64encode(_map(experiment, is_logit=loss.is_logit)).decode(),
        "cells": CELLS,
        "is_probability": loss.is_logit,
        "grid": _flat(_sheet(experiment)),
        "lines": SHEET,
        "arrows": _flat(_arrows(experiment, fakes[:_ARROWS])),
        "losses": {name: _number(value) for name, value in experiment.losses.items()},
        "modes": counted.hit,
        "of": len(reals.centres),
        "good": round(counted.good, 4),
        "divergence": round(divergence(fakes, _drawn(experiment, "divergence")), 4),
        "floor": round(divergence(_drawn(experiment, "floor"), _drawn(experiment, "divergence")), 4),
        "finite": bool(fakes.isfinite().all()),
    }


def reals_of(reals: Distribution, seed: int, n: int = 400) -> list[int]:
    """Real points to be shown, in thousandths."""
    return _flat(reals.sample(n, generator(seed, "shown")))


def divergence(one: Tensor, other: Tensor) -> float:
    """Jensen-Shannon divergence of two samples on a grid, from 0 to 1 bit; more samples, less of it is chance.

    Shape: (N, 2), (M, 2).

    >>> divergence(torch.zeros(9, 2), torch.zeros(5, 2)), divergence(torch.zeros(9, 2), torch.ones(9, 2))
    (0.0, 1.0)
    """
    p, q = _histogram(one), _histogram(other)
    middle = (p + q) / 2

    def against(a: Tensor) -> Tensor:
        return torch.where(a > 0, a * (a / middle.clamp_min(1e-12)).log2(), 0.0).sum()

    return abs(float((against(p) + against(q)) / 2))


def _histogram(points: Tensor) -> Tensor:
    cells = ((points.nan_to_num(9.0) / EDGE + 1) / 2 * _BINS).floor().clamp(
        -1, _BINS
    ).long() + 1  # a rim for all beyond
    counts = torch.bincount(cells[:, 0] * (_BINS + 2) + cells[:, 1], minlength=(_BINS + 2) ** 2)
    return counts.double() / len(points)


def _drawn(experiment: Experiment, purpose: str) -> Tensor:
    return experiment.reals.sample(_COUNTED, generator(experiment.settings.seed, purpose))


@torch.no_grad()
def _map(experiment: Experiment, *, is_logit: bool) -> bytes:
    """How real the discriminator holds each cell to be, 0 to 255; scores that are no logits by their own range."""
    middle = (torch.arange(CELLS) + 0.5) / CELLS * 2 * EDGE - EDGE
    y, x = torch.meshgrid(middle.flip(0), middle, indexing="ij")
    scores = experiment.game.discriminator(torch.stack([x.flatten(), y.flatten()], 1))
    low, high = scores.min(), scores.max()
    real = scores.sigmoid() if is_logit else (scores - low) / (high - low).clamp_min(1e-6)
    return bytes((255 * real.nan_to_num(0.5)).round().clamp(0, 255).byte().tolist())


@torch.no_grad()
def _sheet(experiment: Experiment) -> Tensor:
    """Where the generator lays an even net of its latent plane: lines of equal share of the noise."""
    share = torch.linspace(0.02, 0.98, SHEET)
    at = torch.special.ndtri(share)
    z = torch.cartesian_prod(at, at)
    made: Tensor = experiment.game.sampler(z)
    return made


def _arrows(experiment: Experiment, fakes: Tensor) -> Tensor:
    """Samples and where the generator would have each of them go: down the slope of its stake. Shape: (n, 4)."""
    at = fakes.clone().requires_grad_()
    scores = experiment.game.discriminator(at)
    loss = LOSSES[experiment.settings.objective]
    priced = loss.generator(scores.detach().mean().expand_as(scores), scores)
    (slope,) = torch.autograd.grad(priced.sum(), at)
    return torch.cat([fakes, -slope], 1)


def _flat(points: Tensor) -> list[int]:
    return (1000 * points.nan_to_num(0.0)).clamp(-9999, 9999).round().int().flatten().tolist()  # type: ignore[no-any-return]


def _number(value: float) -> float | None:
    return round(value, 5) if abs(value) < 1e9 else None  # JSON knows no infinity, and none is False for nan
