"""Turns what the loop shows into rows: window means that are read from the device about once a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from mintage.errors import TrainingDiverged
from mintage.training.loop import Loop

__all__ = ["Recorder"]

Row = dict[str, Any]


class Recorder:
    """Means over the steps since the last row, sent to every sink (log, live view, TensorBoard, health).

    Sinks see a row before an unfinite one ends the training, so that they can say why.

    Raises (from `on_step`):
        TrainingDiverged: a mean is not finite; nothing after the last checkpoint is kept.
    """

    def __init__(
        self, loop: Loop, sinks: Sequence[Callable[[Row], None]], *, seconds_before: float = 0, every: float = 1.0
    ) -> None:
        self.loop, self.sinks, self.every = loop, sinks, every
        self.seconds_before, self.started = seconds_before, time.perf_counter()
        self._last_time, self._last_step = self.started, loop.step
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    @property
    def seconds(self) -> float:
        """Seconds of training, over all the times this run was resumed."""
        return self.seconds_before + time.perf_counter() - self.started

    def on_step(self, step: int, seen: Mapping[str, Tensor]) -> None:
        for name, value in seen.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1
        now = time.perf_counter()
        if now - self._last_time >= self.every or step == self.loop.settings.steps:
            self._flush(step, now)

    def _flush(self, step: int, now: float) -> None:
        figures = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        images = (step - self._last_step) * self.loop.settings.batch
        rate = images / max(now - self._last_time, 1e-9)
        row: Row = {"step": step, "images": self.loop.images, "seconds": round(self.seconds, 2), "rate": round(rate, 1)}
        row |= {name: float(f"{value:.5g}") for name, value in figures.items()}
        self._sums, self._counts = {}, {}
        self._last_time, self._last_step = now, step
        for sink in self.sinks:
            sink(row)
        broken = sorted(name for name, value in figures.items() if not math.isfinite(value))
        if broken:
            raise TrainingDiverged(
                f"Training diverged: {', '.join(broken)} stopped being finite near step {step}. The last good "
                "checkpoint is kept. Resume it with a lower training.lr."
            )
