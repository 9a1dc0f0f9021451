"""An experiment that someone watches: played in a thread of its own that leaves room for others and ends unwatched."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast, get_args

from mintage.errors import ConfigError, DataError
from mintage.laboratory.distributions import Distribution
from mintage.laboratory.experiment import Experiment, Which
from mintage.laboratory.frames import frame, reals_of
from mintage.laboratory.settings import LaboratorySettings

__all__ = ["Laboratory", "NoSession", "Session"]

SHARE = 0.5  # of a core that a session takes at most
PACE = 1 / 15  # seconds from frame to frame at least
PATIENCE = 3.0  # seconds that it plays on when nobody listens: a page may be reconnecting
IDLE = 600.0  # seconds after which a session that nobody asked for anything is forgotten
MOST = 12


class NoSession(DataError):
    """No session has this id; it may have been forgotten."""

    status = 404


class Session:
    """One experiment; methods may be called from any thread."""

    def __init__(self, reals: Distribution, settings: LaboratorySettings) -> None:
        self.id = secrets.token_hex(8)
        self.experiment = Experiment(reals, settings)
        self.number = 0  # of the newest frame
        self.touched = time.monotonic()
        self._lock = threading.Lock()
        self._playing = False
        self._thread: threading.Thread | None = None
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._heard = time.monotonic()
        self._frame = self._shown()

    @property
    def is_playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._playing

    def told(self) -> dict[str, Any]:
        """What a page needs to show it."""
        reals = self.experiment.reals
        return {
            "id": self.id, "schema": LaboratorySettings.model_json_schema(), "playing": self._playing,
            "settings": self.experiment.settings.model_dump(), "distribution": reals.name,
            "reals": reals_of(reals, self.experiment.settings.seed), "frame": self._frame,
        }  # fmt: skip

    def do(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Play, pause, make a step, or change settings; returns the frame that follows.

        Raises:
            ConfigError: it is none of these, or a value does not fit.
        """
        self.touched = time.monotonic()
        if unknown := set(asked) - {"play", "pause", "step", "settings", "restart"}:
            raise ConfigError(f"{sorted(unknown)[0]!r} cannot be done: play, pause, step, settings or restart can.")
        if (step := asked.get("step")) is not None and step not in get_args(Which):
            raise ConfigError(f"A step is one of {', '.join(get_args(Which))}, not {step!r}.")
        settings = asked.get("settings") or {}
        if not isinstance(settings, Mapping):
            raise ConfigError("Settings are a mapping of names and values.")
        with self._lock:
            if settings:
                self.experiment = self.experiment.change(settings)
            if asked.get("restart"):
                self.experiment = Experiment(self.experiment.reals, self.experiment.settings)
            if step is not None:
                self.experiment.advance(cast(Which, step))
            if asked.get("pause") or step is not None:
                self._playing = False
            if asked.get("play"):
                self._play()
            self._publish()
            return {"playing": self._playing, "frame": self._frame}

    async def frames(self, last: int | None = None) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        """The newest frame and its number, again and again, from after `last` on; what comes meanwhile is left out."""
        news = asyncio.Event()
        listener = (asyncio.get_running_loop(), news)
        with self._lock:
            self._listeners.add(listener)
        try:
            while True:
                self.touched = time.monotonic()
                news.clear()
                if self.number != last:
                    last = self.number
                    yield last, self._frame
                else:
                    await news.wait()
        finally:
            self._heard = time.monotonic()
            with self._lock:
                self._listeners.discard(listener)

    def close(self) -> None:
        """Play no more."""
        self._playing = False

    def _play(self) -> None:
        self._playing = True
        self._heard = time.monotonic()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name=f"laboratory-{self.id}", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            with self._lock:
                if not self._playing or self._is_alone() or not self._frame["finite"]:
                    self._playing, self._thread = False, None
                    return
                used = time.thread_time()
                for _ in range(self.experiment.settings.speed):
                    self.experiment.advance()
                self._publish()
                used = time.thread_time() - used
            busy = time.monotonic() - started
            time.sleep(max(0.001, PACE - busy, used / SHARE - busy))

    def _is_alone(self) -> bool:
        return not self._listeners and time.monotonic() - self._heard > PATIENCE

    def _publish(self) -> None:
        self._frame = self._shown()
        self.number += 1
        for loop, news in list(self._listeners):
            try:
                loop.call_soon_threadsafe(news.set)
            except RuntimeError:  # the loop has ended
                self._listeners.discard((loop, news))

    def _shown(self) -> dict[str, Any]:
        return {**frame(self.experiment), "playing": self._playing}


class Laboratory:
    """The sessions that are open; those that nobody asks for anything are forgotten."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def open(self, reals: Distribution, settings: LaboratorySettings) -> Session:
        """A new session; where there are too many, the one that was not used for longest goes."""
        self._sweep()
        session = Session(reals, settings)
        self._sessions[session.id] = session
        while len(self._sessions) > MOST:
            oldest = min(self._sessions.values(), key=lambda one: one.touched)
            self._sessions.pop(oldest.id).close()
        return session

    def __getitem__(self, id: str) -> Session:
        """Raises NoSession: there is none."""
        self._sweep()
        if id not in self._sessions:
            raise NoSession(f"The laboratory has no session {id[:40]!r}. Open a new one.")
        return self._sessions[id]

    def _sweep(self) -> None:
        for id, session in list(self._sessions.items()):
            if time.monotonic() - session.touched > IDLE:
                self._sessions.pop(id).close()
