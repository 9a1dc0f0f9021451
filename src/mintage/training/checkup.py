"""Looks at the game between steps: frames of the film, and figures and samples for the health monitor."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mintage.contracts import Batch
from mintage.sampling import FixedDraw
from mintage.training.health import HealthMonitor
from mintage.training.loop import Loop

__all__ = ["Checkup"]

Row = Mapping[str, Any]


class Checkup:
    """Feeds the monitor with each row's figures and, every few seconds, with samples and held-out figures.

    The samples are those of the live generator, since an average hides a collapse. Use it as a sink of a Recorder.
    """

    def __init__(
        self,
        loop: Loop,
        monitor: HealthMonitor,
        look: FixedDraw,
        heldout: Batch | None,
        *,
        tell: Callable[[Row], None],
        every: float = 5.0,
    ) -> None:
        self.loop, self.monitor, self.look, self.heldout = loop, monitor, look, heldout
        self.tell, self.every = tell, every
        self._last = time.perf_counter()

    def __call__(self, row: Row) -> None:
        figures = {key: float(value) for key, value in row.items() if "/" in key}
        samples = None
        now = time.perf_counter()
        if now - self._last >= self.every:
            self._last = now
            samples = self._samples()
            figures |= self._heldout_figures()
        for diagnosis in self.monitor.observe(int(row["step"]), figures, samples):
            self.tell(diagnosis.row())

    def _samples(self) -> NDArray[np.uint8]:
        x = self.look.of(self.loop.game.sampler)
        if x.is_floating_point():
            x = ((x.clamp(-1, 1) + 1) * 127.5).round()
        return x.to(torch.uint8).movedim(1, -1).numpy()  # (n, H, W, C)

    def _heldout_figures(self) -> dict[str, float]:
        if self.heldout is None:
            return {}
        game = self.loop.game
        training = {name: player.training for name, player in game.players.items()}
        for player in game.players.values():
            player.eval()
        figures = {name: float(value) for name, value in game.examine(self.heldout).items()}
        for name, player in game.players.items():
            player.train(training[name])
        return figures
