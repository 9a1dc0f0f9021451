"""What a program may ask for by Mintage's own words: any kind of sample, in the form that it accepts."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from mintage.serving.asking import Text, ask_pictures, ask_table, ask_texts, ask_translation, stream_text
from mintage.serving.bodies import Direct, body_of, body_schema
from mintage.serving.engine import Engine
from mintage.serving.service import Service
from mintage.serving.waiting import attended, charged, wait_for

__all__ = ["routes"]

MOST_SEED = 2**63 - 1
LEAST_SECONDS, MOST_SECONDS = 0.01, 600.0
TIMEOUT: Mapping[str, Any] = {
    "name": "x-timeout-seconds", "description": "Within how many seconds the work must be begun.",
    "schema": {"type": "number", "minimum": LEAST_SECONDS, "maximum": MOST_SECONDS, "default": 30},
}  # fmt: skip
FORMS: Mapping[str, Sequence[str]] = {
    "pictures": ("image/png", "application/json", "application/zip"),
    "text": ("text/plain", "application/json", "text/event-stream"),
    "records": ("text/csv", "application/json"),
    "series": ("text/csv", "application/json"),
}


class Generate(BaseModel):
    """What is asked for. The same model, seed and settings always give the same answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"n": 1, "seed": 7},
                {"n": 16, "seed": 7, "of": "Sneaker"},
                {"prompt": "It is a truth", "n": 1, "seed": 1, "decoding": {"temperature": 0.8, "length": 200}},
                {"n": 1000, "seed": 3, "where": "age < 30"},
            ]
        },
    )

    model: str | None = Field(None, description="One of /v1/models; unset: the first.")
    n: int = Field(1, ge=1, description="How many: pictures, texts, records or scenarios.")
    seed: int = Field(0, ge=0, le=MOST_SEED, description="Names the samples.")
    of: str | int | None = Field(None, description="Of pictures: a class, by name or index.")
    prompt: str = Field("", max_length=100_000, description="Of texts: what they go on from.")
    heading: str | None = Field(None, max_length=1_000, description="Of texts: the first line.")
    decoding: dict[str, Any] = Field({}, description="Of texts: temperature, top_p, length and the like.")
    where: str = Field("", max_length=10_000, description="Of records: a condition such as age < 30.")
    balance: str = Field("", max_length=1_000, description="Of records: a column whose levels are equally common.")
    no_missing: bool = Field(False, description="Of records: every value is there.")
    horizon: int = Field(20, ge=1, le=10_000, description="Of scenarios: steps.")


def routes(service: Service) -> APIRouter:
    """The routes of one service."""
    router = APIRouter(prefix="/v1", tags=["Mintage"])

    async def generate(request: Request) -> Response:
        asked = await body_of(request, Generate)
        engine = wait_for(service, asked.model)
        form = chosen_form(request.headers.get("accept", "*/*"), FORMS[engine.about["makes"]])
        seconds = patience(request.headers.get("x-timeout-seconds"), service.caps.seconds)
        if engine.about["makes"] == "pictures":
            return await _pictures(request, service, engine, asked, form, seconds)
        if engine.about["makes"] == "text":
            return await _text(request, service, engine, asked, form, seconds)
        return await _table(request, service, engine, asked, form, seconds)

    router.add_api_route(
        "/generate", generate, methods=["POST"], route_class_override=Direct, response_class=Response,
        summary="Samples of any kind, in the form that is accepted",
        responses={200: {"content": {form: {} for forms in FORMS.values() for form in forms}}},
        openapi_extra=body_schema(Generate, TIMEOUT),
    )  # fmt: skip

    @router.post("/translate", summary="A picture out of a picture", response_class=Response)
    async def translate(
        request: Request,
        picture: Annotated[bytes, Body(media_type="application/octet-stream")],
        model: Annotated[str | None, Query()] = None,
        strength: Annotated[float, Query(ge=0, le=1)] = 1.0,
    ) -> Response:
        engine = wait_for(service, model)
        with charged(request, 1):
            made = await attended(request, ask_translation(engine, picture, strength, service.caps.seconds))
        return Response(made, media_type="image/png")

    return router


