"""Looks at the game between steps: frames of the film, and figures and samples for the health monitor."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from mintage.contracts import Batch
from mintage.sampling import FixedDraw
from mintage.training.diagnosis import Diagnosis
from mintage.training.loop import Loop

__all__ = ["Checkup", "Monitor"]

Row = Mapping[str, Any]


class Monitor(Protocol):
    """What names the troubles of one kind of game."""

    @property
    def active(self) -> Sequence[str]: ...
    def observe(
        self, step: int, figures: Mapping[str, float], samples: NDArray[Any] | None = None
    ) -> list[Diagnosis]: ...
    def observe_score(self, step: int, value: float) -> list[Diagnosis]: ...


class Checkup:
    """Feeds the monitor with each row's figures and, every few seconds, with samples and held-out figures.

    The samples are those of the live generator, since an average hides a collapse; without a `look` there are none.
    Its two methods are sinks of a Recorder: `enrich` before the log, the object itself after it.
    """

    def __init__(
        self,
        loop: Loop,
        monitor: Monitor,
        look: FixedDraw | None,
        heldout: Batch | None,
        *,
        tell: Callable[[Row], None],
        every: float = 5.0,
    ) -> None:
        self.loop, self.monitor, self.look, self.heldout = loop, monitor, look, heldout
        self.tell, self.every = tell, every
        self._last, self._looks = time.perf_counter(), False

    def enrich(self, row: dict[str, Any]) -> None:
        """Add the held-out figures to a row, when it is time to look."""
        now = time.perf_counter()
        self._looks = now - self._last >= self.every
        if self._looks:
            self._last = now
            row |= {name: float(f"{value:.5g}") for name, value in self._heldout_figures().items()}

    def __call__(self, row: Row) -> None:
        figures = {key: float(value) for key, value in row.items() if "/" in key}
        before = set(self.monitor.active)
        found = self.monitor.observe(int(row["step"]), figures, self._samples() if self._looks else None)
        for diagnosis in found:
            self.tell(diagnosis.row())
        for name in before - set(self.monitor.active):
            self.tell({"event": "recovered", "step": row["step"], "name": name})

    def _samples(self) -> NDArray[np.uint8] | None:
        if self.look is None:
            return None
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
