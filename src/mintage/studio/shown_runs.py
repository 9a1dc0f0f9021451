"""What pages show of runs: facts, recipe, health, verdict, checkpoints; read from their folders, which alone know."""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mintage.errors import RunError
from mintage.run import RunDirectory, makes_of
from mintage.studio.logs import read_rows
from mintage.studio.trash import Trash

__all__ = ["ShownRuns", "is_fresh"]

_SAFE = re.compile(r"[\w .()+-]{1,200}$")
_FILES = re.compile(r"(samples|scores)/[\w.-]+\.(png|webp|txt|json|mp4)$|report\.html$|card\.md$")


class ShownRuns:
    """All runs below a folder; what is expensive to read is kept until the file changes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.trash = folder, Trash(folder / ".trash")
        self._scores: dict[Path, tuple[tuple[int, int], tuple[float | None, int]]] = {}

    def __iter__(self) -> Iterator[RunDirectory]:
        """Newest first."""
        found = [one for one in self.folder.iterdir() if one.name[0] != "." and (one / "recipe.toml").is_file()]
        yield from (RunDirectory(path) for path in sorted(found, key=_number, reverse=True))

    def get(self, name: str) -> RunDirectory:
        """A run by the name of its folder.

        Raises:
            KeyError: there is none.
        """
        if not _SAFE.match(name) or name[0] == "." or not (self.folder / name / "recipe.toml").is_file():
            raise KeyError(name)
        return RunDirectory(self.folder / name)

    def file(self, run: RunDirectory, path: str) -> Path:
        """One of the files of a run that pages may see.

        Raises:
            KeyError: it is not one of those, or not there.
        """
        found = run.path / path
        if not _FILES.match(path) or not found.is_file() or found.is_symlink():
            raise KeyError(path)
        return found

    def row(self, run: RunDirectory) -> dict[str, Any]:
        """A line of the list."""
        facts = run.read_facts()
        score, step = self._progress(run)
        return {
            "id": run.path.name, "name": facts.get("name") or run.path.name, "makes": makes_of(facts),
            "translates": bool(facts.get("translates")), "classes": facts.get("classes", []),
            "shape": facts.get("shape", []), "created": facts.get("created", ""),
            "steps": max(int(facts.get("steps", 0)), step), "finished": bool(facts.get("finished")),
            "seconds": facts.get("seconds", 0.0), "score": score, "cover": self._cover(run),
            "data": facts.get("data", {}).get("path", ""),
        }  # fmt: skip

    def page(self, run: RunDirectory) -> dict[str, Any]:
        """All that a page of one run shows, but for its rows."""
        rows = [row for row, _ in _all_rows(run.log)]
        health = [
            {key: row.get(key) for key in ("name", "message", "advice", "step")}
            for row in rows if row.get("event") in ("diagnosis", "health")
        ]  # fmt: skip
        recipe = tomllib.loads(run.recipe.read_text("utf-8"))
        return {
            **self.row(run), "facts": run.read_facts(), "recipe": recipe, "health": health,
            "planned": recipe.get("training", {}).get("steps", 0), "verdict": _verdict(run),
            "checkpoints": _checkpoints(run), "samples": _samples(run), "has_report": run.report.is_file(),
            "reals": next((_below(run, file) for file in (run.reals, run.real_texts) if file.is_file()), None),
            "film": _below(run, run.film) if run.film.is_file() else None,
            "looks": [_below(run, file) for file in sorted(run.scores.glob("*.png"))],
            "rows_end": run.log.stat().st_size if run.log.is_file() else 0, "training": is_fresh(run.log, 30.0),
        }  # fmt: skip

    def delete(self, run: RunDirectory) -> None:
        """Put a run into the trash.

        Raises:
            RunError: it is being trained.
        """
        if is_held(run):
            raise RunError(f"{run.path.name} is being trained. Pause or cancel its job first.")
        self.trash.put(run.path)

    def _progress(self, run: RunDirectory) -> tuple[float | None, int]:
        """The best score, and the step of the newest row."""
        try:
            facts = run.log.stat()
        except OSError:
            return None, 0
        stamp = (facts.st_size, facts.st_mtime_ns)
        known = self._scores.get(run.path)
        if known is None or known[0] != stamp:
            rows = [row for row, _ in _all_rows(run.log)]
            bests = [row["value"] for row in rows if row.get("event") == "score" and row.get("best")]
            steps = [row["step"] for row in rows if isinstance(row.get("step"), int)]
            known = stamp, (bests[-1] if bests else None, max(steps, default=0))
            self._scores[run.path] = known
        return known[1]

    def _cover(self, run: RunDirectory) -> str | None:
        pictures = [one["file"] for one in _samples(run) if one["file"].endswith(".png")]
        return f"/api/runs/{run.path.name}/files/{pictures[-1]}" if pictures else None


def is_held(run: RunDirectory) -> bool:
    """Whether a process trains it now."""
    try:
        with run.locked():
            return False
    except (RunError, OSError):
        return True


def is_fresh(file: Path, seconds: float) -> bool:
    """Whether a file was written to of late; a look at the lock instead could keep a training from starting."""
    try:
        return time.time() - file.stat().st_mtime < seconds
    except OSError:
        return False


def _number(path: Path) -> tuple[int, str]:
    found = re.match(r"\d+", path.name)
    return int(found[0]) if found else -1, path.name


def _below(run: RunDirectory, file: Path) -> str:
    return file.relative_to(run.path).as_posix()


def _all_rows(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    start = 0
    while True:
        rows, end = read_rows(path, start)
        yield from rows
        if end <= start:
            return
        start = end


def _samples(run: RunDirectory) -> list[dict[str, Any]]:
    found = [file for file in run.samples.glob("[0-9]*.*") if file.stem.isdigit() and file.suffix in (".png", ".txt")]
    return [{"step": int(file.stem), "file": _below(run, file)} for file in sorted(found)]


def _checkpoints(run: RunDirectory) -> list[dict[str, Any]]:
    found = []
    for folder in sorted(run.checkpoints.glob("[0-9]*")):
        try:
            state = json.loads((folder / "state.json").read_text("utf-8"))
            found.append({"step": int(state["step"]), "score": state.get("score")})
        except (OSError, ValueError, KeyError, TypeError):
            continue
    scored = [one for one in found if one["score"] is not None]
    best = min(scored, key=lambda one: (one["score"], -one["step"])) if scored else (found[-1] if found else None)
    return [{**one, "chosen": one is best} for one in found]


def _verdict(run: RunDirectory) -> Mapping[str, Any] | None:
    """The newest verdict, whole."""
    verdicts = []
    for file in run.scores.glob("*.json"):
        try:
            values = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(values, dict) and "scores" in values and "protocol" in values:
            verdicts.append(values)
    return max(verdicts, key=lambda one: (str(one.get("created", "")), one.get("step") or 0), default=None)
