"""Batches as a pure function of the step: read from the packed cache ahead of time, augmented, cut into shares."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.augmentation import Pipeline
from mintage.contracts import Batch, Share
from mintage.data.order import Part, indices
from mintage.data.packing import Packed
from mintage.seeding import generator

__all__ = ["Cut", "Stream"]

_BLOCK = 64  # steps whose order is computed at once, since one step is all overhead


@dataclass(frozen=True, slots=True)
class Cut:
    """How a global batch is cut: into micro-batches for this process, one of several."""

    batch: int
    parts: int = 1  # micro-batches of this process
    rank: int = 0
    world: int = 1

    @property
    def size(self) -> int:
        """Samples of one micro-batch."""
        return self.batch // (self.world * self.parts)

    def shares(self) -> list[Share]:
        """Which parts of the global batch this process sees."""
        return [Share((self.rank * self.parts + part) * self.size, self.batch) for part in range(self.parts)]


class Stream:
    """What training sees at each step; the same for any number of workers, micro-batches and processes.

    `part` are the examples it may show; `augment` changes real samples before anyone sees them.
    """

    def __init__(
        self,
        packed: Packed,
        part: Part,
        cut: Cut,
        seed: int,
        *,
        augment: Pipeline | None = None,
        device: torch.device | str = "cpu",
        workers: int = 1,
    ) -> None:
        self.packed, self.part, self.batch, self.seed = packed, part, cut.batch, seed
        self.augment, self.device = augment, torch.device(device)
        self.shares, self.size = cut.shares(), cut.size
        self._pool = ThreadPoolExecutor(workers, "mintage-loader") if workers else None
        self._ahead: dict[int, Future[list[tuple[Tensor, Tensor | None]]]] = {}
        self._depth = 2 * workers
        self._rows_of = lru_cache(4)(self._block)

    def __call__(self, step: int) -> Sequence[Batch]:
        """This process's micro-batches of one step. Each: x (size, *x.shape) and condition (size,) or None."""
        if self._pool is None:
            parts = self._read(step)
        else:
            for ahead in range(step, step + 1 + self._depth):
                if ahead not in self._ahead:
                    self._ahead[ahead] = self._pool.submit(self._read, ahead)
            parts = self._ahead.pop(step).result()
            for stale in [s for s in self._ahead if s < step]:
                del self._ahead[stale]
        return [self._finish(step, share, *part) for share, part in zip(self.shares, parts, strict=True)]

    def close(self) -> None:
        """Let the reading threads go."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _read(self, step: int) -> list[tuple[Tensor, Tensor | None]]:
        parts = []
        for share in self.shares:
            first = step % _BLOCK * self.batch + share.first
            parts.append(self.packed.gather(self._rows_of(step // _BLOCK)[first : first + self.size]))
        return parts

    def _block(self, block: int) -> NDArray[np.int64]:
        count = _BLOCK * self.batch
        return self.part.at(indices(block * count, count, len(self.part), self.seed))

    def _finish(self, step: int, share: Share, stored: Tensor, condition: Tensor | None) -> Batch:
        x = self.packed.codec.expand(stored.to(self.device, non_blocking=True))
        condition = None if condition is None else condition.to(self.device, non_blocking=True)
        batch = Batch(x, condition, share=share if share.total != len(x) else None)
        if self.augment is None:
            return batch
        rng, draws = generator(self.seed, step, "augment"), self.augment.num_draws
        chance = batch.cut(lambda n: torch.rand(n, draws, generator=rng)).to(self.device)
        return Batch(self.augment(x, chance), condition, share=batch.share)
