"""The stamps that come after the end of a time line, where it has a rhythm that tells them."""

from __future__ import annotations

import numpy as np

from mintage.timeline.stamps import Stamps

__all__ = ["stamps_after", "stamps_guessed"]

_DAY = 86_400


def stamps_after(stamps: Stamps, step: int, *, is_grid: bool, count: int) -> Stamps | None:
    """The next `count` stamps: on the grid, on weekdays after days of trading, in months after months.

    None where rows come as they like, so that nobody knows when the next does. Holidays are not known.
    """
    last = stamps[-1]
    if is_grid:
        return np.asarray(last + np.arange(1, count + 1) * np.timedelta64(step, "s"))
    days = stamps.astype("datetime64[D]")
    if (stamps != days).any():
        return None
    if step == _DAY and np.is_busday(days).all():
        return np.busday_offset(days[-1], np.arange(1, count + 1), roll="backward").astype("datetime64[s]")
    months = days.astype("datetime64[M]")
    apart = np.unique(np.diff(months).astype(np.int64))
    if len(apart) != 1 or apart[0] < 1:
        return None
    later = months[-1] + np.arange(1, count + 1) * apart[0]
    if ((days + 1).astype("datetime64[M]") > months).all():  # the last of each month
        return np.asarray(((later + 1).astype("datetime64[D]") - 1).astype("datetime64[s]"))
    places = np.unique((days - months.astype("datetime64[D]")).astype(np.int64))
    return np.asarray((later.astype("datetime64[D]") + places[0]).astype("datetime64[s]")) if len(places) == 1 else None


def stamps_guessed(stamps: Stamps, step: int, *, is_grid: bool, count: int) -> Stamps:
    """The same, and a usual step after another where nobody knows."""
    known = stamps_after(stamps, step, is_grid=is_grid, count=count)
    return np.asarray(stamps[-1] + np.arange(1, count + 1) * np.timedelta64(step, "s")) if known is None else known
