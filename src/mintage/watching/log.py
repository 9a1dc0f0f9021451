"""A run's diary: one JSON object a line, appended as it happens, readable after any crash."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mintage.storage import write_bytes

__all__ = ["Log", "cut", "read"]


class Log:
    """Appends rows to log.jsonl; each row is with the system before `append` returns.

    Numbers that are not finite are written as null, since JSON has no word for them.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.jsonl"
    >>> with Log(path) as log:
    ...     log.append({"step": 100, "discriminator/adversarial": 0.91})
    >>> read(path)
    [{'step': 100, 'discriminator/adversarial': 0.91}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_torn_end(path)
        self._file = path.open("a", encoding="utf-8", newline="\n", buffering=1)

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row; values may be numbers of numpy or torch."""
        plain = {key: _plain(value) for key, value in row.items()}
        self._file.write(json.dumps(plain, ensure_ascii=False, allow_nan=False) + "\n")

    def close(self) -> None:
        """Hand the rows to the disk and close the file."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def read(path: Path) -> list[dict[str, Any]]:
    """All whole rows; a line torn by a crash is left out, a missing file is an empty log."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_bytes().split(b"\n"):
        try:
            row = json.loads(line)
        except ValueError:  # torn, or zeros after a power cut
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def cut(path: Path, step: int) -> None:
    """Drop what came after `step`, so that a run resumed from there does not tell it twice; atomic.

    Rows without a step stay.
    """
    rows = read(path)
    kept = [row for row in rows if not isinstance(row.get("step"), int | float) or row["step"] <= step]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    write_bytes(path, text.encode())


def _plain(value: Any) -> Any:
    """A value that JSON knows: numbers of numpy and torch become Python's."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value


def _drop_torn_end(path: Path) -> None:
    """A line that a crash left without its end would swallow the next row."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        tail_at = size
        tail = b""
        while tail_at > 0 and b"\n" not in tail:
            tail_at = max(0, tail_at - 4096)
            file.seek(tail_at)
            tail = file.read(size - tail_at)
        whole = tail_at + tail.rfind(b"\n") + 1
        if whole < size:
            file.truncate(whole)
