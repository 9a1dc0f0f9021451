"""Copied stretches: pieces of made series that lie closer to a piece that was learned from than real ones do."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.intervals import binomial

__all__ = ["CopiedStretches"]

_FEWEST = 20  # held-out stretches, of whose likeness a twentieth is cut off
_LEVEL = 0.95
_AT_ONCE = 16  # stretches


class CopiedStretches(Settings):
    """The share of made stretches with a piece that is more like a learned one than held-out stretches ever are.

    Likeness is the cosine between all moves of two pieces, of all variables, at any offset within the stretches that
    were learned from; a stretch counts by its likest piece. The bar is what nineteen of twenty held-out stretches stay
    below, so a twentieth of made ones may lie above it by chance. A block bootstrap, which copies, comes near 1.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("series",)

    steps: int = Field(10, ge=2)
    """Length of a piece; shorter where stretches are shorter than two of them."""

    def lacks(self, evidence: Evidence) -> str:
        """Twenty held-out stretches, and what was learned from."""
        series = evidence.series
        if series is None:
            return "it reads series"
        if not evidence.train_is_known:
            return "it needs what was learned from"
        if len(series.real) < _FEWEST:
            return f"it needs {_FEWEST} held-out stretches, and there are {len(series.real)}"
        return ""

    def measure(self, evidence: Evidence) -> Findings:
        """The score copied_stretches."""
        assert evidence.series is not None
        made, real = (torch.from_numpy(part) for part in (evidence.series.made, evidence.series.real))
        steps = min(self.steps, made.shape[1] // 2)
        learned = _pieces(evidence.train.x, steps).flatten(0, 1)
        bar = float(np.quantile(_likest(real, learned, steps).numpy(), _LEVEL))
        copied = (_likest(made, learned, steps) > bar).numpy()
        value, (low, high) = float(copied.mean()), binomial(int(copied.sum()), len(copied))
        verdict = "more than real ones do" if low > 1 - _LEVEL else "no more than real ones do"
        score = Score(
            name="copied_stretches", value=value, low=low, high=high, floor=1 - _LEVEL, ideal=1 - _LEVEL,
            counts={"made": len(made), "real": len(real), "pieces": len(learned)},
            words=f"{value:.0%} of made stretches ({low:.0%} to {high:.0%}) have {steps} steps in a row that are more "
            f"like some that were learned from than in nineteen of twenty held-out stretches: {verdict}.",
            remarks=[f"the bar is a cosine of {bar:.3f}; pieces across the ends of stretches are not looked at"],
        )  # fmt: skip
        return Findings([score])


def _pieces(x: Tensor, steps: int) -> Tensor:
    """Every run of so many steps, of length 1 as a vector. Shape: (N, T, V) -> (N, T - steps + 1, steps * V)."""
    rows: Tensor = x.float().unfold(1, steps, 1).flatten(2)
    return torch.nn.functional.normalize(rows, dim=2)


def _likest(x: Tensor, learned: Tensor, steps: int) -> Tensor:
    """Of each stretch: the largest cosine of a piece with a learned one. Shape: (N, T, V) -> (N,)."""
    return torch.cat([(_pieces(part, steps) @ learned.T).amax((1, 2)) for part in torch.split(x, _AT_ONCE)])
