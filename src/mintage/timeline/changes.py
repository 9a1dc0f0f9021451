"""What a variable does from step to step: it grows by a share, changes by a sum, or merely varies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError

__all__ = ["Change", "additive", "choose_change", "increments", "levels", "plain"]

Change = Literal["log", "difference", "level"]
Values = NDArray[np.float64]

_LASTING = 0.5  # variance of steps over twice that of levels, above which the last value says little of the next
_GROWN = 3.0  # times by which a positive variable has to have moved before its growth can be told from its change


def choose_change(stretches: Iterable[Values]) -> Change:
    """How to look at one variable: logarithms where its moves grow with it, values where steps are as wide as levels.

    Shape: each (T,).
    """
    parts = [part for part in stretches if len(part) > 1]
    level = np.concatenate([part[:-1] for part in parts])
    steps = np.concatenate([np.diff(part) for part in parts])
    if np.square(steps).mean() > 2 * _LASTING * max(float(level.var()), 1e-300):
        return "level"
    if min(float(part.min()) for part in parts) <= 0 or level.max() < _GROWN * level.min():
        return "difference"
    growth = np.concatenate([np.diff(np.log(part)) for part in parts])
    order = np.array_split(np.argsort(level, kind="stable"), 5)
    return "log" if _unevenness(growth, order) < _unevenness(steps, order) else "difference"


def _unevenness(moves: Values, groups: Sequence[NDArray[np.int64]]) -> float:
    """How differently wide moves are from the lowest levels to the highest."""
    return float(np.std([np.log(np.abs(moves[group]).mean() + 1e-300) for group in groups]))


def additive(values: Values, changes: Sequence[Change]) -> Values:
    """The scale on which steps add up: logarithms of what grows. Shape: (..., V).

    Raises:
        DataError: the logarithm of something not positive.
    """
    logs = np.array([change == "log" for change in changes])
    if (values[..., logs] <= 0).any():
        raise DataError(
            "A variable that is looked at by its growth has values that are not positive. Set its change to difference."
        )
    out = values.astype(np.float64)
    out[..., logs] = np.log(out[..., logs])
    return out


def plain(scaled: Values, changes: Sequence[Change]) -> Values:
    """What `additive` took. Shape: (..., V)."""
    logs = np.array([change == "log" for change in changes])
    out = scaled.astype(np.float64)
    out[..., logs] = np.exp(out[..., logs])
    return out


def increments(scaled: Values, changes: Sequence[Change]) -> Values:
    """From step to step on the additive scale; the values themselves of what merely varies.

    Shape: (..., T + 1, V) -> (..., T, V).
    """
    own = np.array([change == "level" for change in changes])
    moved: Values = scaled[..., 1:, :] - np.where(own, 0.0, scaled[..., :-1, :])
    return moved


def levels(start: Values, moves: Values, changes: Sequence[Change]) -> Values:
    """The additive scale again, after a start: what `increments` undid. Shape: (..., V), (..., T, V) -> (..., T, V)."""
    own = np.array([change == "level" for change in changes])
    summed: Values = np.where(own, moves, start[..., None, :] + moves.cumsum(-2))
    return summed
