"""The studio as one ASGI application: its pages, and what they ask for under /api."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from mintage.errors import MintageError
from mintage.studio.place import Place
from mintage.studio.routes import create, data, jobs, laboratory, runs, training
from mintage.web.guard import LOOPBACK, Guard, Rules

__all__ = ["ROUTERS", "make_app"]

PAGES = Path(str(files("mintage.studio"))) / "pages"
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'; object-src 'none'"
)
ROUTERS: Sequence[Callable[[Place], APIRouter]] = (
    create.router, laboratory.router, data.router, training.router, jobs.router, runs.router,
)  # fmt: skip


def make_app(place: Place, *, token: str, hosts: Sequence[str] = ()) -> Guard:
    """Everything that `mintage studio` answers, behind its guard."""
    place.prepare()
    app = FastAPI(title="Mintage studio", docs_url=None, redoc_url=None)
    app.add_exception_handler(MintageError, _explain)
    app.add_exception_handler(HTTPException, _refuse)
    for make in ROUTERS:
        app.include_router(make(place), prefix="/api")
    app.mount("/", StaticFiles(directory=PAGES, html=True))
    larger = {"/api/data": 4_000_000_000, "/api/create": 64_000_000, "/api/gallery": 64_000_000}
    return Guard(app, Rules({*LOOPBACK, *hosts}, token, largest=1_000_000, larger=larger, policy=POLICY))


async def _explain(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error), "kind": type(error).__name__}, getattr(error, "status", 400))


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = {404: "NotFound", 405: "NotAllowed"}.get(error.status_code, "Refused")
    return JSONResponse({"detail": error.detail, "kind": kind}, error.status_code, error.headers)
