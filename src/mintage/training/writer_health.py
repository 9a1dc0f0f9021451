"""Says by name what goes wrong while a model of one player learns by likelihood; it knows only figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from mintage.training.diagnosis import MESSAGES, OF_WRITING, Diagnosis, DiagnosisName

__all__ = ["WriterMonitor"]

_WORSE, _PATIENCE = 0.02, 3  # above the best held-out figure, by so much of it, in so many looks in a row


class WriterMonitor:
    """Watches the nats that training and held-out examples cost, and names what goes wrong, once an episode.

    >>> monitor = WriterMonitor()
    >>> [found.name for found in monitor.observe(100, {"writer/nats": math.nan})]
    ['not_finite']
    """

    def __init__(
        self, player: str = "writer", unit: str = "token", messages: Mapping[str, tuple[str, str]] = OF_WRITING
    ) -> None:
        self.player, self.unit, self.messages = player, unit, messages
        self._best, self._worse = math.inf, 0
        self._active: dict[DiagnosisName, None] = {}

    @property
    def active(self) -> Sequence[str]:
        """The diagnoses whose episodes are going on."""
        return tuple(self._active)

    def observe(self, step: int, figures: Mapping[str, float], samples: NDArray[Any] | None = None) -> list[Diagnosis]:
        """One check of a row's figures: "writer/nats" of what is learned from, "writer/heldout" of the rest."""
        broken = [key for key, value in figures.items() if not math.isfinite(value)]
        if broken:
            return self._say("not_finite", step, broken[0])
        heldout, learned = figures.get(f"{self.player}/heldout"), figures.get(f"{self.player}/nats")
        if heldout is None or learned is None:
            return []
        self._best = min(self._best, heldout)
        is_worse = heldout > self._best * (1 + _WORSE) and learned < heldout
        self._worse = self._worse + 1 if is_worse else 0
        if self._worse >= _PATIENCE:
            then = f"{heldout:.2f} on others, and {self._best:.2f} once"
            detail = f"{learned:.2f} nats a {self.unit} on what it learns, {then}"
            return self._say("overfitting", step, detail)
        if not self._worse:
            self._active.pop("overfitting", None)
        return []

    def observe_score(self, step: int, value: float) -> list[Diagnosis]:
        """Scores of checkpoints say the same as held-out figures."""
        return []

    def _say(self, name: DiagnosisName, step: int, detail: str) -> list[Diagnosis]:
        if name in self._active:
            return []
        self._active[name] = None
        message, advice = self.messages.get(name) or MESSAGES[name]
        return [Diagnosis(name, message.format(detail=detail), advice, step)]
