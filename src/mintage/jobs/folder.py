"""A job's folder: the order, how far its process has come, how it ended, and what it wrote.

The process that does the work writes here, and whoever keeps the queue reads; neither needs the other to be alive.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from mintage.storage import read_object, write_json

__all__ = ["JobFolder", "lock"]


class JobFolder:
    """The files of one job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made = path / "out"  # what it generates or exports
        self.words = path / "output.txt"  # what the process printed
        self._order, self._state, self._exit = path / "order.json", path / "state.json", path / "exit.json"
        self._lock = path / ".lock"

    def create(self, order: Mapping[str, Any]) -> None:
        """Make the folder with its order."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self._order, order)

    def order(self) -> dict[str, Any]:
        """What is to be done, and where: "runs", "source", and the fields of an `Order`."""
        return dict(json.loads(self._order.read_text("utf-8")))

    def note(self, **values: Any) -> None:
        """Write how far this process has come; kept through a crash of any process, not of the power."""
        self._replace({**self.state(), **values, "pid": os.getpid()})

    def state(self) -> dict[str, Any]:
        """run, step, steps, eta, message, pid: what is known of them."""
        return read_object(self._state)

    def finish(self, outcome: str, message: str = "") -> None:
        """Write how the process ended: "done", "stopped" (it can go on) or "failed"."""
        write_json(self._exit, {"outcome": outcome, "message": message})

    def exit(self) -> dict[str, Any]:
        """How it ended; empty if it was killed, or has not ended."""
        return read_object(self._exit)

    def begin(self) -> None:
        """Forget how it ended before, and who it was."""
        self._exit.unlink(missing_ok=True)
        self._replace({key: value for key, value in self.state().items() if key in ("run", "step", "steps")})

    def open_lock(self) -> IO[bytes]:
        """The file that the process holds as long as it lives, not locked yet."""
        return self._lock.open("ab")

    def is_held(self) -> bool:
        """Whether the process lives."""
        with self.open_lock() as file:
            return not lock(file)

    def last_words(self) -> str:
        """The last line that the process printed: what killed it, if it knew."""
        try:
            lines = self.words.read_bytes()[-4000:].decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1][:300] if lines else ""

    def _replace(self, state: Mapping[str, Any]) -> None:
        temporary = self._state.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(state), "utf-8")
        temporary.replace(self._state)


def lock(file: IO[bytes]) -> bool:
    """Lock a file for as long as it is open here or in a child that it was given to; whether that worked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
