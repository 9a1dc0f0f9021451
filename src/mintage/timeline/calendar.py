"""Where in the day, the week and the year a stamp lies, and which of these circles tell anything of a variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mintage.timeline.stamps import Stamps

__all__ = ["CIRCLES", "HARMONICS", "Circle", "calendar", "telling_circles"]

Circle = Literal["day", "week", "year"]
Values = NDArray[np.float64]

CIRCLES: tuple[Circle, ...] = get_args(Circle)
HARMONICS = 3  # of each circle: with three, every day of a week has a number of its own
_DAY = 86_400
_SECONDS = {"day": _DAY, "week": 7 * _DAY, "year": 31_556_952}  # 1970 began on a Thursday
_LEAST_STEPS = 4  # of a circle
_LEAST_TURNS = 3  # in each half of the time
_TELLING = 0.01  # share of a later half's variance that an earlier one's means say beforehand
_STILL = 0.1  # of the usual move, that is added to its size before the logarithm is taken


def calendar(stamps: Stamps, circles: Sequence[Circle]) -> NDArray[np.float32]:
    """Cosines and sines of each circle, once, twice and three times round.

    Shape: (T,) -> (T, 6 * circles).
    """
    seconds = stamps.astype("datetime64[s]").astype(np.int64)
    out = [np.empty((len(stamps), 0))]
    for circle in circles:
        period = _SECONDS[circle]
        angles = 2 * np.pi * np.outer(seconds % period, np.arange(1, HARMONICS + 1)) / period
        out += [np.cos(angles), np.sin(angles)]
    return np.concatenate(out, 1).astype(np.float32)


def telling_circles(stamps: Sequence[Stamps], moves: Sequence[Values], levels: Sequence[Values]) -> tuple[Circle, ...]:
    """The circles by which the later half of the time can be told from the earlier one: moves, their sizes, levels.

    What an hour, a weekday or a season did on average in the first half has to explain a hundredth of the variance in
    the second; else a model would learn chance. `levels` may have no columns.

    Shape: each (T,), (T, V), (T, L).
    """
    if not stamps:
        return ()
    times = np.concatenate(stamps)
    order = np.argsort(times, kind="stable")
    step = float(np.median(np.concatenate([np.diff(part).astype(np.int64) for part in stamps])))
    moved = np.concatenate(moves)
    usual = np.abs(moved).mean(0)
    sizes = np.log(np.abs(moved) + _STILL * np.where(usual > 0, usual, 1.0))
    targets = [target[order] for target in (moved, sizes, np.concatenate(levels)) if target.shape[1]]
    found: list[Circle] = []
    for circle in CIRCLES:
        turns = (times.max() - times.min()).astype(np.int64) / _SECONDS[circle]
        if _LEAST_STEPS * step > _SECONDS[circle] or turns < 2 * _LEAST_TURNS:
            continue
        known = calendar(times[order], (circle,)).astype(np.float64)
        if max(_told(known, target) for target in targets) > _TELLING:
            found.append(circle)
    return tuple(found)


def _told(known: Values, target: Values) -> float:
    """The share of variance of a later half that the earlier half's fit explains, of the mean variable."""
    half = len(known) // 2
    early, late = (part - part.mean(0) for part in (known[:half], known[half:]))
    before, after = (part - part.mean(0) for part in (target[:half], target[half:]))
    weights = np.linalg.lstsq(early, before, rcond=1e-6)[0]
    left = np.square(after - late @ weights).mean(0)
    whole = np.maximum(np.square(after).mean(0), 1e-300)
    return float((1 - left / whole).mean())
