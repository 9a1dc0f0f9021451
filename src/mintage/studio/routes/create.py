"""Making: pictures by seed, class and direction, walks, translations, texts as they are written, tables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response, StreamingResponse

from mintage.directions import MOST as MOST_DIRECTIONS
from mintage.errors import ConfigError, MintageError
from mintage.gallery.gallery import Gallery
from mintage.gallery.making import MOST, Made, how_of, look, look_bytes, make, stream, text_of
from mintage.gallery.wish import Wish, read_settings
from mintage.studio.generators import Generators, Opened
from mintage.studio.place import Place
from mintage.studio.routes.bodies import read_body
from mintage.studio.routes.gallery import gallery_routes
from mintage.web.events import Event, event_stream

__all__ = ["router"]

Body = Mapping[str, Any]


def router(place: Place) -> APIRouter:
    """Everything under /api/create, and the gallery that it fills."""
    gallery = Gallery(place.gallery)
    desk = _Desk(Generators(place.runs, place.home / "directions"), gallery)
    routes = APIRouter(tags=["create"])
    _of_pictures(routes, desk)
    _of_others(routes, desk)
    routes.include_router(gallery_routes(gallery, place))
    return routes


class _Desk:
    """What all routes need: generators and the gallery."""

    def __init__(self, generators: Generators, gallery: Gallery) -> None:
        self.generators, self.gallery = generators, gallery

    async def wish(self, request: Request, run: str, **more: Any) -> Wish:
        """What a request asks for.

        Raises:
            ConfigError: it is no JSON, or a value does not fit.
        """
        self.generators.directory(run)
        body = {key: value for key, value in (await read_body(request)).items() if value is not None} | more
        if body.pop("run", run) != run:
            raise ConfigError("These settings are of another run.")
        if isinstance(like := body.get("like"), str):
            body["like"] = self.settings_of(like, run)
            for name in ("step", "truncation"):
                if name in self.gallery[like].settings:
                    body.setdefault(name, self.gallery[like].settings[name])
        return Wish.asked(body)

    def settings_of(self, id: str, run: str) -> Body:
        """The wish of an item, as part of another one.

        Raises:
            ConfigError: it is of another run, or was not drawn from noise.
        """
        owner, wish = read_settings(self.gallery[id].settings)
        if owner != run:
            raise ConfigError(f"{id} was made by {owner}. Choose that run to vary it.")
        if wish.how != "draw":
            raise ConfigError(f"{id} was not drawn from noise: it has no neighbours.")
        return {key: value for key, value in self.gallery[id].settings.items() if key not in ("run", "step")}

    async def keep(self, run: str, wish: Wish, *, is_said: bool = False) -> list[dict[str, Any]]:
        """Make it and keep it; `is_said`: what is to be done stands in the wish."""

        def work(opened: Opened) -> list[Made]:
            asked = wish if is_said else wish.model_copy(update={"how": how_of(opened.trained)})
            return make(opened.trained, asked, opened.directions, self.gallery.source)

        made = await self.generators.call(run, wish.step, work)
        items = await asyncio.to_thread(self.gallery.add, made)
        return [item.told() for item in items]


def _of_pictures(routes: APIRouter, desk: _Desk) -> None:
    @routes.get("/create/{run}")
    async def facts(run: str) -> dict[str, Any]:
        opened = await desk.generators.open(run)
        trained = opened.trained
        how = how_of(trained)
        is_latent = how == "draw"
        return {
            "run": run, "step": trained.checkpoint.step, "makes": trained.makes, "translates": trained.translates,
            "classes": list(trained.classes), "latent": is_latent, "directions": MOST_DIRECTIONS if is_latent else 0,
            "most": MOST[how], "shape": list(trained.spec.x.shape), "how": how,
        }  # fmt: skip

    @routes.get("/create/{run}/directions")
    async def directions(run: str, step: int | None = None) -> list[dict[str, Any]]:
        found = await desk.generators.call(run, step, Opened.directions)
        return [{"index": index, "share": share} for index, share in enumerate(found.shares)]

    @routes.post("/create/{run}")
    async def create(run: str, request: Request) -> dict[str, Any]:
        wish = await desk.wish(request, run)
        return {"items": await desk.keep(run, wish, is_said="how" in wish.model_fields_set)}

    @routes.post("/create/{run}/peek")
    async def peek(run: str, request: Request) -> Response:
        wish = await desk.wish(request, run, count=1)

        def work(opened: Opened) -> bytes:
            (drawn,) = opened.draw(*look(opened.trained, wish, opened.directions))
            return look_bytes(opened.trained.codec.decode(drawn))

        data = await desk.generators.call(run, wish.step, work)
        return Response(data, media_type="image/webp", headers={"cache-control": "no-store"})

    @routes.post("/create/{run}/walk")
    async def walk(run: str, request: Request) -> dict[str, Any]:
        body = await read_body(request)
        ids = body.get("items")
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            raise ConfigError("A walk needs `items`: a list of ids of the gallery.")
        step = desk.gallery[ids[0]].settings.get("step") if ids else None
        stops = [desk.settings_of(id, run) for id in ids]
        wish = Wish.asked({"how": "walk", "step": step, "stops": stops, "frames": body.get("frames", 24)})
        return {"items": await desk.keep(run, wish, is_said=True)}


def _of_others(routes: APIRouter, desk: _Desk) -> None:
    @routes.post("/create/{run}/translate")
    async def translate(
        run: str, file: Annotated[UploadFile, File()], strength: Annotated[float, Form(ge=0, le=1)] = 1.0
    ) -> dict[str, Any]:
        desk.generators.directory(run)
        source = await asyncio.to_thread(desk.gallery.keep_source, await file.read())
        wish = Wish.asked({"how": "translate", "source": source, "strength": strength})
        return {"items": await desk.keep(run, wish, is_said=True)}

    @routes.post("/create/{run}/text")
    async def text(run: str, request: Request) -> StreamingResponse:
        wish = await desk.wish(request, run, how="write")

        opened = await desk.generators.open(run, wish.step)
        pieces = desk.generators.stream(run, wish.step, lambda one: stream(one.trained, wish))
        first = await anext(pieces, None)  # what does not fit is an answer of its own, not the middle of one

        def keep(whole: str) -> dict[str, Any]:
            return desk.gallery.add([text_of(opened.trained, wish, 0, whole)])[0].told()

        return event_stream(_told(first, pieces, keep), request)


async def _told(
    first: str | None, pieces: AsyncGenerator[str], keep: Callable[[str], dict[str, Any]]
) -> AsyncIterator[Event]:
    said: list[str] = []
    piece = first
    try:
        while piece is not None:
            yield Event("piece", {"text": piece}, len(said))
            said.append(piece)
            piece = await anext(pieces, None)
        yield Event("item", await asyncio.to_thread(keep, "".join(said)), len(said))
    except MintageError as error:
        yield Event("problem", {"detail": str(error), "kind": type(error).__name__}, len(said))
    finally:
        await pieces.aclose()
