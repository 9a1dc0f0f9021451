"""Runs an ASGI application until it is told to end, finishes what was accepted, and ends without complaint."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from mintage.errors import ConfigError
from mintage.web.guard import App
from mintage.web.listening import listen

__all__ = ["Server", "bound"]


def bound(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        ConfigError: the port is taken, or the host is none of this machine.
    """
    try:
        return listen(host, port)
    except OSError as error:
        raise ConfigError(f"Nothing can listen at {host}:{port} ({error.strerror}). Choose another --port.") from error


class Server(uvicorn.Server):
    """uvicorn's, but SIGTERM and SIGINT end it with exit code 0 once all that was accepted is answered."""

    def __init__(self, app: App, *, draining: Callable[[], None] = lambda: None, seconds: int = 30) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]
                log_level="warning", access_log=False, timeout_keep_alive=75, server_header=False, proxy_headers=False,
                lifespan="on",
                timeout_graceful_shutdown=seconds,
            )
        )  # fmt: skip
        self._draining = draining

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear both signals while it serves; a second one does not wait."""

        def heard(number: int, frame: object) -> None:
            self.force_exit = self.should_exit
            self.should_exit = True
            self._draining()

        before = {each: signal.signal(each, heard) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
