"""The data that a studio holds: a folder for each set, with its files, what was left out, and what a look found."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintage.storage import read_object, write_json
from mintage.studio.naming import tidy_name
from mintage.studio.trash import Trash

__all__ = ["BUILT_IN", "Shelf", "Stored"]

BUILT_IN = {"fashion-mnist": "dcgan-fashion"}  # what comes with Mintage -> the recipe that names it


@dataclass(frozen=True)
class Stored:
    """One set of data. `source` is what `mintage train` takes; `about` is its page's file."""

    name: str
    folder: Path
    is_built_in: bool = False

    @property
    def files(self) -> Path:
        """What was dropped."""
        return self.folder / "files"

    @property
    def previews(self) -> Path:
        """Small pictures, or pieces of text."""
        return self.folder / "previews"

    @property
    def source(self) -> str:
        """What `mintage train` learns from: the folder, or the one file in it."""
        if self.is_built_in:
            return BUILT_IN[self.name]
        entries = [entry for entry in self.files.iterdir() if not entry.name.startswith(".")]
        return str(entries[0] if len(entries) == 1 and entries[0].is_file() else self.files)

    def about(self) -> dict[str, Any]:
        """made, licence, files, bytes, skipped."""
        return read_object(self.folder / "about.json")

    def look(self) -> dict[str, Any]:
        """What a look at it found; empty before there was one."""
        return read_object(self.folder / "look.json")

    def keep_look(self, found: dict[str, Any]) -> None:
        """Keep what a look found."""
        write_json(self.folder / "look.json", found)

    def licence(self, text: str) -> None:
        """Note under which terms it may be used."""
        write_json(self.folder / "about.json", {**self.about(), "licence": text})


class Shelf:
    """All sets of data below one folder."""

    def __init__(self, folder: Path, trash: Path) -> None:
        self.folder, self.trash = folder, Trash(trash)

    def prepare(self) -> None:
        """Clear away what an upload left that was cut off, and what was deleted long ago."""
        for leftover in self.folder.glob(".incoming-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for name in BUILT_IN:
            (self.folder / f".{name}").mkdir(parents=True, exist_ok=True)
        self.trash.sweep()

    def __iter__(self) -> Iterator[Stored]:
        yield from (Stored(name, self.folder / f".{name}", True) for name in BUILT_IN)
        found = [entry for entry in self.folder.iterdir() if (entry / "files").is_dir() and entry.name[0] != "."]
        for entry in sorted(found, key=lambda one: one.name.lower()):
            yield Stored(entry.name, entry)

    def get(self, name: str) -> Stored:
        """A set by name.

        Raises:
            KeyError: there is none of this name.
        """
        if name in BUILT_IN:
            return Stored(name, self.folder / f".{name}", True)
        if not name or name[0] == "." or "/" in name or "\\" in name or "\0" in name:
            raise KeyError(name)
        found = Stored(name, self.folder / name)
        if not found.files.is_dir():
            raise KeyError(name)
        return found

    def new(self) -> Path:
        """A hidden folder to fill, which `keep` makes a set of data."""
        self.folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.folder))
        (made / "files").mkdir()
        return made

    def keep(self, filled: Path, wanted: str, about: dict[str, Any]) -> Stored:
        """Make a filled folder a set of data under a name, or that name with a number; whole or not at all."""
        write_json(filled / "about.json", {"made": time.time(), "licence": "", **about})
        filled.chmod(0o755)
        base = tidy_name(wanted)
        for number in range(1, 10_000):
            name = base if number == 1 else f"{base}-{number}"
            target = self.folder / name
            if name.lower() in BUILT_IN or target.exists():
                continue
            try:
                os.rename(filled, target)  # noqa: PTH104  # fails where something with content came between
            except OSError:
                continue
            return Stored(name, target)
        raise FileExistsError(base)

    def delete(self, name: str) -> None:
        """Put a set into the trash."""
        self.trash.put(self.get(name).folder)

    def restore(self, name: str) -> bool:
        """Bring the set back that was deleted last under a name."""
        return bool(name) and "/" not in name and self.trash.restore(name, self.folder / name)
