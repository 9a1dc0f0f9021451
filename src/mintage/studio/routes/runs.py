"""Runs: their list, facts, rows and files, live while they train; into the trash and back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse

from mintage.run import RunDirectory
from mintage.studio.logs import follow, read_rows
from mintage.studio.place import Place
from mintage.studio.shown_runs import ShownRuns, is_fresh
from mintage.web.events import event_stream, last_id

__all__ = ["router"]

# A report is made of a person's data: it may draw and fold, but knows no token and asks nobody for anything.
REPORT_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; img-src data: blob:; media-src data: blob:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; frame-ancestors 'self'"
)
TEXT_POLICY = "sandbox; default-src 'none'; img-src 'self' data:; frame-ancestors 'self'"


def router(place: Place) -> APIRouter:
    """Everything under /runs."""
    routes = APIRouter(tags=["runs"])
    runs = ShownRuns(place.runs)
    runs.trash.sweep()

    def find(name: str) -> RunDirectory:
        try:
            return runs.get(name)
        except KeyError as error:
            raise HTTPException(404, f"There is no run called {name!r}.") from error

    @routes.get("/runs")
    def listed() -> list[dict[str, Any]]:
        return [runs.row(run) for run in runs]

    @routes.get("/runs/{name}")
    def shown(name: str) -> dict[str, Any]:
        return runs.page(find(name))

    @routes.get("/runs/{name}/rows")
    def rows(name: str, after: int = 0) -> dict[str, Any]:
        found, end = read_rows(find(name).log, after)
        return {"rows": [row for row, _ in found], "next": end}

    @routes.get("/runs/{name}/events")
    async def events(name: str, request: Request) -> StreamingResponse:
        run, seen = find(name), last_id(request)

        def is_over() -> bool:
            return bool(run.read_facts().get("finished")) and not is_fresh(run.log, 3.0)

        return event_stream(follow(run.log, int(seen) if seen.isdigit() else 0, is_over), request)

    @routes.get("/runs/{name}/files/{path:path}")
    def file(name: str, path: str) -> FileResponse:
        try:
            found = runs.file(find(name), path)
        except KeyError as error:
            raise HTTPException(404, f"{name} has no {path!r} that pages may see.") from error
        policy = REPORT_POLICY if found.suffix == ".html" else TEXT_POLICY
        kind = "text/plain; charset=utf-8" if found.suffix in (".md", ".txt") else None
        return FileResponse(
            found, media_type=kind, headers={"content-security-policy": policy, "cache-control": "private, no-cache"}
        )

    @routes.delete("/runs/{name}", status_code=204)
    def deleted(name: str) -> None:
        runs.delete(find(name))

    @routes.post("/runs/{name}/restore")
    def restored(name: str) -> dict[str, str]:
        if "/" in name or not runs.trash.restore(name, place.runs / name):
            raise HTTPException(404, f"There is no run {name!r} in the trash, or its place is taken.")
        return {"id": name}

    return routes