async def _pictures(
    request: Request, service: Service, engine: Engine, asked: Generate, form: str, seconds: float
) -> Response:
    capped(asked.n, service.caps.pictures, "pictures")
    with charged(request, asked.n):
        made = await attended(request, ask_pictures(engine, asked.n, asked.seed, asked.of, form, seconds))
    if form != "application/json":
        return Response(made.blobs[0], media_type=form)
    items = [
        {"png": base64.b64encode(data).decode(), "seed": asked.seed, "index": index, "of": condition}
        for data, (index, condition) in zip(made.blobs, made.said["origins"], strict=True)
    ]
    return JSONResponse({"model": engine.name, "items": items})


async def _text(
    request: Request, service: Service, engine: Engine, asked: Generate, form: str, seconds: float
) -> Response:
    capped(asked.n, service.caps.texts, "texts")
    text = Text(asked.prompt, asked.heading, asked.decoding, service.caps.tokens)
    if form == "text/event-stream":
        with charged(request, asked.n):
            events = await opened(stream_text(engine, text, asked.n, asked.seed, seconds))
        return StreamingResponse(events, media_type=form)
    with charged(request, asked.n):
        made = await attended(request, ask_texts(engine, text, asked.n, asked.seed, seconds))
    if form == "text/plain":
        return PlainTextResponse(made["plain"])
    items = [
        {"text": text, "index": index, "ended": ending}
        for index, (text, ending) in enumerate(zip(made["texts"], made["endings"], strict=True))
    ]
    return JSONResponse({"model": engine.name, "seed": asked.seed, "items": items, "remarks": made["remarks"]})


async def _table(
    request: Request, service: Service, engine: Engine, asked: Generate, form: str, seconds: float
) -> Response:
    capped(asked.n, service.caps.records, engine.about["makes"])
    settings: dict[str, Any] = {"horizon": asked.horizon}
    if engine.about["makes"] == "records":
        settings = {"where": asked.where, "balance": asked.balance, "no_missing": asked.no_missing}
    with charged(request, asked.n):
        made = await attended(request, ask_table(engine, asked.n, asked.seed, settings, form, seconds))
    return Response(made, media_type=f"{form}; charset=utf-8" if form == "text/csv" else form)


def chosen_form(accept: str, forms: Sequence[str]) -> str:
    """The form that is accepted most gladly, of those that can be made.

    >>> chosen_form("text/html, application/json;q=0.9, */*;q=0.1", ["image/png", "application/json"])
    'application/json'
    """
    best, most = "", 0.0
    for part in accept.split(","):
        name, *settings = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for setting in settings:
            if setting.startswith("q="):
                try:
                    weight = float(setting[2:])
                except ValueError:
                    weight = 0.0
        kind = name.split("/")[0]
        found = next((form for form in forms if name in ("*/*", form, f"{form.split('/')[0]}/*") and kind), "")
        if found and weight > most:
            best, most = found, weight
    if not best:
        raise HTTPException(406, f"This model answers in {', '.join(forms)}; {accept!r} accepts none of them.")
    return best


def patience(told: str | None, usual: float) -> float:
    """For how many seconds a caller waits until work is begun.

    >>> patience("2.5", 30.0), patience(None, 30.0)
    (2.5, 30.0)
    """
    try:
        seconds = usual if told is None else float(told)
    except ValueError:
        seconds = 0.0
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise HTTPException(
            422, f"x-timeout-seconds is {told!r}, and should be a number from {LEAST_SECONDS:g} to {MOST_SECONDS:g}."
        )
    return seconds


def capped(n: int, most: int, what: str) -> None:
    """Refuse more than the server gives at once."""
    if n > most:
        raise HTTPException(422, f"{n:,} {what} are asked for, and one request may ask for {most:,}.")


async def opened(pieces: AsyncGenerator[str | dict[str, Any]]) -> AsyncIterator[bytes]:
    """Pieces as server-sent events, once the first is there: until then a refusal can still be an honest answer."""
    from mintage.web.events import Event

    first: str | dict[str, Any] = await anext(pieces, {})

    async def events() -> AsyncIterator[bytes]:
        if isinstance(first, str):
            yield bytes(Event("piece", {"text": first}))
        async for piece in pieces:
            if isinstance(piece, str):
                yield bytes(Event("piece", {"text": piece}))
        yield bytes(Event("end", {}))

    return events()
