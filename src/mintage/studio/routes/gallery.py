"""The gallery over HTTP: pages of items, small pictures, what people think of them, and how to make them again."""

from __future__ import annotations

import io
from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Query, Request, UploadFile
from fastapi.responses import Response
from PIL import Image

from mintage.errors import ConfigError, DataError
from mintage.gallery.gallery import Gallery
from mintage.gallery.imprint import read_imprint, without_front_line
from mintage.gallery.telling import recipes
from mintage.gallery.wish import read_settings
from mintage.studio.place import Place
from mintage.watching.grid import contact_sheet

__all__ = ["gallery_routes"]

_TYPES = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
}
_FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
_MOST_ON_A_SHEET = 400

Thumb = Annotated[int | None, Query(ge=-1, le=1)]


def gallery_routes(gallery: Gallery, place: Place) -> APIRouter:
    """Everything under /api/gallery."""
    routes = APIRouter(tags=["gallery"])
    _listing(routes, gallery)
    _reading(routes, gallery, place)
    _changing(routes, gallery)
    return routes


def _listing(routes: APIRouter, gallery: Gallery) -> None:
    @routes.get("/gallery")
    def page(
        after: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 200, run: str = "", tag: str = "",
        thumb: Thumb = None, kind: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        items, following, total = gallery.page(after, limit, run=run, tag=tag, thumb=thumb, kind=kind)
        return {"items": [item.told() for item in items], "next": following, "total": total}

    @routes.get("/gallery/index")
    def index(run: str = "", tag: str = "", thumb: Thumb = None, kind: str = "") -> dict[str, Any]:
        ids = gallery.ids(run=run, tag=tag, thumb=thumb, kind=kind)
        return {"ids": ids, "tags": gallery.tags(), "runs": gallery.runs()}

    @routes.get("/gallery/sheet")
    def sheet(ids: str) -> Response:
        asked = [id for id in ids.split(",") if id]
        if len(asked) > _MOST_ON_A_SHEET:
            raise ConfigError(f"{len(asked)} are too many for a sheet: choose {_MOST_ON_A_SHEET} at most.")
        shown = [gallery[id] for id in asked]
        pictures = [_picture(gallery.small(item.id)) for item in shown if item.kind in ("picture", "film")]
        if not pictures:
            raise ConfigError("None of these is a picture. Choose some pictures for the sheet.")
        data = io.BytesIO()
        contact_sheet(pictures).save(data, "PNG")
        return Response(data.getvalue(), media_type="image/png", headers=_download("sheet.png"))

    @routes.post("/gallery/read")
    def read(file: Annotated[UploadFile, File()]) -> dict[str, Any]:
        settings = read_imprint(file.file.read())
        try:
            run, _ = read_settings(settings)
        except ConfigError as error:
            raise DataError(f"What this file says of its making cannot be used. {error}") from error
        return {"run": run, "settings": settings}


def _reading(routes: APIRouter, gallery: Gallery, place: Place) -> None:
    @routes.get("/gallery/{id}")
    def one(id: str) -> dict[str, Any]:
        return gallery[id].told()

    @routes.get("/gallery/{id}/file")
    def file(id: str, download: bool = False, plain: bool = False) -> Response:
        item = gallery[id]
        data = gallery.data(item)
        if plain:
            data = without_front_line(data)
        headers = _download(f"{item.run}-{item.id}{item.suffix}") if download else {}
        return Response(data, media_type=_TYPES[item.suffix], headers={**_FOREVER, **headers})

    @routes.get("/gallery/{id}/small")
    def small(id: str) -> Response:
        return Response(gallery.small(id), media_type="image/webp", headers=_FOREVER)

    @routes.get("/gallery/{id}/recipe")
    def recipe(id: str, request: Request) -> dict[str, str]:
        return recipes(gallery[id].settings, place.runs, str(request.base_url).rstrip("/"))


def _changing(routes: APIRouter, gallery: Gallery) -> None:
    @routes.post("/gallery/{id}/feedback")
    def feedback(
        id: str, thumb: Annotated[int | None, Body()] = None, tags: Annotated[list[str] | None, Body()] = None
    ) -> dict[str, Any]:
        return gallery.judge(id, thumb, tags).told()

    @routes.delete("/gallery/{id}", status_code=204)
    def remove(id: str) -> None:
        gallery.remove(id)

    @routes.post("/gallery/{id}/restore")
    def restore(id: str) -> dict[str, Any]:
        return gallery.restore(id).told()


def _picture(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as opened:
        opened.seek(0)
        return opened.convert("RGB") if opened.mode not in ("L", "RGBA", "LA") else opened.copy()


def _download(name: str) -> dict[str, str]:
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-._") else "_" for letter in name)
    return {"content-disposition": f'attachment; filename="{safe}"'}
