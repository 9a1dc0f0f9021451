"""How a request waits: for a generator of its name, at the price of its key, and only as long as its caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import HTTPException, Request

from mintage.errors import MintageError
from mintage.serving.engine import Engine
from mintage.serving.service import Service

T = TypeVar("T")

__all__ = ["Gone", "attended", "charged", "wait_for"]

LOOK = 0.05  # seconds of waiting after which a caller is first looked after
GONE = 499  # what is noted where nobody hears the answer


class Gone(HTTPException):
    """The caller left before the answer was there."""

    def __init__(self) -> None:
        super().__init__(GONE, "The caller is gone.")


def wait_for(service: Service, name: str | None) -> Engine:
    """The engine of a model's name, or 404, or 503 while generators are being loaded."""
    if not service.engines or (name and name not in service.engines and not service.is_ready):
        raise HTTPException(503, "The generators are being loaded. Ask again soon.", {"Retry-After": "1"})
    try:
        return service.find(name)
    except KeyError as error:
        raise HTTPException(404, str(error.args[0])) from None


@contextmanager
def charged(request: Request, samples: int) -> Iterator[None]:
    """Take samples off the day's share of whoever asks; what was not made is given back."""
    key = request.state.key
    if key is None:
        yield
        return
    request.app.state.keys.take(key, samples)
    try:
        yield
    except MintageError:
        request.app.state.keys.give_back(key, samples)
        raise
    request.app.state.metrics.samples.labels(key.name).inc(samples)


async def attended(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of work, given up as soon as the caller is gone; who is answered at once is never looked after."""
    task, watch, is_gone = asyncio.current_task(), list[asyncio.Task[None]](), False
    assert task is not None

    async def look() -> None:
        nonlocal is_gone
        while not await request.is_disconnected():
            await asyncio.sleep(LOOK)
        is_gone = True
        task.cancel()

    alarm = asyncio.get_running_loop().call_later(LOOK, lambda: watch.append(asyncio.ensure_future(look())))
    try:
        return await work
    except asyncio.CancelledError:
        if is_gone:
            raise Gone from None
        raise
    finally:
        alarm.cancel()
        for each in watch:
            each.cancel()
