"""One generator and the one thread that owns it: orders wait in a bounded queue, and those that fit go together.

What comes out depends on the model, the seed and the settings alone, never on what is computed beside it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from mintage.api import Run
from mintage.errors import MintageError
from mintage.sampling import draw
from mintage.serving.sizes import Sizes
from mintage.serving.throttle import Throttle
from mintage.trained import CPU, Trained

T = TypeVar("T")

__all__ = ["Engine", "Limits", "Overloaded", "TooLate"]

PATIENCE = 2.0  # times the shortest draw that rows wait for others
SMOOTH = 0.1


class Overloaded(MintageError):
    """More is waiting than can be done in time; `retry_after` says in how many seconds there will be room."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"{name} has all the work that it can do in time. Try again in {retry_after:.1f} s.")
        self.retry_after = retry_after


class TooLate(MintageError):
    """The deadline passed before the work was begun."""


@dataclass(frozen=True)
class Limits:
    """How much may wait."""

    batches: float = 1.0  # of work that may wait beside the one at work
    waiting: int = 256  # orders, whatever their size
    streams: int = 8  # texts that are being written at once


@dataclass(eq=False)
class _Order:
    """Something to be done on the owner's thread, and the promise of its result."""

    deadline: float  # by time.monotonic
    noise: Tensor | None = None  # (n, *noise) of samples
    told: Tensor | None = None
    work: Callable[[Trained], Any] | None = None
    promise: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def rows(self) -> int:
        return 0 if self.noise is None else len(self.noise)


@dataclass(eq=False)
class _Stream:
    """A text that is being written, piece by piece, in turn with everything else."""

    pieces: Iterator[str]
    say: Callable[[str | BaseException | None], None]  # None: it has ended
    gone: threading.Event = field(default_factory=threading.Event)


