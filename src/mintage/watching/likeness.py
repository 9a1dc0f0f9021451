"""Moves of made series beside real ones: kept as quantiles and autocorrelations, told as HTML for the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mintage.storage import write_json
from mintage.watching.curves import svg_curves
from mintage.watching.page import figure, picture
from mintage.watching.portrait_charts import STYLE, quantile_plot

__all__ = ["likeness_parts", "write_likeness"]

Values = NDArray[np.float64]

_MOST_VARIABLES = 12
_QUANTILES = (0.002, 0.005, 0.01, 0.02, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.98, 0.99, 0.995, 0.998)
_LAGS = 20


def write_likeness(path: Path, variables: Sequence[str], real: Values, made: Values) -> None:
    """Keep quantiles of moves and their autocorrelations. Shape: (N, T, V), (M, T, V)."""
    sides = {"real": real, "made": made}
    lags = min(_LAGS, real.shape[1] // 2)
    value = {
        "stretches": {name: len(side) for name, side in sides.items()},
        "quantiles": {
            variable: {
                name: np.quantile(side[..., place], _QUANTILES).round(4).tolist() for name, side in sides.items()
            }
            for place, variable in enumerate(variables[:_MOST_VARIABLES])
        },
        "moves": {name: _memory(side, lags) for name, side in sides.items()},
        "sizes": {name: _memory(np.abs(side), lags) for name, side in sides.items()},
    }
    write_json(path, value)


def likeness_parts(path: Path, fans: Path) -> list[str]:
    """The fans, the quantile plots and the autocorrelations as parts of a page; nothing where they are missing."""
    parts = []
    if fans.is_file():
        image = picture(fans, "Fans of the last held-out forecast, one panel a variable, with what came")
        parts.append(figure(image, "Held out and foretold", "Black was known, blue was foretold, red is what came."))
    try:
        return [*parts, *_told(json.loads(path.read_text("utf-8")))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return parts


def _told(value: Mapping[str, Any]) -> list[str]:
    counts = value["stretches"]
    charts = {
        "Memory of moves": (value["moves"], "How much a move foretells the next ones; near 0 where prices are fair."),
        "Memory of their size": (value["sizes"], "How long large moves follow large moves."),
    }
    drawn = [
        figure(
            svg_curves(
                {name: list(enumerate(each, 1)) for name, each in curves.items()},
                title=title, x_label="steps", marks={"none": 0.0},
            ),
            title, words,
        )
        for title, (curves, words) in charts.items()
    ]  # fmt: skip
    plots = "".join(quantile_plot(name, each) for name, each in value["quantiles"].items())
    return [
        f"<style>{STYLE}</style><h3>Autocorrelation</h3>"
        f"<p>{counts['made']:,} made stretches beside {counts['real']:,} held-out ones, the mean of all variables.</p>"
        f'<div class="pair">{"".join(drawn)}</div>',
        "<h3>Quantiles of the moves</h3><p>Q-Q plots, from 0.2 to 99.8 %: on the line, a made move is as common as a "
        f'real one. Ends that bend to the level mean that extremes are too rare.</p><div class="bars-of">{plots}</div>',
    ]


def _memory(x: Values, lags: int) -> list[float]:
    """Autocorrelations at 1 .. lags within stretches, the mean of all variables. Shape: (N, T, V)."""
    x = x - x.mean((0, 1))
    power = np.maximum((x**2).mean((0, 1)), 1e-12)
    return [round(float(((x[:, lag:] * x[:, :-lag]).mean((0, 1)) / power).mean()), 4) for lag in range(1, lags + 1)]
