"""Turns requests away before they are read: foreign hosts and origins, bodies too large, callers without the secret."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

__all__ = ["LOOPBACK", "App", "Guard", "Message", "Receive", "Rules", "Scope", "Send", "refuse"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
COOKIE = "mintage"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True)
class Rules:
    """Who may ask, and how much.

    `hosts` are the names by which this server may be addressed (against DNS rebinding); empty: any. `token`, where
    there is one, must come as a bearer, as the cookie "mintage", or once as ?token=, which sets the cookie. `largest`
    is the most bytes of a body, and `larger` says otherwise for a path's beginning.
    """

    hosts: Collection[str] = LOOPBACK
    token: str = ""
    largest: int = 1_000_000
    larger: MutableMapping[str, int] = field(default_factory=dict)
    policy: str = "default-src 'none'"  # Content-Security-Policy of every answer


class TooLarge(Exception):
    """A body went over what its path allows."""


class Guard:
    """An ASGI application around another one that keeps the rules."""

    def __init__(self, app: App, rules: Rules) -> None:
        self.app, self.rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        send = self._with_headers(send)
        if problem := self._problem(scope, headers):
            await refuse(send, *problem)
            return
        if token := self._fresh_token(scope):
            await welcome(scope, send, token)
            return
        await self._bounded(scope, receive, send)

    def _problem(self, scope: Scope, headers: MutableMapping[bytes, str]) -> tuple[int, str] | None:
        host = _host_name(headers.get(b"host", ""))
        if self.rules.hosts and host not in self.rules.hosts:
            return 403, f"This server does not answer to the host {host!r}."
        origin = headers.get(b"origin")
        if origin and scope["method"] not in ("GET", "HEAD") and _host_name(urlsplit(origin).netloc) != host:
            return 403, f"A page of {origin} may not ask this server for anything."
        if self.rules.token and not self._knows(scope, headers):
            return 401, "Open the address that was printed at the start, with its token, or send it as a bearer."
        length = headers.get(b"content-length", "0")
        if not length.isdigit():
            return 400, "Content-Length is not a number."
        if int(length) > (most := self._most(scope["path"])):
            return 413, f"The body has {int(length):,} bytes; at most {most:,} are taken here."
        return None

    def _knows(self, scope: Scope, headers: MutableMapping[bytes, str]) -> bool:
        told = [headers.get(b"authorization", "").removeprefix("Bearer ").strip(), self._fresh_token(scope)]
        try:
            morsel = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
        except CookieError:
            morsel = None
        told.append(morsel.value if morsel else "")
        return any(hmac.compare_digest(one.encode(), self.rules.token.encode()) for one in told)

    def _fresh_token(self, scope: Scope) -> str:
        if not self.rules.token or scope["method"] != "GET":
            return ""
        query = scope.get("query_string", b"").decode("latin-1")
        return next((part[6:] for part in query.split("&") if part.startswith("token=")), "")

    def _most(self, path: str) -> int:
        return next((most for start, most in self.rules.larger.items() if path.startswith(start)), self.rules.largest)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        most, seen, started = self._most(scope["path"]), 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            if started or seen <= most:  # what was made of half a body is not what should be heard
                started = True
                await send(message)

        with suppress(TooLarge):
            await self.app(scope, counted, noted)
        if seen > most and not started:
            await refuse(send, 413, f"The body has more than {most:,} bytes, which is the most that is taken here.")

    def _with_headers(self, send: Send) -> Send:
        extra = [*_HEADERS, (b"content-security-policy", self.rules.policy.encode())]

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [*message.get("headers", ()), *(pair for pair in extra if pair[0] not in known)]
            await send(message)

        return sent


async def refuse(send: Send, status: int, detail: str, retry_after: str = "") -> None:
    """Answer with a JSON problem."""
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if retry_after:
        headers.append((b"retry-after", retry_after.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def welcome(scope: Scope, send: Send, token: str) -> None:
    """Keep a token as a cookie and go to the same page without it, so that it stays out of histories."""
    cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict".encode()
    headers = [(b"location", scope["path"].encode()), (b"set-cookie", cookie), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _host_name(netloc: str) -> str:
    """The host of "host:port", in lower case and without brackets.

    >>> _host_name("[::1]:7860"), _host_name("Localhost:80"), _host_name("")
    ('::1', 'localhost', '')
    """
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""
