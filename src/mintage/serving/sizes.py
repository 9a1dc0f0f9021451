"""In which sizes a generator is drawn: those that give the same bits as a whole chunk, and what each of them costs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor

from mintage.contracts import Sampler
from mintage.numbers import Numbers
from mintage.sampling import draw, same_bits, whole_chunk
from mintage.seeding import generator
from mintage.trained import CPU, Trained

__all__ = ["Sizes"]

GOOD_ENOUGH = 0.9  # of the best rate: a smaller batch that reaches so much is answered sooner
ROUNDS, SECONDS = 7, 0.04  # of measuring a size: so often, or so long
WORTH = 1.5  # how much faster all cores must be than one, which leaves the others to HTTP
HEAVY = 0.004  # seconds of a sample beside which those of HTTP are few


class Sizes:
    """The sizes that may be used, with their seconds, and the largest batch that is worth waiting for."""

    def __init__(self, seconds: Mapping[int, float], threads: int = 0) -> None:
        self._seconds, self.threads = dict(seconds), threads  # threads 0: as many as there are
        self.largest = min(size for size, rate in self._rates.items() if rate >= GOOD_ENOUGH * self.rate)
        self._drift = 1.0  # how much longer batches take than they were measured to

    @property
    def _rates(self) -> dict[int, float]:
        return {size: size / took for size, took in self._seconds.items()}

    @property
    def rate(self) -> float:
        """Samples a second at best."""
        return max(self._rates.values())

    @classmethod
    def measure(cls, trained: Trained, numbers: Numbers) -> Self:
        """Try every power of two up to a chunk, on one core and, if it is heavy, on all; without noise, one."""
        if trained.makes != "pictures" or trained.translates:
            return cls({1: 0.05})
        told, where = 0 if trained.classes else None, {"numbers": numbers, "device": CPU}
        whole, given = whole_chunk(trained.sampler, told, **where), torch.get_num_threads()
        try:
            torch.set_num_threads(1)
            seconds = _seconds(trained.sampler, whole, told, where)
            narrow = cls(seconds, 1) if seconds else None
        finally:
            torch.set_num_threads(given)
        if narrow is not None and (given == 1 or narrow.rate > 1 / HEAVY):
            return narrow  # the other cores have HTTP to speak
        wide = cls(_seconds(trained.sampler, whole, told, where), given)  # a chunk on all threads is the law itself
        return wide if narrow is None or wide.rate > WORTH * narrow.rate else narrow

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


def _seconds(sampler: Sampler, whole: Tensor, told: int | None, where: Mapping[str, Any]) -> dict[int, float]:
    """What each size that gives the right bits takes, on as many threads as there are now."""
    powers = [1 << k for k in range(len(whole).bit_length())]
    seconds = {}
    for size in same_bits(sampler, sorted({*powers, len(whole)}), whole, told, **where):
        noise = sampler.noise(size, generator(0, "warm-up"))
        condition = None if told is None else torch.full((size,), told)
        times = list[float]()
        while len(times) < 2 or (len(times) < ROUNDS and sum(times) < SECONDS):
            started = time.perf_counter()
            draw(sampler, noise, condition, size=size, **where)
            times.append(time.perf_counter() - started)
        seconds[size] = min(times)  # what others do on this machine only ever adds
    return seconds
