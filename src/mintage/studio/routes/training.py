"""Training: the models that fit some data, their settings as a form, and what a budget would buy."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import Field

from mintage.config import Settings
from mintage.jobs.errands import Errands
from mintage.jobs.job import check_settings
from mintage.studio.place import Place
from mintage.studio.routes.bodies import read_body
from mintage.studio.shelf import Shelf
from mintage.studio.training import check_model, models, named, schema

__all__ = ["router"]

PATIENCE = 600.0  # seconds that an estimate may take: the data may have to be read first


class Wanted(Settings):
    """What an estimate is asked for."""

    data: str = Field(max_length=200)
    """Name of the data."""
    budget: str = Field("10m", max_length=20)
    """Time to train."""
    model: str = Field("", max_length=200)
    """Model; unset: chosen for the data."""
    overrides: dict[str, Any] = {}
    """Settings of the recipe."""


def router(place: Place) -> APIRouter:
    """Everything under /models, /schema and /estimate."""
    routes = APIRouter(tags=["training"])
    shelf, errands = Shelf(place.data, place.home / "trash" / "data"), Errands()

    @routes.get("/models")
    def listed(data: str = "") -> list[dict[str, Any]]:
        return models(_look(shelf, data).get("fits") if data else None)

    @routes.get("/schema")
    def form(model: str = "", data: str = "") -> dict[str, Any]:
        return {**schema(model or usual_model(_look(shelf, data).get("kind"))), "model": model}

    @routes.post("/estimate")
    async def estimated(request: Request) -> dict[str, Any]:
        wanted = Wanted.read(await read_body(request))
        seconds = await asyncio.to_thread(_checked, wanted)
        try:
            stored = shelf.get(wanted.data)
        except KeyError as error:
            raise HTTPException(404, f"There is no data called {wanted.data!r}.") from error
        asked = {**wanted.model_dump(mode="json"), "source": stored.source, "name": named(stored.name)}
        answer = asyncio.create_task(errands.run("estimate", asked, PATIENCE))
        try:
            while not answer.done():
                await asyncio.wait((answer,), timeout=0.5)
                if not answer.done() and await request.is_disconnected():  # who turns a dial asks again and again
                    raise HTTPException(499, "Nobody waits for this any more.")
            return {"seconds": seconds, **answer.result()}
        finally:
            answer.cancel()

    return routes


def usual_model(kind: str | None) -> str:
    """The model that is chosen for a kind of data when none is named."""
    kinds = {"text": "gpt", "records": "tabular_ar", "series": "series_ar", "pairs": "pix2pix", "unpaired": "cyclegan"}
    return kinds.get(kind or "", "dcgan")


def _look(shelf: Shelf, data: str) -> dict[str, Any]:
    if not data:
        return {}
    try:
        return shelf.get(data).look()
    except KeyError as error:
        raise HTTPException(404, f"There is no data called {data!r}.") from error


def _checked(wanted: Wanted) -> float:
    from mintage.training.budget import parse_duration

    check_settings(wanted.overrides)
    check_model(wanted.model, wanted.overrides)
    return parse_duration(wanted.budget)
