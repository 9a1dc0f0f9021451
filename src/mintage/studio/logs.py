"""A run's diary as it grows: whole rows from any byte on, for pages that come, go and come back."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from mintage.web.events import Event

__all__ = ["follow", "read_rows"]

LOOK = 0.25  # seconds between two looks
RARELY = 8  # looks without news from one question whether it is over to the next
_AT_ONCE = 4 << 20  # bytes

Row = tuple[dict[str, Any], int]  # and the byte behind it


def read_rows(path: Path, start: int, most: int = _AT_ONCE) -> tuple[list[Row], int]:
    """Rows from a byte on, and the byte behind the last of them.

    A log that a resumed training cut may be shorter than what was seen, or have no line that begins there: then it is
    read from its beginning.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = start if 0 <= start <= size else 0
            if start:
                file.seek(start - 1)
                start = start if file.read(1) == b"\n" else 0
            file.seek(start)
            piece = file.read(most)
            while b"\n" not in piece and (more := file.read(most)):
                piece += more
    except FileNotFoundError:
        return [], 0
    rows: list[Row] = []
    for line in piece[: piece.rfind(b"\n") + 1].splitlines(keepends=True):
        start += len(line)
        try:
            row = json.loads(line)
        except ValueError:  # torn by a crash
            continue
        if isinstance(row, dict):
            rows.append((row, start))
    return rows, start


async def follow(path: Path, start: int, is_over: Callable[[], bool]) -> AsyncIterator[Event]:
    """Rows as events, from a byte on and as they come: "row", or the name of what happened.

    "reset" says that the log was cut and begins anew; "end" that no more rows will come, unless the run is resumed.
    """
    before: tuple[int, int] | None = None
    idle = 0
    while True:
        over = idle % RARELY == 0 and is_over()  # before the rows are read: what was written last counts
        idle += 1
        facts = _facts(path)
        if facts != before:
            if before is not None and facts is not None and (facts[0] != before[0] or facts[1] < start):
                start = 0  # another file of the same name
                yield Event("reset", {}, 0)
            rows, end = await asyncio.to_thread(read_rows, path, start)
            if end < start:
                yield Event("reset", {}, 0)
            for row, at in rows:
                yield Event(str(row.get("event", "row")), row, at)
            start = end
            before = facts
            if rows:
                idle = 0
                continue
        if over:
            yield Event("end", {}, start)
            return
        await asyncio.sleep(LOOK)


def _facts(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size
