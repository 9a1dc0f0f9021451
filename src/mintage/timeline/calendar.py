"""Where in the day, the week and the year a stamp lies, as points on circles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mintage.timeline.stamps import Stamps

__all__ = ["CIRCLES", "calendar"]

_DAY = 86_400
CIRCLES = {"day": _DAY, "week": 7 * _DAY, "year": 31_556_952}  # seconds; 1970 began on a Thursday
_MOST_STEPS = 2  # of a circle that are no circle any more


def calendar(stamps: Stamps, step: int) -> NDArray[np.float32]:
    """Cosine and sine of each circle; those that one step goes half round or more are left at zero.

    Shape: (T,) -> (T, 6).
    """
    seconds = stamps.astype("datetime64[s]").astype(np.int64)
    out = np.zeros((len(stamps), 2 * len(CIRCLES)), np.float32)
    for place, period in enumerate(CIRCLES.values()):
        if _MOST_STEPS * step < period:
            angle = 2 * np.pi * (seconds % period) / period
            out[:, 2 * place], out[:, 2 * place + 1] = np.cos(angle), np.sin(angle)
    return out
