"""Toy series whose forecasts have known worth: a fair walk, foretold by its own law, too narrowly, and in hindsight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from mintage.contracts import Evidence, Examples
from mintage.forecasts import Foresight, Walk
from mintage.judging.codes import Codes

SPREAD = 0.01


def returns(count: int, steps: int, seed: int, spread: float = SPREAD) -> np.ndarray:
    """Moves of two variables that share half of their variance. Shape: (count, steps, 2)."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((count, steps, 3))
    return spread * (drawn[..., :2] + drawn[..., 2:]) / np.sqrt(2)


def walk(spreads: Mapping[str, float], origins: int = 120, steps: int = 4, n: int = 200, **other: object) -> Walk:
    """Forecasters that believe in these spreads of a step, the first of them ours; the truth has that of `SPREAD`."""
    last = np.full((origins, 2), 100.0)
    truths = 100 * np.exp(returns(origins, steps, 1).cumsum(1))
    paths = {
        name: 100 * np.exp(returns(origins * n, steps, 2 + place, spread).cumsum(1)).reshape(origins, n, steps, 2)
        for place, (name, spread) in enumerate(spreads.items())
    }
    stamps = tuple(str(np.datetime64("2020-01-01") + at) for at in range(origins))
    told = {
        "ours": next(iter(spreads)), "stamps": stamps, "last": last, "truths": truths, "paths": paths,
        "units": np.full(2, 0.8), "overlap": 1,
    }  # fmt: skip
    return Walk(**{**told, **other})  # type: ignore[arg-type]


def judged(far: Walk, near: Walk | None = None, made: np.ndarray | None = None) -> Evidence:
    """Forecasts, and stretches of forty steps: made ones are of the same law unless they are given."""
    real, control = returns(60, 40, 7), returns(60, 40, 8)
    made = returns(60, 40, 9) if made is None else made
    series = Foresight(variables=("a", "b"), far=far, near=near, made=made, real=real, control=control)
    parts = {"fake": made, "real": real, "control": control, "train": control}
    held = {name: Examples(torch.from_numpy(part)) for name, part in parts.items()}
    return Evidence(**held, embedder=Codes(40), series=series)
