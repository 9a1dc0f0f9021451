"""Stopping on purpose: Ctrl-C and SIGTERM finish the step and save, and a second Ctrl-C gives up at once."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Stop"]


class Stop:
    """Callable that says whether to stop: after SIGINT, SIGTERM, `max_seconds`, or when asked; `reason` says why."""

    def __init__(self, max_seconds: float | None = None) -> None:
        self.reason = ""
        self._deadline = time.perf_counter() + max_seconds if max_seconds else None
        self._before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        if not self.reason and self._deadline is not None and time.perf_counter() > self._deadline:
            self.reason = "the time is up"
        return bool(self.reason)

    def ask(self, reason: str) -> None:
        """Stop after this step, unless something else has stopped it already."""
        self.reason = self.reason or reason

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGINT, signal.SIGTERM):
                self._before[name] = signal.signal(name, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.reason and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.reason = signal.Signals(number).name
