"""The same generators in the shape that OpenAI's clients speak: models, images, completions."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from mintage.serving.asking import Text, ask_pictures, ask_texts, stream_text
from mintage.serving.bodies import Direct, body_of, body_schema
from mintage.serving.engine import Engine
from mintage.serving.routes import MOST_SEED, capped
from mintage.serving.service import Service
from mintage.serving.waiting import attended, charged, wait_for

__all__ = ["openai_routes"]

REASONS = {"length": "length"}  # of an ending; all others are "stop"


class Images(BaseModel):
    """What `client.images.generate` sends; `seed` is ours. Unknown fields are left unread, as clients send many."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "Sneaker", "n": 2, "seed": 7, "response_format": "b64_json"}]}
    )

    model: str | None = None
    prompt: str = Field("", max_length=32_000, description="The name of a class, of models that learned some.")
    n: int = Field(1, ge=1)
    size: str | None = Field(None, max_length=32, description="auto, or the one size that the model draws.")
    response_format: Literal["b64_json"] | None = None
    seed: int = Field(0, ge=0, le=MOST_SEED)


class Completions(BaseModel):
    """What `client.completions.create` sends. Unknown fields are left unread, as clients send many."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "It is a truth", "max_tokens": 100, "temperature": 0.8, "seed": 1}]}
    )

    model: str | None = None
    prompt: Annotated[str, Field(max_length=100_000)] | Annotated[list[str], Field(min_length=1, max_length=1)] = ""
    max_tokens: int = Field(256, ge=1)
    n: int = Field(1, ge=1)
    seed: int = Field(0, ge=0, le=MOST_SEED)
    temperature: float = Field(1.0, ge=0, le=10)
    top_p: float = Field(1.0, gt=0, le=1)
    frequency_penalty: float = Field(0.0, ge=-10, le=10)
    presence_penalty: float = Field(0.0, ge=-10, le=10)
    stop: Annotated[str, Field(max_length=1_000)] | Annotated[list[str], Field(max_length=16)] | None = None
    echo: bool = False
    stream: bool = False

    @property
    def opening(self) -> str:
        return self.prompt if isinstance(self.prompt, str) else self.prompt[0]

    def text(self, most: int) -> Text:
        """In Mintage's own words."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        decoding = {
            "temperature": self.temperature, "top_p": self.top_p, "frequency_penalty": self.frequency_penalty,
            "presence_penalty": self.presence_penalty, "length": self.max_tokens, "stop": [one for one in stops if one],
        }  # fmt: skip
        return Text(self.opening, None, decoding, most)


def openai_routes(service: Service) -> APIRouter:
    """The routes of one service."""
    router = APIRouter(prefix="/v1", tags=["OpenAI-shaped"])

    @router.get("/models", summary="The generators that can be asked")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(engine) for engine in service.engines.values()]}

    @router.get("/models/{name}", summary="One of them")
    async def model(name: str) -> dict[str, Any]:
        return _model(wait_for(service, name))

    async def images(request: Request) -> Response:
        asked = await body_of(request, Images)
        engine = wait_for(service, asked.model)
        capped(asked.n, service.caps.pictures, "pictures")
        of = class_of(asked.prompt, engine.about["classes"])
        _check_size(engine, asked.size)
        asking = ask_pictures(engine, asked.n, asked.seed, of, "application/json", service.caps.seconds)
        with charged(request, asked.n):
            made = await attended(request, asking)
        data = [{"b64_json": base64.b64encode(one).decode()} for one in made.blobs]
        return JSONResponse({"created": int(time.time()), "data": data, "output_format": "png"})

    router.add_api_route(
        "/images/generations", images, methods=["POST"], route_class_override=Direct, summary="Pictures",
        openapi_extra=body_schema(Images),
    )  # fmt: skip

    @router.post("/completions", summary="Text that goes on from a prompt")
    async def completions(request: Request, asked: Annotated[Completions, Body()]) -> Response:
        engine = wait_for(service, asked.model)
        capped(asked.n, service.caps.texts, "texts")
        capped(asked.max_tokens, service.caps.tokens, "tokens (max_tokens)")
        text = asked.text(service.caps.tokens)
        head = {"id": f"cmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": engine.name}
        if asked.stream:
            if asked.n > 1:
                raise HTTPException(422, "One text is streamed at a time: n = 1.")
            pieces = stream_text(engine, text, 1, asked.seed, service.caps.seconds)
            with charged(request, 1):
                first: str | dict[str, Any] = await anext(pieces, {})
            events = _events(first, pieces, (head, asked.opening, asked.echo))
            return StreamingResponse(events, media_type="text/event-stream")
        with charged(request, asked.n):
            made = await attended(request, ask_texts(engine, text, asked.n, asked.seed, service.caps.seconds))
        return JSONResponse({**head, "object": "text_completion", **_completed(made, asked.opening, asked.echo)})

    return router


def class_of(prompt: str, classes: Sequence[str]) -> str | None:
    """The class that a prompt names; a prompt that is empty, or for a model without classes, asks for any.

    >>> class_of("a red sneaker, please", ["Coat", "Sneaker"])
    'Sneaker'
    """
    if not classes or not prompt.strip():
        return None
    words = prompt.strip().casefold()
    exact = [name for name in classes if name.casefold() == words]
    inside = [name for name in classes if re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", words)]
    if found := exact or sorted(inside, key=len)[-1:]:
        return found[0]
    raise HTTPException(422, f"The prompt names none of the classes that this model learned: {', '.join(classes)}.")


def _model(engine: Engine) -> dict[str, Any]:
    about, made = engine.about, engine.about["created"]
    created = int(time.mktime(time.strptime(made[:19], "%Y-%m-%dT%H:%M:%S"))) if made else 0
    return {
        "id": engine.name, "object": "model", "created": created, "owned_by": "mintage",
        **{name: about[name] for name in ("makes", "translates", "classes", "shape", "step")},
    }  # fmt: skip


def _check_size(engine: Engine, size: str | None) -> None:
    shape = engine.about["shape"]
    if engine.about["makes"] == "pictures" and size not in (None, "auto", own := f"{shape[-1]}x{shape[-2]}"):
        raise HTTPException(422, f"This model draws pictures of {own}, not {size}. Leave size out, or scale them.")


def _completed(made: Mapping[str, Any], opening: str, echo: bool) -> dict[str, Any]:
    choices = []
    for index, (text, ending) in enumerate(zip(made["texts"], made["endings"], strict=True)):
        said = {"index": index, "text": text if echo else text.removeprefix(opening), "logprobs": None}
        choices.append({**said, "finish_reason": REASONS.get(ending, "stop")})
    before, after = made["tokens"]
    usage = {"prompt_tokens": before, "completion_tokens": after, "total_tokens": before + after}
    return {"choices": choices, "usage": usage}


async def _events(
    first: str | dict[str, Any],
    pieces: AsyncGenerator[str | dict[str, Any]],
    about: tuple[dict[str, Any], str, bool],
) -> AsyncIterator[str]:
    """What OpenAI's clients read while a text is written."""
    head, opening, echo = about
    endings: list[str] = []

    def event(text: str, reason: str | None = None) -> str:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
        return f"data: {json.dumps({**head, 'object': 'text_completion', 'choices': [choice]})}\n\n"

    if isinstance(first, str) and (echo or not opening):
        yield event(first)
    async for piece in pieces:
        if isinstance(piece, str):
            yield event(piece)
        else:
            endings = piece["endings"]
    yield event("", REASONS.get(endings[0], "stop") if endings else "stop")
    yield "data: [DONE]\n\n"