class Engine:
    """A trained generator behind a queue. Open it with `await Engine.open(path)`, end it with `await close()`."""

    def __init__(self, run: Run, trained: Trained, limits: Limits) -> None:
        self.run, self.trained, self.limits = run, trained, limits
        self.name, self.makes = run.path.name, trained.makes
        self.numbers = trained.numbers
        self.sizes = Sizes.measure(trained, self.numbers)
        self.throttle = Throttle()
        self.observe: Callable[[int, float], None] = lambda rows, seconds: None  # after each batch
        self._orders: deque[_Order] = deque()
        self._rows = 0  # of all that waits
        self._wake_at = 1  # rows that are worth waking the owner for
        self._arrived, self._between = 0.0, 1.0  # when samples were asked for last, and seconds between, smoothed
        self._streams: deque[_Stream] = deque()
        self._news = threading.Condition()
        self._ending = False
        self._seconds_of_call = 0.05  # how long work that is no batch takes, smoothed
        self._busy_until = 0.0  # when what is at work will be done, as far as is known
        self._thread = threading.Thread(target=self._own, name=self.name, daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, path: Path, limits: Limits | None = None) -> Engine:
        """Load a run's best checkpoint and measure in which sizes it is drawn.

        Raises:
            RunError: there is no run, or no undamaged checkpoint.
        """

        def load() -> Engine:
            run = Run(path)
            return cls(run, Trained.open(run.directory), limits or Limits())

        return await asyncio.to_thread(load)

    @property
    def waiting(self) -> int:
        """Orders that are not begun."""
        return len(self._orders)

    async def draw(self, noise: Tensor, told: Tensor | None, deadline: float) -> Tensor:
        """The samples of noise rows, together with those of others. Shape: as of `sampling.draw`.

        Raises:
            Overloaded: there is no room.
            TooLate: the deadline passed first.
        """
        return await self._promised(_Order(deadline, noise, told))  # type: ignore[no-any-return]

    async def call(self, work: Callable[[Trained], T], deadline: float) -> T:
        """Any other work on the owner's thread.

        Raises:
            Overloaded, TooLate: as of `draw`.
        """
        return await self._promised(_Order(deadline, work=work))  # type: ignore[no-any-return]

    async def stream(self, work: Callable[[Trained], Iterator[str]], deadline: float) -> AsyncIterator[str]:
        """Pieces of a text as they come; whoever stops listening stops the writing.

        Raises:
            Overloaded, TooLate: as of `draw`.
        """
        if len(self._streams) >= self.limits.streams:
            raise Overloaded(self.name, 1.0)
        loop, heard = asyncio.get_running_loop(), asyncio.Queue[str | BaseException | None]()
        pieces = await self.call(work, deadline)

        def say(piece: str | BaseException | None) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(heard.put_nowait, piece)

        mine = _Stream(pieces, say)
        with self._news:
            self._streams.append(mine)
            self._news.notify()
        try:
            while (piece := await heard.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            mine.gone.set()

    async def close(self) -> None:
        """Finish what was accepted, then end the thread."""
        with self._news:
            self._ending = True
            self._news.notify()
        await asyncio.to_thread(self._thread.join)

    async def _promised(self, order: _Order) -> Any:
        with self._news:
            if self._ending or len(self._orders) >= self.limits.waiting or self._too_much(order):
                raise Overloaded(self.name, self.seconds_ahead())
            self._orders.append(order)
            self._rows += order.rows
            if order.rows:
                now = time.monotonic()
                self._between += SMOOTH * (min(now - self._arrived, 1.0) - self._between)
                self._arrived = now
            if self._rows >= self._wake_at or not order.rows:
                self._news.notify()
        return await order.promise  # cancelled, where whoever asked is gone: if it is not begun, it never will be

    def _too_much(self, order: _Order) -> bool:
        """Whether more would wait than so many batches; whoever comes to an empty queue is always let in."""
        if not self._orders:
            return False
        ahead = self._seconds(self._orders) + (self._seconds([order]))
        return ahead > self.limits.batches * max(self.sizes.seconds_of_batch, self._seconds_of_call)

    def seconds_ahead(self) -> float:
        """How long until what waits now is done."""
        return max(0.0, self._busy_until - time.monotonic()) + self._seconds(tuple(self._orders))

    def _seconds(self, orders: Collection[_Order]) -> float:
        rows = sum(order.rows for order in orders)
        return self.sizes.seconds(rows) + self._seconds_of_call * sum(not order.rows for order in orders)

    def _own(self) -> None:
        """The owner's life."""
        if self.sizes.threads:
            torch.set_num_threads(self.sizes.threads)
        while True:
            with self._news:
                while not (self._orders or self._streams or self._ending):
                    self._news.wait()
                if self._ending and not self._orders and not self._streams:
                    return
                self._gather()
                batch, late = self._next()
            self._settle(late, [TooLate(f"{self.name} could not begin before the deadline.")] * len(late))
            if batch:
                self._do(batch)
            if self._streams:
                self._advance()

    def _gather(self) -> None:
        """Wait for company where it comes sooner than a draw takes: so few rows take as long as a whole size."""
        window = self.sizes.seconds(1)
        if self._ending or self._streams or not self._orders or not self._orders[0].rows or self._between > window:
            return
        ends, self._wake_at = time.monotonic() + PATIENCE * window, self.sizes.least
        while self._rows < self._wake_at and all(order.rows for order in self._orders):
            if (left := ends - time.monotonic()) <= 0 or not self._news.wait(left):
                break
        self._wake_at = 1

    def _next(self) -> tuple[list[_Order], list[_Order]]:
        """What is done together next, the oldest order and samples behind it that fit in one batch; and what is too
        late."""
        batch, late, rows = list[_Order](), list[_Order](), 0
        while self._orders:
            order = self._orders[0]
            fits = not batch or (order.noise is not None and rows + order.rows <= self.sizes.largest)
            if not fits or (batch and batch[0].noise is None):
                break
            self._orders.popleft()
            self._rows -= order.rows
            if order.promise.cancelled():
                continue
            if time.monotonic() > order.deadline:
                late.append(order)
                continue
            batch.append(order)
            rows += order.rows
        self._busy_until = time.monotonic() + self._seconds(batch)
        return batch, late

    def _do(self, batch: list[_Order]) -> None:
        started = time.perf_counter()
        try:
            if batch[0].noise is None:
                assert batch[0].work is not None
                results = [batch[0].work(self.trained)]
            else:
                results = list(torch.split(self._drawn(batch), [order.rows for order in batch]))
        except Exception as error:
            self._settle(batch, [error] * len(batch))
            return
        self._settle(batch, results)
        rows, seconds = sum(order.rows for order in batch), time.perf_counter() - started
        if rows:
            self.sizes.took(rows, seconds)
        else:
            self._seconds_of_call = 0.8 * self._seconds_of_call + 0.2 * seconds
        self.observe(rows, seconds)

    def _settle(self, orders: list[_Order], results: Sequence[Any]) -> None:
        """Keep promises: one call into the loop, however many they are."""

        def settle() -> None:
            for order, result in zip(orders, results, strict=True):
                if order.promise.done():
                    continue
                if isinstance(result, Exception):
                    order.promise.set_exception(result)
                else:
                    order.promise.set_result(result)

        if orders:
            with suppress(RuntimeError):  # the loop has ended
                orders[0].promise.get_loop().call_soon_threadsafe(settle)

    def _drawn(self, batch: list[_Order]) -> Tensor:
        noise = torch.cat([order.noise for order in batch if order.noise is not None])
        told = None
        if batch[0].told is not None:
            told = torch.cat([order.told for order in batch if order.told is not None])
        parts, first = [], 0
        for size in self.sizes.cut(len(noise)):
            some, theirs = noise[first : first + size], None if told is None else told[first : first + size]
            parts.append(draw(self.trained.sampler, some, theirs, numbers=self.numbers, device=CPU, size=size))
            first += size
        return torch.cat(parts)

    def _advance(self) -> None:
        """One piece of the text whose turn it is."""
        with self._news:
            current = self._streams.popleft()
        piece: str | BaseException | None
        try:
            piece = None if current.gone.is_set() else next(current.pieces, None)
        except Exception as error:
            piece = error
        current.say(piece)
        if isinstance(piece, str):
            with self._news:
                self._streams.append(current)
        elif hasattr(current.pieces, "close"):
            current.pieces.close()
