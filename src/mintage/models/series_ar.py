"""An autoregressive model of series: the law of every step from trends and volatilities of its past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.next_step import NextStep, PathSampler, Window
from mintage.layers.across_variables import windows_of
from mintage.layers.past import num_features
from mintage.layers.step_law import StepLaw

__all__ = ["SeriesAR"]


class SeriesAR(Settings):
    """Path-dependent volatility (Guyon and Lekeufack, 2023) with learned mixtures, jointly over the variables.

    Choose it for prices, sensors and patients: it foretells, draws scenarios and says how likely a history was. It is
    small, for time lines are short: learned in minutes on one core.
    """

    width: int = Field(48, ge=1)
    """Units of the network that all variables share."""
    components: int = Field(8, ge=1)
    """Normal laws that a step's is mixed of."""
    half_lives: tuple[float, ...] = (1.0, 4.0, 15.0, 60.0, 200.0)
    """Steps after which a move counts half, of each running mean."""
    lags: int = Field(4, ge=1)
    """Last steps that are seen one by one."""
    surprises: Literal["history", "law"] = "history"
    """Whose the surprises of paths are: those that history had, given the law, of one time for all variables, or the
    law's own."""
    smoothing: float = Field(0.1, ge=0, lt=1)
    """How far a surprise of history is blurred, as a share of its deviation: 0 repeats it as it was."""
    recent: float = Field(0.5, ge=0, le=1)
    """Share of the surprises of a path that are those of the history that it goes on from, if that has 270 steps."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of units that are left out while learning."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 16, "lr": 3e-3, "betas": (0.9, 0.99), "warmup": 30, "decay_from": 0.3, "decay_to": 0.02,
        "ema_half_life": 500.0, "max_gradient": 1.0, "precision": "float32",
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({"width": 48}, 0), Rung({"width": 96}, 2_000))

    def build(self, spec: DataSpec) -> NextStep:
        """The game for this data.

        Raises:
            SpecError: the data is no windows of real values.
        """
        length, variables, known = windows_of(spec, "SeriesAR")
        features = num_features(len(self.half_lives), self.lags) + known
        smoothing = self.smoothing if self.surprises == "history" else None
        law = StepLaw(variables, features, self.lags, self.width, self.components, self.dropout)
        return NextStep(PathSampler(law, Window(self.half_lives, self.lags, length, known, smoothing, self.recent)))
