"""Data: what there is, dropping more of it, a look at it, its licence, and putting it into the trash and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import BaseModel, Field

from mintage.jobs.errands import ErrandFailed, Errands
from mintage.studio.dropping import Drop
from mintage.studio.place import Place
from mintage.studio.shelf import Shelf, Stored
from mintage.web.forms import receive

__all__ = ["router"]

PATIENCE = 3600.0  # seconds that a look may take: the data is read as for a training, and kept read


class Licence(BaseModel):
    """Under which terms data may be used, in a person's words."""

    text: str = Field(max_length=4_000)


class Looks:
    """Looks at data that go on beside the pages, one at a time."""

    def __init__(self) -> None:
        self.errands = Errands()
        self._going: dict[str, asyncio.Task[None]] = {}

    def at(self, stored: Stored) -> dict[str, Any]:
        """What is known; the first asking sends a look out."""
        found = stored.look()
        if not found and stored.name not in self._going:
            self._going[stored.name] = asyncio.create_task(self._look(stored))
        return found

    async def _look(self, stored: Stored) -> None:
        asked = {"source": stored.source, "previews": str(stored.previews)}
        try:
            found = await self.errands.run("look", asked, PATIENCE)
        except ErrandFailed as error:
            found = {"kind": None, "error": str(error), "fits": []}
        finally:
            self._going.pop(stored.name, None)
        if stored.folder.is_dir():
            await run_in_threadpool(stored.keep_look, found)

    def forget(self, name: str) -> None:
        """End a look at what is gone."""
        if task := self._going.pop(name, None):
            task.cancel()


def router(place: Place) -> APIRouter:
    """Everything under /data."""
    routes = APIRouter(tags=["data"])
    shelf, looks = Shelf(place.data, place.home / "trash" / "data"), Looks()
    shelf.prepare()

    @routes.get("/data")
    async def listed(look: bool = False) -> list[dict[str, Any]]:
        found = await run_in_threadpool(lambda: list(shelf))
        for stored in found if look else ():
            looks.at(stored)
        return await run_in_threadpool(lambda: [_row(stored) for stored in found])

    @routes.post("/data", status_code=201)
    async def dropped(request: Request) -> dict[str, str]:
        drop = Drop(shelf)
        try:
            await receive(request, drop)
            stored = await run_in_threadpool(drop.keep)
        except BaseException:
            await run_in_threadpool(drop.discard)
            raise
        looks.at(stored)
        return {"name": stored.name}

    @routes.get("/data/{name}")
    async def shown(name: str) -> dict[str, Any]:
        stored = find_data(shelf, name)
        return _page(stored, looks.at(stored))

    @routes.get("/data/{name}/preview/{index}")
    def preview(name: str, index: int) -> Response:
        folder = find_data(shelf, name).previews
        for suffix, answer in ((".webp", _picture), (".txt", _text)):
            if (file := folder / f"{index:02}{suffix}").is_file():
                return answer(file)
        raise HTTPException(404, f"{name} has no preview {index}.")

    @routes.put("/data/{name}/licence")
    def licence(name: str, asked: Licence) -> dict[str, str]:
        find_data(shelf, name).licence(asked.text.strip())
        return {"licence": asked.text.strip()}

    @routes.delete("/data/{name}", status_code=204)
    async def deleted(name: str) -> None:
        if find_data(shelf, name).is_built_in:
            raise HTTPException(400, f"{name} comes with Mintage and cannot be deleted.")
        looks.forget(name)
        await run_in_threadpool(shelf.delete, name)

    @routes.post("/data/{name}/restore")
    def restored(name: str) -> dict[str, str]:
        if not shelf.restore(name):
            raise HTTPException(404, f"There is no {name!r} in the trash, or its name is taken.")
        return {"name": name}

    return routes


def find_data(shelf: Shelf, name: str) -> Stored:
    """A set by name.

    Raises:
        HTTPException: 404, there is none.
    """
    try:
        return shelf.get(name)
    except KeyError as error:
        raise HTTPException(404, f"There is no data called {name!r}. Drop some, or choose another.") from error


def _picture(file: Path) -> Response:
    return FileResponse(file, media_type="image/webp", headers={"cache-control": "private, max-age=600"})


def _text(file: Path) -> Response:
    return PlainTextResponse(file.read_text("utf-8"))


def _row(stored: Stored) -> dict[str, Any]:
    about, look = stored.about(), stored.look()
    return {
        "name": stored.name, "made": about.get("made"), "files": about.get("files", 0), "bytes": about.get("bytes", 0),
        "kind": look.get("kind"), "count": look.get("count"), "builtin": stored.is_built_in,
        "previews": look.get("previews", 0),
    }  # fmt: skip


def _page(stored: Stored, look: dict[str, Any]) -> dict[str, Any]:
    about = stored.about()
    skipped = [*about.get("skipped", ()), *look.get("unreadable", ())]
    return {
        **_row(stored), "looking": not look, "error": look.get("error"), "report": look.get("report"),
        "lines": look.get("lines", []), "skipped": skipped,
        "num_skipped": about.get("num_skipped", 0) + len(look.get("unreadable", ())),
        "duplicates": look.get("duplicates", 0), "licence": about.get("licence", ""),
        "fits": look.get("fits", []), "classes": look.get("classes", []),
    }  # fmt: skip
