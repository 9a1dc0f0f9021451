"""Server-sent events: what is live goes out a line at a time, and who comes back late is told what was missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

__all__ = ["Event", "event_stream", "last_id"]

KEEP_ALIVE = 15.0  # seconds of silence after which a comment says that the line still stands
RETRY = 500  # milliseconds after which a browser connects anew


@dataclass(frozen=True)
class Event:
    """One event: `data` is JSON-ready, `id` is what a browser sends back as Last-Event-ID."""

    name: str
    data: Any
    id: str | int | None = None

    def __bytes__(self) -> bytes:
        """As it goes over the wire.

        >>> bytes(Event("row", {"step": 1}, 7))
        b'event: row\\nid: 7\\ndata: {"step": 1}\\n\\n'
        """
        number = "" if self.id is None else f"id: {self.id}\n"
        return f"event: {self.name}\n{number}data: {json.dumps(self.data, ensure_ascii=False)}\n\n".encode()


def last_id(request: Request) -> str:
    """The last event that this caller saw, by its header or by ?after=; empty for a newcomer."""
    return request.headers.get("last-event-id") or request.query_params.get("after", "")


def event_stream(source: AsyncIterator[Event], request: Request) -> StreamingResponse:
    """Send events as they come; `source` is closed when the caller goes, whoever ends it."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_lines(source), media_type="text/event-stream", headers=headers)


async def _lines(source: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY}\n\n".encode()
    coming: asyncio.Future[Event] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(source))
            done, _ = await asyncio.wait((coming,), timeout=KEEP_ALIVE)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                event = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            yield bytes(event)
    finally:
        if coming is not None:
            coming.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await coming
        if isinstance(source, AsyncGenerator):
            await source.aclose()
