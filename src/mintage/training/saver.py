"""Saves checkpoints on a schedule and at the end, with the score that decides which of them is the best."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from torch import Tensor

from mintage.training.checkpoint import Checkpoints
from mintage.training.loop import Loop

__all__ = ["CheckpointScore", "Saver"]


class CheckpointScore(Protocol):
    """What tells checkpoints apart: lower is better."""

    name: str
    words: str  # what the lowest one is, in words

    def __call__(self) -> float: ...


class Saver:
    """A checkpoint every so many seconds or steps; `save` makes one now.

    A state with a weight that is not finite is never saved. A full disk is told to `tell` and tried again at the next
    turn: training goes on, and the checkpoints before are untouched.
    """

    def __init__(
        self,
        loop: Loop,
        checkpoints: Checkpoints,
        *,
        seconds: Callable[[], float],
        score: CheckpointScore | None = None,
        tell: Callable[[dict[str, Any]], None] = lambda event: None,
    ) -> None:
        self.loop, self.checkpoints, self.seconds, self.score, self.tell = loop, checkpoints, seconds, score, tell
        self._last_time, self._last_step = time.perf_counter(), loop.step
        best = checkpoints.best()
        self._best = math.inf if best is None or best.state.get("score") is None else float(best.state["score"])
        self.stale = 0  # scores in a row that were no better than the best

    def on_step(self, step: int, seen: Mapping[str, Tensor]) -> None:
        settings = self.loop.settings
        if settings.checkpoint_every is not None:
            due = step % settings.checkpoint_every == 0
        else:
            due = time.perf_counter() - self._last_time >= settings.checkpoint_seconds
        if due or step == settings.steps:
            self.save()

    def save(self) -> bool:
        """Save now unless this step is saved already; returns whether the newest state is on the disk."""
        if self._last_step == self.loop.step:
            return True
        state: dict[str, Any] = {"step": self.loop.step, "images": self.loop.images, "seconds": self.seconds()}
        training, sampler = self.loop.state_dict(), self.loop.averager.state_dict()
        finite = all(bool(t.isfinite().all()) for t in (*training.values(), *sampler.values()))
        saved = finite and self._write(sampler, training, state)
        self._last_time = time.perf_counter()
        if saved:
            self._last_step = self.loop.step
        return saved

    def _is_one_of_several(self, step: int) -> bool:
        """A lone checkpoint needs no score to be the best."""
        return step < self.loop.settings.steps or bool(self.checkpoints.all())

    def _write(self, sampler: Mapping[str, Tensor], training: Mapping[str, Tensor], state: dict[str, Any]) -> bool:
        if self.score is not None and self._is_one_of_several(state["step"]):
            state["score"] = value = self.score()
            is_best = value < self._best
            self._best, self.stale = (value, 0) if is_best else (self._best, self.stale + 1)
            row = {"event": "score", "step": state["step"], "name": self.score.name, "value": float(f"{value:.5g}")}
            self.tell(row | {"best": is_best, "words": self.score.words})
        try:
            self.checkpoints.save(sampler, training, state)
        except OSError as error:
            message = f"The checkpoint of step {state['step']} could not be written: {error}. Free some space."
            self.tell({"event": "not_saved", "step": state["step"], "message": message})
            return False
        self.tell({"event": "checkpoint", "step": state["step"]})
        return True
