"""What was deleted is only moved aside, so that it can be brought back."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

__all__ = ["Trash"]

KEPT = 30 * 86400  # seconds that deleted things are kept for


class Trash:
    """A folder on the same disk as what is put into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, path: Path) -> None:
        """Move a folder here, at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path.rename(self.folder / f"{path.name}.{time.time_ns()}")

    def restore(self, name: str, target: Path) -> bool:
        """Bring back what was put here last under a name; whether there was anything, and its place was free."""
        found = self._all(name)
        if not found or target.exists():
            return False
        found[-1].rename(target)
        return True

    def sweep(self) -> None:
        """Remove what has lain here for long."""
        for path in self._all(""):
            if time.time() - _since(path) > KEPT:
                shutil.rmtree(path, ignore_errors=True)

    def _all(self, name: str) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if path.name.rpartition(".")[2].isdigit()]
        return sorted((path for path in found if not name or path.name.rpartition(".")[0] == name), key=_since)


def _since(path: Path) -> float:
    return int(path.name.rpartition(".")[2]) / 1e9
