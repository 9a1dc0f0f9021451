"""The queue: bounded, in turn, given up in time, finished before the end, and done again where a worker died."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("fastapi")

from starlette.requests import Request

from mintage.errors import RunError
from mintage.serving.engine import Engine, Limits, Overloaded, TooLate
from mintage.serving.hands import InThread, Lost
from mintage.serving.sizes import Sizes
from mintage.serving.waiting import Gone, attended

SIZES = {4: 0.005, 16: 0.01, 64: 0.04}


def later(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def opened(**limits: Any) -> Engine:
    return Engine("generator", InThread("generator"), Sizes(SIZES), Limits(**limits))


def playing(play: Callable[[], Any]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(play(), 30)

    asyncio.run(bounded())


async def held(engine: Engine) -> tuple[asyncio.Task[None], threading.Event]:
    """Keep the hand busy until the event is set."""
    begun, free = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        free.wait(20)

    task = asyncio.ensure_future(engine.call(work, later()))
    while not begun.is_set():
        await asyncio.sleep(0.005)
    return task, free


def test_what_waits_goes_together_and_each_gets_its_own() -> None:
    async def play() -> None:
        engine, sizes = opened(batches=50), list[int]()
        engine.observe = lambda rows, seconds: sizes.append(rows)
        task, free = await held(engine)
        orders = [asyncio.ensure_future(engine.draw(lambda seed=seed: seed, 1, later())) for seed in range(6)]
        await asyncio.sleep(0.05)
        assert engine.waiting == 6
        free.set()
        assert await asyncio.gather(*orders) == [0, 1, 2, 3, 4, 5]
        await task
        await engine.close()
        assert sizes == [0, 6]

    playing(play)


def test_a_full_queue_says_when_to_come_again() -> None:
    async def play() -> None:
        engine = opened(waiting=2, batches=1e9)
        task, free = await held(engine)
        waiting = [asyncio.ensure_future(engine.call(lambda: 1, later())) for _ in range(2)]
        await asyncio.sleep(0.02)
        with pytest.raises(Overloaded, match="Try again in") as full:
            await engine.call(lambda: 1, later())
        assert full.value.retry_after >= 0
        free.set()
        assert await asyncio.gather(*waiting) == [1, 1]
        await task
        await engine.close()

    playing(play)


def test_what_is_too_late_or_no_longer_wanted_is_never_begun() -> None:
    async def play() -> None:
        engine = opened(batches=1e9)
        task, free = await held(engine)
        done: list[str] = []
        late = asyncio.ensure_future(engine.call(lambda: done.append("late"), later(0.05)))
        gone = asyncio.ensure_future(engine.call(lambda: done.append("gone"), later()))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.sleep(0.02)
        free.set()
        with pytest.raises(TooLate):
            await late
        await task
        await engine.close()
        assert done == []

    playing(play)


def test_a_text_is_written_in_turn_and_stops_when_nobody_listens() -> None:
    async def play() -> None:
        engine, said = opened(), list[int]()

        def words() -> Iterator[str]:
            for number in range(10_000):
                said.append(number)
                time.sleep(0.001)
                yield str(number)

        pieces = engine.stream(words, later())
        assert [await anext(pieces) for _ in range(3)] == ["0", "1", "2"]
        assert await engine.call(lambda: "between", later()) == "between"
        await pieces.aclose()
        await asyncio.sleep(0.05)
        count = len(said)
        await asyncio.sleep(0.05)
        assert len(said) == count < 10_000
        await engine.close()

    playing(play)


def test_closing_finishes_what_was_accepted() -> None:
    async def play() -> None:
        engine = opened(batches=1e9)
        task, free = await held(engine)
        waits = asyncio.ensure_future(engine.call(lambda: "done", later()))
        await asyncio.sleep(0.02)
        closing = asyncio.ensure_future(engine.close())
        await asyncio.sleep(0.02)
        with pytest.raises(Overloaded):
            await engine.call(lambda: 1, later())
        free.set()
        await closing
        assert await waits == "done"
        await task

    playing(play)


def test_an_error_reaches_only_whoever_asked() -> None:
    async def play() -> None:
        engine = opened(batches=50)
        task, free = await held(engine)
        orders = [asyncio.ensure_future(engine.draw(lambda by=by: 1 / by, 1, later())) for by in (0, 2)]
        await asyncio.sleep(0.02)
        free.set()
        bad, good = await asyncio.gather(*orders, return_exceptions=True)
        assert isinstance(bad, ZeroDivisionError)
        assert good == 0.5
        await task
        await engine.close()

    playing(play)


def test_whoever_hangs_up_is_not_worked_for() -> None:
    async def play() -> None:
        engine = opened(batches=1e9)
        task, free = await held(engine)
        done: list[str] = []

        async def receive() -> dict[str, str]:
            return {"type": "http.disconnect"}

        with pytest.raises(Gone):
            await attended(Request({"type": "http"}, receive), engine.call(lambda: done.append("in vain"), later()))
        free.set()
        await task
        await engine.close()
        assert done == []

    playing(play)


def test_a_few_wait_for_company_only_while_it_comes() -> None:
    async def play() -> None:
        engine, sizes = opened(batches=50), list[int]()
        engine.observe = lambda rows, seconds: sizes.append(rows)
        engine._between = 0.0  # as if many had just come
        assert await asyncio.gather(*(engine.draw(lambda: 1, 1, later()) for _ in range(3))) == [1, 1, 1]
        assert sizes == [3]
        for _ in range(80):  # rare ones
            await asyncio.sleep(0.01)
            await engine.draw(lambda: 1, 1, later())
        assert engine._between > 0.005
        await engine.close()

    playing(play)


class Mortal(InThread):
    """A hand that dies at its first orders, so often."""

    def __init__(self, deaths: int, how: Exception | None = None) -> None:
        super().__init__("mortal")
        self.deaths, self.how = deaths, how or Lost("It died.")

    async def do(self, orders: Sequence[Any]) -> tuple[Sequence[Any], float]:
        if self.deaths > 0:
            self.deaths -= 1
            raise self.how
        return await super().do(orders)


def test_what_a_worker_died_of_is_done_again_once() -> None:
    async def play() -> None:
        engine = Engine("generator", Mortal(1), Sizes(SIZES))
        assert await asyncio.gather(*(engine.draw(lambda: 1, 1, later()) for _ in range(3))) == [1, 1, 1]
        engine.hand = Mortal(2)
        with pytest.raises(Lost):
            await engine.call(lambda: 1, later())
        assert await engine.call(lambda: 2, later()) == 2
        engine.hand = Mortal(1, RunError("Its run is gone."))
        with pytest.raises(RunError, match="gone"):
            await engine.draw(lambda: 1, 1, later())
        await engine.close()

    playing(play)
