"""Batches as a pure function of the step: read from the packed cache ahead of time, augmented, cut into shares."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from mintage.augmentation import Pipeline
from mintage.contracts import Batch, Share
from mintage.data.text_view import TextView
from mintage.data.view import Rows, View
from mintage.data.windows import WindowView
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

    `view` are the examples it may show; `augment` changes real samples before anyone sees them: a picture and its
    aligned input alike, unaligned ones each in its own way.
    """

    def __init__(
        self,
        view: View | TextView | WindowView,
        cut: Cut,
        seed: int,
        *,
        augment: Pipeline | None = None,
        device: torch.device | str = "cpu",
        workers: int = 1,
    ) -> None:
        self.view, self.batch, self.seed = view, cut.batch, seed
        self.augment, self.device = augment, torch.device(device)
        self.shares, self.size = cut.shares(), cut.size
        self._pool = ThreadPoolExecutor(workers, "mintage-loader") if workers else None
        self._ahead: dict[int, Future[list[tuple[Tensor, Tensor | None]]]] = {}
        self._depth = 2 * workers
        self._rows_of = lru_cache(4)(self._block)

    def __call__(self, step: int) -> Sequence[Batch]:
        """This process's micro-batches of one step. Each: x (size, *x.shape), and the condition of each or None."""
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
        rows = self._rows_of(step // _BLOCK).cut(step % _BLOCK * self.batch, self.batch)
        corners = None
        if self.view.window is not None:
            corners = torch.rand(self.batch, 2, generator=generator(self.seed, step, "window"))
        parts = []
        for share in self.shares:
            mine = None if corners is None else corners[share.first : share.first + self.size]
            parts.append(self.view.gather(rows.cut(share.first, self.size), mine))
        return parts

    def _block(self, block: int) -> Rows:
        count = _BLOCK * self.batch
        return self.view.order(block * count, count, self.seed)

    def _finish(self, step: int, share: Share, stored: Tensor, beside: Tensor | None) -> Batch:
        moved = None if beside is None else beside.to(self.device, non_blocking=True)
        x, condition = self.view.expand(stored.to(self.device, non_blocking=True), moved)
        batch = Batch(x, condition, share=share if share.total != len(x) else None)
        if self.augment is not None:
            batch = self._augmented(batch, step)
        if self.view.degrade is not None:
            chance = self._chance(batch, step, "spoil", self.view.degrade.num_draws)
            batch = replace(batch, condition=self.view.degrade(batch.x, chance))
        return batch

    def _augmented(self, batch: Batch, step: int) -> Batch:
        assert self.augment is not None
        draws, condition = self.augment.num_draws, batch.condition
        chance = self._chance(batch, step, "augment", draws)
        if self.view.origin is not None:
            assert condition is not None
            same = self.view.is_aligned
            condition = self.augment(condition, chance if same else self._chance(batch, step, "augment origin", draws))
        return replace(batch, x=self.augment(batch.x, chance), condition=condition)

    def _chance(self, batch: Batch, step: int, what: str, draws: int) -> Tensor:
        rng = generator(self.seed, step, what)
        return batch.cut(lambda n: torch.rand(n, draws, generator=rng)).to(self.device)
