"""In which sizes a generator is drawn: those that give the same bits as a whole chunk, and what each of them costs."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Sizes"]

GOOD_ENOUGH = 0.9  # of the best rate: a smaller batch that reaches so much is answered sooner


class Sizes:
    """The sizes that may be used, with their seconds, and the largest batch that is worth waiting for."""

    def __init__(self, seconds: Mapping[int, float]) -> None:
        self._seconds = dict(seconds)
        self.largest = min(size for size, rate in self._rates.items() if rate >= GOOD_ENOUGH * self.rate)
        self._drift = 1.0  # how much longer batches take than they were measured to

    @property
    def _rates(self) -> dict[int, float]:
        return {size: size / took for size, took in self._seconds.items()}

    @property
    def rate(self) -> float:
        """Samples a second at best."""
        return max(self._rates.values())

    def told(self) -> list[list[float]]:
        """As another process reads it: pairs of size and seconds."""
        return [[size, seconds] for size, seconds in self._seconds.items()]

    def cut(self, rows: int) -> list[int]:
        """Sizes that together hold so many rows, the last one perhaps not full, in the least time.

        >>> Sizes({1: 1.0, 4: 2.0}).cut(6)
        [4, 1, 1]
        >>> Sizes({1: 1.0, 4: 2.0}).cut(7)
        [4, 4]
        """
        cut = []
        while rows > 0:
            fitting = [size for size in self._seconds if size <= rows]
            whole = max(fitting, key=lambda size: size / self._seconds[size], default=None)
            over = min((size for size in self._seconds if size >= rows), key=self._seconds.__getitem__, default=None)
            if whole is None or (over is not None and self._seconds[over] < self._by(whole, rows)):
                assert over is not None
                whole = over
            cut.append(whole)
            rows -= whole
        return cut

    def _by(self, size: int, rows: int) -> float:
        """Seconds of so many rows in pieces of one size."""
        return self._seconds[size] * -(-rows // size)

    def seconds(self, rows: int) -> float:
        """How long so many rows take of late."""
        if rows == 0:
            return 0.0
        size = self.largest
        whole, rest = divmod(rows, size)
        return self._drift * (whole * self._seconds[size] + sum(self._seconds[one] for one in self.cut(rest)))

    @property
    def least(self) -> int:
        """The smallest: fewer rows take as long."""
        return min(self._seconds)

    @property
    def seconds_of_batch(self) -> float:
        """How long the largest batch takes of late."""
        return self._drift * self._seconds[self.largest]

    def took(self, rows: int, seconds: float) -> None:
        """Learn from a batch how far this machine is from what was measured, smoothed."""
        expected = self.seconds(rows) / self._drift
        if expected > 0:
            self._drift = 0.9 * self._drift + 0.1 * min(max(seconds / expected, 0.2), 20.0)
