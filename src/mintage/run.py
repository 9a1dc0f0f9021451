"""The layout of a run directory; no other file knows where in a run a thing lies."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mintage.errors import RunError

__all__ = ["FANS", "LIKENESS", "NEAREST", "PORTRAIT", "RunDirectory", "makes_of"]

NEAREST, PORTRAIT, LIKENESS, FANS = (
    "nearest.png",
    "portrait.json",
    "likeness.json",
    "fans.png",
)  # beside scores: what should be looked at


class RunDirectory:
    """A folder such as `runs/0003-dcgan-fashion` and the names of all that a run keeps in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.toml"
        self.facts = path / "run.json"
        self.codec = path / "codec.json"
        self.origin_codec = path / "codec-origin.json"  # of the pictures that a translation starts from
        self.data_report = path / "data.json"
        self.log = path / "log.jsonl"
        self.samples = path / "samples"
        self.reals = self.samples / "reals.png"
        self.real_texts = self.samples / "reals.txt"
        self.film = self.samples / "film.webp"
        self.film_mp4 = self.samples / "film.mp4"
        self.checkpoints = path / "checkpoints"
        self.scores = path / "scores"
        self.nearest = self.scores / NEAREST
        self.portrait = self.scores / PORTRAIT
        self.likeness = self.scores / LIKENESS
        self.fans = self.scores / FANS
        self.translations = self.scores / "translations.png"
        self.report = path / "report.html"
        self.card = path / "card.md"

    @classmethod
    def create(cls, root: Path, name: str) -> RunDirectory:
        """Make the next numbered folder under `root`; two runs that start at once get two folders."""
        root.mkdir(parents=True, exist_ok=True)
        while True:
            numbers = [int(m[1]) for entry in root.iterdir() if (m := re.match(r"(\d{4,})-", entry.name))]
            path = root / f"{max(numbers, default=0) + 1:04}-{name}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            run = cls(path)
            for folder in (run.samples, run.checkpoints, run.scores):
                folder.mkdir()
            return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """An existing run.

        Raises:
            RunError: the folder is not a run; the message names the newest run nearby.
        """
        run = cls(path)
        if run.recipe.is_file():
            return run
        if not path.exists():
            near = sorted(path.parent.glob(f"{path.name[:4]}*/recipe.toml")) if path.parent.is_dir() else []
            hint = (
                f" Did you mean {near[-1].parent}?" if near else " Runs are kept in runs/ unless --out says otherwise."
            )
            raise RunError(f"There is no run at {path}.{hint}")
        inner = sorted(path.glob("*/recipe.toml"))
        hint = f" Did you mean {inner[-1].parent}?" if inner else ""
        raise RunError(f"{path} is not a run: it has no recipe.toml.{hint}")

    def sample_sheet(self, step: int) -> Path:
        """The grid of samples after so many steps."""
        return self.samples / f"{step:07}.png"

    def sample_sheets(self) -> list[Path]:
        """All grids of samples, in the order of training."""
        return sorted(self.samples.glob("[0-9]*.png"))

    def sample_text(self, step: int) -> Path:
        """What it wrote after so many steps."""
        return self.samples / f"{step:07}.txt"

    def sample_texts(self) -> list[Path]:
        """All that it wrote, in the order of training."""
        return sorted(self.samples.glob("[0-9]*.txt"))

    def read_facts(self) -> dict[str, Any]:
        """What run.json says; empty before training began."""
        return json.loads(self.facts.read_text("utf-8")) if self.facts.is_file() else {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process; the lock goes with the process, however it ends.

        Raises:
            RunError: another process trains this run.
        """
        file = (self.path / ".lock").open("w")
        try:
            if not _lock(file.fileno()):
                raise RunError(f"{self.path} is being trained by another process. Wait for it, or stop it first.")
            yield
        finally:
            file.close()


def makes_of(facts: Mapping[str, Any]) -> str:
    """What a run makes, by its facts; those of older versions tell pictures from text by the shape alone."""
    return str(facts.get("makes") or ("text" if len(facts.get("shape", ())) == 1 else "pictures"))


def _lock(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
