"""Checkpoints that are whole or absent: a folder a step, checked by hash, the newest, and the best by score, kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from mintage.errors import RunError
from mintage.storage import new_folder, sha256, write_json

__all__ = ["Checkpoint", "Checkpoints"]

_SAMPLER, _TRAINING, _STATE = "sampler.safetensors", "training.safetensors", "state.json"


class Checkpoint:
    """One saved moment of a run. `state` is what state.json says: step, images, seconds, score."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.state: dict[str, Any] = json.loads((path / _STATE).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{path / _STATE} cannot be read: {error}.") from error

    @property
    def step(self) -> int:
        """How many steps were done."""
        return int(self.state["step"])

    @property
    def score(self) -> float | None:
        """Distance to the held-out data, lower is better; None if it was not measured."""
        return self.state.get("score")

    def sampler(self) -> dict[str, Tensor]:
        """The averaged sampler's state.

        Raises:
            RunError: the file is damaged.
        """
        return self._load(_SAMPLER)

    def training(self) -> dict[str, Tensor]:
        """The state of the game and of its optimisers.

        Raises:
            RunError: the file is damaged.
        """
        return self._load(_TRAINING)

    def check(self) -> None:
        """Compare every file with its hash.

        Raises:
            RunError: a file is missing or damaged.
        """
        for name, expected in self.state["sha256"].items():
            file = self.path / name
            if not file.is_file() or sha256(file) != expected:
                raise RunError(f"{file} is missing or damaged: its hash is not the one in state.json.")

    def _load(self, name: str) -> dict[str, Tensor]:
        try:
            return load_file(self.path / name)
        except (OSError, SafetensorError) as error:
            raise RunError(f"{self.path / name} cannot be read: {error}.") from error


class Checkpoints:
    """The checkpoints of one run, in `folder`."""

    def __init__(self, folder: Path, *, keep_last: int = 2, keep_best: int = 1) -> None:
        self.folder, self.keep_last, self.keep_best = folder, keep_last, keep_best

    def save(
        self, sampler: Mapping[str, Tensor], training: Mapping[str, Tensor], state: Mapping[str, Any]
    ) -> Checkpoint:
        """Write one, then remove those that are neither among the newest nor among the best.

        Raises:
            OSError: the disk is full; what was there before still is.
        """
        path = self.folder / f"{state['step']:07}"
        with new_folder(path) as temporary:
            for name, tensors in ((_SAMPLER, sampler), (_TRAINING, training)):
                save_file({key: t.detach().contiguous().cpu() for key, t in tensors.items()}, temporary / name)
            hashes = {name: sha256(temporary / name) for name in (_SAMPLER, _TRAINING)}
            write_json(temporary / _STATE, {**state, "sha256": hashes})
        self._prune()
        return Checkpoint(path)

    def all(self) -> list[Checkpoint]:
        """Every readable checkpoint, oldest first; those without a readable state are left out."""
        found = []
        for path in sorted(self.folder.glob("[0-9]*")):
            try:
                found.append(Checkpoint(path))
            except RunError:
                continue
        return found

    def latest(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest undamaged checkpoint, and a sentence for each damaged one that was passed over."""
        complaints = []
        for path in sorted(self.folder.glob("[0-9]*"), reverse=True):
            try:
                checkpoint = Checkpoint(path)
                checkpoint.check()
            except RunError as error:
                complaints.append(f"{error} Falling back to the checkpoint before it.")
            else:
                return checkpoint, complaints
        return None, complaints

    def best(self) -> Checkpoint | None:
        """The one with the lowest score, or the newest if none has a score."""
        everyone = self.all()
        scored = _by_score(everyone)
        return scored[0] if scored else (everyone[-1] if everyone else None)

    def _prune(self) -> None:
        everyone = self.all()
        kept = {c.path for c in everyone[-self.keep_last :]}
        kept |= {c.path for c in _by_score(everyone)[: self.keep_best]}
        for checkpoint in everyone:
            if checkpoint.path not in kept:
                shutil.rmtree(checkpoint.path, ignore_errors=True)
        for leftover in self.folder.glob(".*.tmp"):  # of a process that was killed while writing
            shutil.rmtree(leftover, ignore_errors=True)


def _by_score(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Those with a score, best first; of equals the newer."""
    scored = [(c.score, -c.step, c) for c in checkpoints if c.score is not None]
    return [c for *_, c in sorted(scored, key=lambda row: row[:2])]
