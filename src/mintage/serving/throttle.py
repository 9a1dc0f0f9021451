"""How many requests may be under way at once, learned from how long they take: enough to keep busy, never a backlog."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Throttle"]

LEAST, MOST = 12.0, 128.0
STRETCH = 2.5  # times the latency of a request alone, beyond which fewer are let in
BACK_OFF = 0.9
SMOOTH = 0.1


class Throttle:
    """A limit that grows by one in every round of answers while they come in time, and shrinks when they do not.

    Additive increase and multiplicative decrease (Chiu and Jain, 1989) on latency, as congestion windows of networks
    do (Brakmo and Peterson, 1995): what waits before any queue of ours, in the event loop, shows in it.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.limit, self.under_way = 16.0, 0
        self.alone = 0.0  # seconds that a request takes with nothing beside it, smoothed
        self._shrunk = 0.0  # when it last did

    @property
    def is_full(self) -> bool:
        """Whether no more should be let in."""
        return self.under_way >= int(self.limit)

    def begin(self) -> tuple[float, bool]:
        """Count one in; what is returned belongs to `end`."""
        self.under_way += 1
        return self._now(), self.under_way == 1

    def end(self, begun: tuple[float, bool], *, was_served: bool) -> None:
        """Count one out, and learn from it if it was served."""
        was_full, now = self.under_way >= int(self.limit) - 1, self._now()
        self.under_way -= 1
        if not was_served:
            return
        took, was_alone = now - begun[0], begun[1] and not self.under_way
        if was_alone:
            self.alone = took if not self.alone else (1 - SMOOTH) * self.alone + SMOOTH * took
        if self.alone and took > STRETCH * self.alone:
            if now - self._shrunk > took:  # once a round: those that began before it shrank say nothing new
                self.limit, self._shrunk = max(LEAST, BACK_OFF * self.limit), now
        elif was_full:
            self.limit = min(MOST, self.limit + 1 / self.limit)
