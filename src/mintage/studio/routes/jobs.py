"""Jobs: ordering them, their queue, and everything that happens in it, live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import ZipFile

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from mintage.errors import ConfigError
from mintage.jobs.job import Job, Order, check_settings
from mintage.jobs.keeper import Keeper
from mintage.jobs.store import Store
from mintage.run import RunDirectory, makes_of
from mintage.studio.place import Place
from mintage.studio.routes.bodies import read_body
from mintage.studio.shelf import Shelf
from mintage.studio.shown_runs import ShownRuns
from mintage.studio.training import check_model, named
from mintage.web.events import Event, event_stream, last_id

__all__ = ["router"]

LOOK = 0.1  # seconds between two looks for changes


class Where(BaseModel):
    """Before which job it shall stand; None: at the end."""

    before: int | None = None


def router(place: Place) -> APIRouter:
    """Everything under /jobs; the queue is kept as long as the application runs."""
    keeper = Keeper(place.jobs, place.runs)

    @asynccontextmanager
    async def kept(app: FastAPI) -> AsyncIterator[None]:
        keeper.start()
        try:
            yield
        finally:
            await asyncio.to_thread(keeper.stop)

    routes = APIRouter(tags=["jobs"], lifespan=kept)
    desk = _Desk(keeper, Shelf(place.data, place.home / "trash" / "data"), ShownRuns(place.runs))
    _of_the_queue(routes, desk)
    _of_one_job(routes, desk)
    return routes


class _Desk:
    """What all routes need."""

    def __init__(self, keeper: Keeper, shelf: Shelf, runs: ShownRuns) -> None:
        self.keeper, self.shelf, self.runs = keeper, shelf, runs

    def order(self, body: dict[str, Any]) -> Job:
        """Check what is asked for, so that a person hears now what would fail later."""
        order = Order.read(body)
        check_settings(order.overrides)
        if order.kind == "train":
            if order.budget:
                from mintage.training.budget import parse_duration

                parse_duration(order.budget)
            try:
                stored = self.shelf.get(order.data)
            except KeyError as error:
                raise HTTPException(404, f"There is no data called {order.data!r}.") from error
            check_model(order.model, order.overrides)
            return self.keeper.order(order, stored.name, {"source": stored.source, "name": named(stored.name)})
        try:
            run = self.runs.get(order.run)
        except KeyError as error:
            raise HTTPException(404, f"There is no run called {order.run!r}.") from error
        self._check_run(order, run)
        return self.keeper.order(order, run.path.name, {})

    def _check_run(self, order: Order, run: RunDirectory) -> None:
        facts = run.read_facts()
        if not any(run.checkpoints.glob("[0-9]*")):
            raise ConfigError(f"{run.path.name} has no checkpoint yet: let it train a little longer.")
        if order.kind == "generate" and facts.get("translates"):
            raise ConfigError(f"{run.path.name} makes pictures out of others: give it one under Create.")
        if order.kind == "export" and makes_of(facts) != "text":
            raise ConfigError(f"{run.path.name} makes {makes_of(facts)}; only runs that write text are exported.")

    def find(self, act: Callable[[], Job]) -> dict[str, Any]:
        """A job, or 404."""
        try:
            return act().as_dict()
        except KeyError as error:
            raise HTTPException(404, f"There is no job {error.args[0]}.") from error


def _of_the_queue(routes: APIRouter, desk: _Desk) -> None:
    @routes.post("/jobs", status_code=201)
    async def ordered(request: Request) -> dict[str, Any]:
        body = await read_body(request)
        return (await asyncio.to_thread(desk.order, body)).as_dict()

    @routes.get("/jobs")
    def listed() -> list[dict[str, Any]]:
        return [job.as_dict() for job in desk.keeper.store.all()]

    @routes.get("/jobs/events")
    async def events(request: Request) -> StreamingResponse:
        seen = last_id(request)
        return event_stream(_changes(desk.keeper.store, int(seen) if seen.isdigit() else 0), request)


def _of_one_job(routes: APIRouter, desk: _Desk) -> None:
    keeper = desk.keeper

    @routes.get("/jobs/{number}")
    def shown(number: int) -> dict[str, Any]:
        job = desk.find(lambda: keeper.store.get(number))
        made = keeper.folder(number).made
        return {**job, "made": sorted(file.name for file in made.iterdir())[:1000] if made.is_dir() else []}

    @routes.get("/jobs/{number}/files")
    def files(number: int) -> FileResponse:
        title = str(desk.find(lambda: keeper.store.get(number))["title"])
        return _all_files(keeper.folder(number).made, f"{number:06}-{title}")

    @routes.post("/jobs/{number}/pause")
    def paused(number: int) -> dict[str, Any]:
        return desk.find(lambda: keeper.pause(number))

    @routes.post("/jobs/{number}/resume")
    def resumed(number: int) -> dict[str, Any]:
        return desk.find(lambda: keeper.resume(number))

    @routes.post("/jobs/{number}/cancel")
    def cancelled(number: int) -> dict[str, Any]:
        return desk.find(lambda: keeper.cancel(number))

    @routes.post("/jobs/{number}/retry")
    def retried(number: int) -> dict[str, Any]:
        return desk.find(lambda: keeper.retry(number))

    @routes.post("/jobs/{number}/move")
    def moved(number: int, where: Where) -> dict[str, Any]:
        return desk.find(lambda: keeper.move(number, where.before))

    @routes.delete("/jobs/{number}", status_code=204)
    def removed(number: int) -> None:
        def act() -> Job:
            job = keeper.store.get(number)
            keeper.remove(number)
            return job

        desk.find(act)


def _all_files(made: Path, name: str) -> FileResponse:
    """What a job made: its one file as it is, several in an archive that is gone once it is sent."""
    files = [path for path in sorted(made.rglob("*")) if path.is_file()]
    if not files:
        raise HTTPException(404, "This job has made no files.")
    if len(files) == 1:
        return FileResponse(files[0], filename=files[0].name)
    with NamedTemporaryFile(dir=made.parent, suffix=".zip", delete=False) as held, ZipFile(held, "w") as archive:
        for path in files:
            archive.write(path, path.relative_to(made))
    leave = BackgroundTask(Path(held.name).unlink, missing_ok=True)
    return FileResponse(held.name, filename=f"{name}.zip", media_type="application/zip", background=leave)


async def _changes(store: Store, seen: int) -> AsyncIterator[Event]:
    """What changed after a number, and then whatever changes."""
    seen = seen if seen <= store.change else 0  # the database is another one
    while True:
        if store.change > seen:
            jobs, gone = store.since(seen)
            found = [Event("job", job.as_dict(), job.change) for job in jobs]
            found += [Event("gone", {"id": number}, change) for number, change in gone]
            for event in sorted(found, key=lambda one: int(one.id or 0)):
                yield event
                seen = int(event.id or 0)
            seen = max(seen, 0)
        await asyncio.sleep(LOOK)
