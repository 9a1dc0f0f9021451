"""An append-only file of JSON lines on the disk before anyone is told, readable after a crash in mid-line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

__all__ = ["Ledger"]


class Ledger:
    """Rows are added at the end and never changed. A line that a crash tore is passed over and stays alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows in order; lines that are not whole are left out."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            for line in file:
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                if isinstance(row, dict):
                    yield row

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows and wait until the disk has them.

        Raises:
            OSError: the disk is full or not writable.
        """
        data = b"".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for row in rows)
        with self._lock, self.path.open("ab") as file:
            if file.tell() and not self._ends_whole():
                data = b"\n" + data
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
