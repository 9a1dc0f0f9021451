"""Who comes in to the API, and what is written down of it: keys and their rates, request ids, counts, a log."""

from __future__ import annotations

import json
import math
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from mintage.serving.keys import Keys, Refused
from mintage.serving.metrics import Metrics
from mintage.serving.service import Service
from mintage.web.guard import App, Message, Receive, Scope, Send, refuse

__all__ = ["Door", "retry_after"]

KEYED = "/v1/"  # what needs a key, where there are keys
COUNTED = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json")  # paths that have a count of their own


def retry_after(seconds: float) -> str:
    """The header's value: whole seconds, at least one."""
    return str(max(1, math.ceil(seconds)))


class Door:
    """An ASGI application around the API."""

    def __init__(
        self,
        app: App,
        service: Service,
        metrics: Metrics,
        keys: Keys | None,
        log: Callable[[str], Any] | None,
    ) -> None:
        self.app, self.service, self.keys, self.metrics, self.log = app, service, keys, metrics, log
        self._mark, self._numbers = f"{uuid.uuid4().hex[:16]}-", count()  # of this server, and of its requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, number = time.perf_counter(), 500, f"{self._mark}{next(self._numbers):x}"
        scope.setdefault("state", {})["key"] = None

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", number.encode())]
            await send(message)

        try:
            if await self._may(scope, noted):
                await self.app(scope, receive, noted)
        finally:
            self._note(scope, number, status, time.perf_counter() - started)

    async def _may(self, scope: Scope, send: Send) -> bool:
        if self.service.is_full and scope["method"] == "POST":  # before anything is read: a refusal must cost little
            await refuse(send, 503, "All generators have all the work that they can do in time.", "1")
            return False
        if self.keys is None or not scope["path"].startswith(KEYED):
            return True
        told = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")
        key = self.keys.find(told.removeprefix("Bearer ").strip())
        if key is None:
            await refuse(send, 401, "Send a key of this server as a bearer: Authorization: Bearer mint_...")
            return False
        scope["state"]["key"] = key
        try:
            self.keys.knock(key)
        except Refused as error:
            await refuse(send, 429, str(error), retry_after(error.retry_after))
            return False
        return True

    def _note(self, scope: Scope, number: str, status: int, seconds: float) -> None:
        path = scope["path"] if scope["path"].startswith(COUNTED) and status != 404 else "other"
        self.metrics.answered(path, status, seconds)
        if self.log is not None:
            key = scope["state"]["key"]
            row = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "id": number, "method": scope["method"],
                "path": scope["path"], "status": status, "ms": round(1000 * seconds, 1), "key": key and key.name,
            }  # fmt: skip
            self.log(json.dumps(row))


def to_stderr(line: str) -> None:
    """One line of the log."""
    sys.stderr.write(line + "\n")
