"""The laboratory over HTTP: a session opens, is told what to do, and shows frames as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from mintage.errors import ConfigError
from mintage.laboratory.distributions import distribution
from mintage.laboratory.session import Laboratory, Session
from mintage.laboratory.settings import LaboratorySettings
from mintage.studio.place import Place
from mintage.studio.routes.bodies import read_body
from mintage.web.events import Event, event_stream, last_id

__all__ = ["router"]


def router(place: Place) -> APIRouter:
    """Everything under /api/laboratory."""
    routes = APIRouter(tags=["laboratory"])
    laboratory = Laboratory()

    @routes.post("/laboratory", status_code=201)
    async def begin(request: Request) -> dict[str, Any]:
        body = await read_body(request)
        points, settings = body.get("points"), body.get("settings") or {}
        if not isinstance(points, list | None) or not isinstance(settings, dict):
            raise ConfigError("`points` are a list of pairs, `settings` a mapping.")
        reals = distribution(str(body.get("distribution", "ring")), points)
        chosen = LaboratorySettings.read(settings, "settings")
        session = await asyncio.to_thread(laboratory.open, reals, chosen)
        return session.told()

    @routes.get("/laboratory/{id}")
    async def one(id: str) -> dict[str, Any]:
        return laboratory[id].told()

    @routes.post("/laboratory/{id}/do")
    async def do(id: str, request: Request) -> dict[str, Any]:
        return await asyncio.to_thread(laboratory[id].do, await read_body(request))

    @routes.get("/laboratory/{id}/events")
    async def events(id: str, request: Request) -> StreamingResponse:
        seen = last_id(request)
        return event_stream(_frames(laboratory[id], int(seen) if seen.isdigit() else None), request)

    return routes


async def _frames(session: Session, last: int | None) -> AsyncIterator[Event]:
    frames = session.frames(last)
    try:
        async for number, frame in frames:
            yield Event("frame", frame, number)
    finally:
        await frames.aclose()  # type: ignore[attr-defined]
