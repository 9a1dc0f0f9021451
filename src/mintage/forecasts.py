"""What a judge sees of series: forecasts walked forward beside what came, and made stretches beside real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float32, float64
    from numpy.typing import NDArray

__all__ = ["Foresight", "Walk"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Walk:
    """Paths of several forecasters from the same origins, and what came. O origins, n paths, H steps, V variables."""

    ours: str
    stamps: tuple[str, ...]  # (O,)
    last: NDArray[float64]  # (O, V): the levels that paths go on from
    truths: NDArray[float64]  # (O, H, V)
    paths: Mapping[str, NDArray[float32]]  # by forecaster, ours and simple means: (O, n, H, V)
    units: NDArray[float64]  # (V,): what a step usually moves each variable
    overlap: int  # origins in a row whose truths share steps; 1: none do


@dataclass(frozen=True, kw_only=True, eq=False)
class Foresight:
    """The same evidence as series; stretches are moves as the model makes them, in units of their spread."""

    variables: tuple[str, ...]
    far: Walk  # some origins, as many steps ahead as are asked for
    near: Walk | None  # one step ahead, row by row, of what grows; None where nothing does
    made: NDArray[float64]  # (N, T, V)
    real: NDArray[float64]  # (M, T, V): held out
    control: NDArray[float64]  # (K, T, V): of those that were learned from
