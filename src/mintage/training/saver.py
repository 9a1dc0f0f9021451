"""Saves checkpoints on a schedule and at the end, with the score that decides which of them is the best."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from mintage.training.checkpoint import Checkpoints
from mintage.training.loop import Loop

__all__ = ["Saver"]


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
        score: Callable[[], Mapping[str, float]] | None = None,
        tell: Callable[[dict[str, Any]], None] = lambda event: None,
    ) -> None:
        self.loop, self.checkpoints, self.seconds, self.score, self.tell = loop, checkpoints, seconds, score, tell
        self._last_time, self._last_step = time.perf_counter(), loop.step

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

    def _write(self, sampler: Mapping[str, Tensor], training: Mapping[str, Tensor], state: dict[str, Any]) -> bool:
        if self.score is not None:
            scores = self.score()
            (state["score"],) = scores.values()
            self.tell({"event": "score", "step": state["step"], "name": next(iter(scores)), "value": state["score"]})
        try:
            self.checkpoints.save(sampler, training, state)
        except OSError as error:
            message = f"The checkpoint of step {state['step']} could not be written: {error}. Free some space."
            self.tell({"event": "not_saved", "step": state["step"], "message": message})
            return False
        self.tell({"event": "checkpoint", "step": state["step"]})
        return True
