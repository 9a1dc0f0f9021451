"""The HTTP API as one ASGI application: the routes, what errors become, and everything that stands before them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from mintage import __version__
from mintage.errors import MintageError, RunError
from mintage.serving.door import Door, retry_after
from mintage.serving.engine import Overloaded, TooLate
from mintage.serving.hands import Lost
from mintage.serving.keys import Keys, Refused
from mintage.serving.metrics import Metrics
from mintage.serving.openai import openai_routes
from mintage.serving.routes import routes
from mintage.serving.service import Service
from mintage.web.guard import Guard, Rules

__all__ = ["Access", "make_app"]

ABOUT = """Generators that learned from somebody's own data. The same model, seed and settings always give the same
answer, whatever else is asked meanwhile. Too much at once is answered by 503, too often by 429, both with
Retry-After."""


@dataclass(frozen=True)
class Access:
    """Who may ask: by which hosts (empty: any), with which keys (None: anybody), and where it is written down."""

    hosts: Collection[str]
    keys: Keys | None = None
    log: Callable[[str], Any] | None = None


def make_app(service: Service, access: Access, *, failed: Callable[[], None] = lambda: None) -> Guard:
    """Everything that `mintage serve` answers; `failed` is called if a generator cannot be loaded."""
    metrics = Metrics(service)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.ensure_future(_load(service, metrics, failed))
        yield
        loading.cancel()
        with suppress(asyncio.CancelledError):
            await loading
        await service.close()
        if access.keys is not None:
            access.keys.close()

    app = FastAPI(title="Mintage", version=__version__, description=ABOUT, lifespan=life, docs_url=None, redoc_url=None)
    app.state.metrics, app.state.keys = metrics, access.keys
    app.include_router(routes(service))
    app.include_router(openai_routes(service))
    _add_health(app, service, metrics)
    for kind in (Overloaded, TooLate, Lost, Refused, MintageError):
        app.add_exception_handler(kind, _explain)
    larger = {"/v1/translate": 32_000_000}
    door = Door(app, service, metrics, access.keys, access.log)
    return Guard(door, Rules(access.hosts, largest=1_000_000, larger=larger))


async def _load(service: Service, metrics: Metrics, failed: Callable[[], None]) -> None:
    try:
        await service.open()
    except MintageError:
        failed()
        return
    for engine in service.engines.values():
        metrics.watch(engine)
    gc.freeze()  # what was loaded stays: to walk over it again and again would hold up whoever waits


def _add_health(app: FastAPI, service: Service, metrics: Metrics) -> None:
    @app.get("/healthz", tags=["Health"], summary="Whether the server lives")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", tags=["Health"], summary="Whether every generator can be asked")
    async def readyz() -> Response:
        about = {"ready": service.is_ready, "models": list(service.engines), "waiting": dict(service.waiting())}
        return JSONResponse(about, 200 if service.is_ready else 503, None if service.is_ready else {"Retry-After": "1"})

    @app.get("/metrics", tags=["Health"], summary="Counts for Prometheus", response_class=PlainTextResponse)
    async def counted() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _explain(request: Request, error: Exception) -> JSONResponse:
    """What went wrong, as JSON: too much is 503, too often 429, what does not fit 422, what is damaged here 500."""
    body = {"detail": str(error), "kind": type(error).__name__}
    match error:
        case Refused():
            return JSONResponse(body, 429, {"Retry-After": retry_after(error.retry_after)})
        case Overloaded():
            return JSONResponse(body, 503, {"Retry-After": retry_after(error.retry_after)})
        case TooLate() | Lost():
            return JSONResponse(body, 503, {"Retry-After": "1"})
        case RunError():
            return JSONResponse(body, 500)
    return JSONResponse(body, 422)
