"""The folders that a studio works in: what was dropped, what is being made, the gallery, and the runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """`home` is the studio's own folder ("studio"), `runs` is where every training writes ("runs")."""

    home: Path
    runs: Path

    @property
    def data(self) -> Path:
        """Dropped data, a folder each."""
        return self.home / "data"

    @property
    def jobs(self) -> Path:
        """The database of jobs, and a folder for each job's words and output."""
        return self.home / "jobs"

    @property
    def gallery(self) -> Path:
        """What was made and kept."""
        return self.home / "gallery"

    def prepare(self) -> None:
        """Make what is missing."""
        for folder in (self.data, self.jobs, self.gallery, self.runs):
            folder.mkdir(parents=True, exist_ok=True)
