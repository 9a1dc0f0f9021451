"""The queue: bounded, in turn, given up in time, and finished before the end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
import torch
from starlette.requests import Request

import mintage
from mintage.sampling import noise_of
from mintage.serving.engine import Engine, Limits, Overloaded, TooLate
from mintage.serving.waiting import Gone, attended
from mintage.trained import Trained


def later(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


async def held(engine: Engine) -> tuple[asyncio.Task[None], threading.Event]:
    """Keep the owner busy until the event is set."""
    begun, free = threading.Event(), threading.Event()

    def work(trained: Trained) -> None:
        begun.set()
        free.wait(20)

    task = asyncio.ensure_future(engine.call(work, later()))
    while not begun.is_set():
        await asyncio.sleep(0.005)
    return task, free


def test_what_waits_goes_together_and_each_gets_its_own(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine = await Engine.open(pictures.path, Limits(batches=50))
        sizes: list[int] = []
        engine.observe = lambda rows, seconds: sizes.append(rows)
        task, free = await held(engine)
        noises = [noise_of(engine.trained.sampler, 0, 1, seed) for seed in range(6)]
        told = torch.zeros(1, dtype=torch.long)
        orders = [asyncio.ensure_future(engine.draw(noise, told, later())) for noise in noises]
        await asyncio.sleep(0.05)
        assert engine.waiting == 6
        free.set()
        drawn = await asyncio.gather(*orders)
        await task
        await engine.close()
        for noise, sample in zip(noises, drawn, strict=True):
            assert torch.equal(sample, engine.trained.draw(noise, told))
        assert max(sizes) > 1
        assert sum(sizes) == 6

    asyncio.run(play())


def test_a_full_queue_says_when_to_come_again(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine = await Engine.open(pictures.path, Limits(waiting=2, batches=1e9))
        task, free = await held(engine)
        waiting = [asyncio.ensure_future(engine.call(lambda trained: 1, later())) for _ in range(2)]
        await asyncio.sleep(0.02)
        with pytest.raises(Overloaded, match="Try again in") as full:
            await engine.call(lambda trained: 1, later())
        assert full.value.retry_after >= 0
        free.set()
        assert await asyncio.gather(*waiting) == [1, 1]
        await task
        await engine.close()

    asyncio.run(play())


def test_what_is_too_late_or_no_longer_wanted_is_never_begun(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine = await Engine.open(pictures.path, Limits(batches=1e9))
        task, free = await held(engine)
        done: list[str] = []
        late = asyncio.ensure_future(engine.call(lambda trained: done.append("late"), later(0.05)))
        gone = asyncio.ensure_future(engine.call(lambda trained: done.append("gone"), later()))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.sleep(0.02)
        free.set()
        with pytest.raises(TooLate):
            await late
        await task
        await engine.close()
        assert done == []

    asyncio.run(play())


def test_a_text_is_written_in_turn_and_stops_when_nobody_listens(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine, said = await Engine.open(pictures.path), []

        def words(trained: Trained) -> Iterator[str]:
            for number in range(10_000):
                said.append(number)
                yield str(number)

        pieces = engine.stream(words, later())
        assert [await anext(pieces) for _ in range(3)] == ["0", "1", "2"]
        assert await engine.call(lambda trained: "between", later()) == "between"
        await pieces.aclose()  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)
        count = len(said)
        await asyncio.sleep(0.05)
        assert len(said) == count < 10_000
        await engine.close()

    asyncio.run(play())


def test_closing_finishes_what_was_accepted(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine = await Engine.open(pictures.path, Limits(batches=1e9))
        task, free = await held(engine)
        waits = asyncio.ensure_future(engine.call(lambda trained: "done", later()))
        await asyncio.sleep(0.02)
        closing = asyncio.ensure_future(engine.close())
        await asyncio.sleep(0.02)
        with pytest.raises(Overloaded):
            await engine.call(lambda trained: 1, later())
        free.set()
        await closing
        assert await waits == "done"
        await task

    asyncio.run(play())


def test_an_error_reaches_only_whoever_asked(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine = await Engine.open(pictures.path)
        with pytest.raises(ZeroDivisionError):
            await engine.call(lambda trained: 1 / 0, later())
        assert await engine.call(lambda trained: 2, later()) == 2
        await engine.close()

    asyncio.run(play())


def test_whoever_hangs_up_is_not_worked_for(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine = await Engine.open(pictures.path, Limits(batches=1e9))
        task, free = await held(engine)
        done: list[str] = []

        async def receive() -> dict[str, str]:
            return {"type": "http.disconnect"}

        with pytest.raises(Gone):
            await attended(
                Request({"type": "http"}, receive), engine.call(lambda trained: done.append("in vain"), later())
            )
        free.set()
        await task
        await engine.close()
        assert done == []

    asyncio.run(play())


def test_a_few_wait_for_company_only_while_it_comes(pictures: mintage.Run) -> None:
    async def play() -> None:
        engine = await Engine.open(pictures.path, Limits(batches=50))
        noise, told = noise_of(engine.trained.sampler, 0, 1, 1), torch.zeros(1, dtype=torch.long)
        engine._between = 0.0  # as if many had just come
        drawn = await asyncio.gather(*(engine.draw(noise, told, later()) for _ in range(3)))
        assert all(torch.equal(one, drawn[0]) for one in drawn)
        for _ in range(80):  # rare ones
            await asyncio.sleep(0.01)
            await engine.draw(noise, told, later())
        assert engine._between > 0.005
        await engine.close()

    asyncio.run(play())
