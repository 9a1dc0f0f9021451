"""The queue before one generator: orders wait in a bounded line, and those that fit are done together.

What comes out depends on the model, the seed and the settings alone, never on what is computed beside it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mintage.errors import MintageError
from mintage.serving.hands import Hand, Lost
from mintage.serving.sizes import Sizes
from mintage.serving.throttle import Throttle

__all__ = ["Engine", "Limits", "Overloaded", "TooLate"]

PATIENCE = 2.0  # times the shortest draw that rows wait for others
LEAD = 0.003  # seconds before samples are done, as far as is known, at which the next are ordered
SMOOTH = 0.1
TRIES = 2  # of an order whose worker was lost: a seed names the same samples the second time


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
    """Something to be done, and the promise of its result; `rows` says of how many samples, 0: it goes alone."""

    what: Any
    rows: int
    deadline: float  # by time.monotonic
    tries: int = 0
    promise: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(eq=False)
class _Stream:
    """A text that is being written, piece by piece, in turn with everything else; None is heard at its end."""

    mark: Any
    heard: asyncio.Queue[Sequence[Any] | BaseException | None] = field(default_factory=asyncio.Queue)
    is_gone: bool = False


class Engine:
    """A generator behind a queue, made in a running event loop; `hand` does the work, one piece after another.

    The next batch is sent a moment before the one at work is done, so that the hand does not wait for the loop, and
    what comes meanwhile still goes together.
    """

    def __init__(
        self, name: str, hand: Hand, sizes: Sizes, limits: Limits | None = None, about: Mapping[str, Any] | None = None
    ) -> None:
        self.name, self.hand, self.sizes, self.limits = name, hand, sizes, limits or Limits()
        self.about = about or {}  # what is known of the generator
        self.throttle = Throttle()
        self.observe: Callable[[int, float], None] = lambda rows, seconds: None  # after each batch
        self._orders: deque[_Order] = deque()
        self._rows = 0  # of all that waits
        self._wake_at = 1  # rows that are worth waking the owner for
        self._arrived, self._between = 0.0, 1.0  # when samples were asked for last, and seconds between, smoothed
        self._streams: deque[_Stream] = deque()
        self._news = asyncio.Event()
        self._ending = False
        self._seconds_of_call = 0.05  # how long work that is no batch takes, smoothed
        self._busy_until = 0.0  # when what is at work will be done, as far as is known
        self._owner = asyncio.ensure_future(self._own())

    @property
    def waiting(self) -> int:
        """Orders that are not begun."""
        return len(self._orders)

    async def draw(self, what: Any, rows: int, deadline: float) -> Any:
        """So many samples, together with those of others, as the hand answers them.

        Raises:
            Overloaded: there is no room.
            TooLate: the deadline passed first.
            Lost: whoever did the work died of it, twice.
        """
        return await self._promised(_Order(what, rows, deadline))

    async def call(self, what: Any, deadline: float) -> Any:
        """Any other work, alone.

        Raises:
            Overloaded, TooLate, Lost: as of `draw`.
        """
        return await self._promised(_Order(what, 0, deadline))

    async def stream(self, what: Any, deadline: float) -> AsyncGenerator[Any]:
        """Pieces of what is being written as they come; whoever stops listening stops the writing.

        Raises:
            Overloaded, TooLate, Lost: as of `draw`.
        """
        if len(self._streams) >= self.limits.streams:
            raise Overloaded(self.name, 1.0)
        mine = _Stream(await self.call(what, deadline))
        self._streams.append(mine)
        self._news.set()
        try:
            while (pieces := await mine.heard.get()) is not None:
                if isinstance(pieces, BaseException):
                    raise pieces
                for piece in pieces:
                    yield piece
        finally:
            mine.is_gone = True

    async def close(self) -> None:
        """Finish what was accepted, then let the hand go."""
        self._ending = True
        self._news.set()
        await self._owner
        await self.hand.close()

    async def _promised(self, order: _Order) -> Any:
        if self._ending or len(self._orders) >= self.limits.waiting or self._too_much(order):
            raise Overloaded(self.name, self.seconds_ahead())
        self._orders.append(order)
        self._rows += order.rows
        if order.rows:
            now = time.monotonic()
            self._between += SMOOTH * (min(now - self._arrived, 1.0) - self._between)
            self._arrived = now
        if self._rows >= self._wake_at or not order.rows:
            self._news.set()
        return await order.promise  # cancelled, where whoever asked is gone: if it is not begun, it never will be

    def _too_much(self, order: _Order) -> bool:
        """Whether more would wait than so many batches; whoever comes to an empty queue is always let in."""
        if not self._orders:
            return False
        ahead = self._seconds(self._orders) + self._seconds([order])
        return ahead > self.limits.batches * max(self.sizes.seconds_of_batch, self._seconds_of_call)

    def seconds_ahead(self) -> float:
        """How long until what waits now is done."""
        return max(0.0, self._busy_until - time.monotonic()) + self._seconds(self._orders)

    def _seconds(self, orders: Collection[_Order]) -> float:
        rows = sum(order.rows for order in orders)
        return self.sizes.seconds(rows) + self._seconds_of_call * sum(not order.rows for order in orders)

    async def _own(self) -> None:
        """One piece of work after another, until the end."""
        before: Awaitable[None] = asyncio.sleep(0)
        while True:
            while not (self._orders or self._streams or self._ending):
                self._news.clear()
                await self._news.wait()
            if self._ending and not self._orders and not self._streams:
                break
            await self._gather()
            if batch := self._next():
                doing = asyncio.ensure_future(self._do(batch))
                await before
                seconds = self._seconds(batch) - LEAD if batch[0].rows and not self._streams else None
                if seconds is None or seconds > 0:
                    await asyncio.wait([doing], timeout=seconds)
                before = doing
            if self._streams:
                await self._advance()
        await before

    async def _gather(self) -> None:
        """Wait for company where it comes sooner than a draw takes: so few rows take as long as a whole size."""
        window = self.sizes.seconds(1)
        if self._ending or self._streams or not self._orders or not self._orders[0].rows or self._between > window:
            return
        if self._rows < self.sizes.least and all(order.rows for order in self._orders):
            self._wake_at = self.sizes.least
            self._news.clear()
            alarm = asyncio.get_running_loop().call_later(PATIENCE * window, self._news.set)
            await self._news.wait()
            alarm.cancel()
            self._wake_at = 1

    def _next(self) -> list[_Order]:
        """What is done together next: the oldest order, and samples behind it that fit in one batch."""
        batch, rows = list[_Order](), 0
        while self._orders:
            order = self._orders[0]
            fits = not batch or (order.rows and rows + order.rows <= self.sizes.largest)
            if not fits or (batch and not batch[0].rows):
                break
            self._orders.popleft()
            self._rows -= order.rows
            if order.promise.done():
                continue
            if time.monotonic() > order.deadline:
                order.promise.set_exception(TooLate(f"{self.name} could not begin before the deadline."))
                continue
            batch.append(order)
            rows += order.rows
        self._busy_until = time.monotonic() + self._seconds(batch)
        return batch

    async def _do(self, batch: list[_Order]) -> None:
        try:
            results, seconds = await self.hand.do([order.what for order in batch])
        except Lost as error:
            self._again(batch, error)
            return
        except Exception as error:  # it cannot be started again
            results, seconds = [error] * len(batch), 0.0
        for order, result in zip(batch, results, strict=True):
            if order.promise.done():
                continue
            if isinstance(result, Exception):
                order.promise.set_exception(result)
            else:
                order.promise.set_result(result)
        rows = sum(order.rows for order in batch)
        if rows:
            self.sizes.took(rows, seconds)
        else:
            self._seconds_of_call = 0.8 * self._seconds_of_call + 0.2 * seconds
        self.observe(rows, seconds)

    def _again(self, batch: list[_Order], error: Lost) -> None:
        """Put lost orders back to the head of the line, those that were lost before excepted."""
        for order in reversed(batch):
            order.tries += 1
            if order.tries < TRIES and not self._ending:
                self._orders.appendleft(order)
                self._rows += order.rows
            elif not order.promise.done():
                order.promise.set_exception(error)
        self._news.set()

    async def _advance(self) -> None:
        """A few pieces of the text whose turn it is."""
        current = self._streams.popleft()
        if current.is_gone:
            with suppress(Lost):
                await self.hand.drop(current.mark)
            return
        try:
            pieces, has_ended = await self.hand.next(current.mark)
        except Exception as error:
            current.heard.put_nowait(error)
            return
        if pieces:
            current.heard.put_nowait(pieces)
        if has_ended:
            current.heard.put_nowait(None)
        else:
            self._streams.append(current)
