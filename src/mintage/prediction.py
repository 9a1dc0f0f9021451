"""A run of series at work: scenarios that go on from the end of its whole history, and forecasts by their quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mintage.codecs.series import Series
from mintage.errors import ConfigError, DataError
from mintage.forecasting import Forecaster, by_sampler
from mintage.opening import open_data
from mintage.sampling import ForecastSampler
from mintage.seeding import derive
from mintage.series_data import SeriesData
from mintage.storage import cache_folder, write_image
from mintage.tabular.files import needs_pandas, write_frames
from mintage.timeline.ahead import stamps_after
from mintage.timeline.lines import Line, Panel
from mintage.trained import Trained
from mintage.watching.fans import draw_fans

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["LEVELS", "Forecast", "Prospect", "forecaster_of", "series_of"]

LEVELS = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
_PART = 250  # paths that are drawn at a time, always whole: path i of a seed does not depend on how many are asked for
_PANELS = 8  # variables of a picture
_KNOWN = 3  # horizons of history beside a fan
_MOST_PICTURES = 40

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Quantiles of what may come, for each variable and step, and the fans that show them."""

    frame: DataFrame  # step, date where it is known, entity if any, variable, a column each quantile
    horizon: int
    paths: int
    seed: int
    known: Mapping[str, Values]  # by entity: the end of the history, (C, V)
    drawn: Mapping[str, Values]  # by entity: the paths, (n, H, V)
    variables: tuple[str, ...]

    def save(self, folder: str | Path) -> Path:
        """Write forecast.csv and a picture of fans for every eight variables; returns the folder."""
        folder = Path(folder)
        write_frames([self.frame], folder / "forecast.csv")
        pictures = [(name, first) for name in self.drawn for first in range(0, len(self.variables), _PANELS)]
        for number, (name, first) in enumerate(pictures[:_MOST_PICTURES], 1):
            shown = slice(first, first + _PANELS)
            titles = [f"{name} {variable}".strip() for variable in self.variables[shown]]
            picture = draw_fans(titles, self.known[name][:, shown], self.drawn[name][..., shown])
            write_image(folder / f"fan-{number:02}.png", picture)
        return folder


@dataclass(frozen=True, eq=False)
class Prospect:
    """What a trained forecaster says of the time after the last row of its file, as the file is now."""

    trained: Trained
    horizon: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ConfigError(f"{self.horizon} steps ahead cannot be foretold. Ask for one or more.")

    def scenarios(self, n: int) -> Iterator[DataFrame]:
        """Paths 0 .. n - 1 as tables, part by part: scenario, step, date, entity, variables."""
        import pandas as pd

        for first in range(0, n, _PART):
            count = min(_PART, n - first)
            parts = [self._scenarios_of(line, first, count) for line in self.lines]
            whole = pd.concat(parts, ignore_index=True)
            yield whole.sort_values("scenario", kind="stable", ignore_index=True)

    def forecast(self, n: int) -> Forecast:
        """Quantiles over `n` paths.

        Raises:
            ConfigError: fewer than 40 paths, which have no 2.5 % quantile.
        """
        import pandas as pd

        if n * LEVELS[0] < 1:
            raise ConfigError(f"{n} paths have no quantile of {LEVELS[0]:.1%}. Ask for 40 or more, better 1,000.")
        drawn, parts = {}, []
        for line in self.lines:
            paths = np.concatenate(
                [self._paths(line, first, min(_PART, n - first)) for first in range(0, n, _PART)]
            )  # (n, H, V)
            drawn[line.entity] = paths
            ends = np.quantile(paths, LEVELS, axis=0, method="weibull")  # fair to any number of paths
            for place, name in enumerate(self.codec.variables):
                rounded = ends[..., place].round(self.codec.precisions[place] + 1)
                columns = {f"{100 * level:g}%": rounded[at] for at, level in enumerate(LEVELS)}
                parts.append(self._stamped(line, 1, {"variable": name, **columns}))
        known = {line.entity: line.values[-_KNOWN * self.horizon - 1 :] for line in self.lines}
        frame = pd.concat(parts, ignore_index=True)
        return Forecast(frame, self.horizon, n, self.seed, known, drawn, self.codec.variables)

    @property
    def codec(self) -> Series:
        """How variables are looked at."""
        return cast(Series, self.trained.codec)

    @cached_property
    def panel(self) -> Panel:
        """The whole history as the file holds it now; rows may have come since the training."""
        panel = series_of(self.trained).packed
        if panel.variables != self.codec.variables:
            raise DataError(
                f"The file now has the variables {', '.join(panel.variables)}, but {self.trained.run.path} learned "
                f"{', '.join(self.codec.variables)}. Put the old columns back, or train anew."
            )
        return panel

    @cached_property
    def lines(self) -> list[Line]:
        """The last line of each entity: what has no gap before its end."""
        return list({line.entity: line for line in self.panel.lines}.values())

    @cached_property
    def _forecaster(self) -> Forecaster:
        return forecaster_of(self.trained)

    def _paths(self, line: Line, first: int, count: int) -> Values:
        """Shape: (count, horizon, V)."""
        seed = derive(self.seed, "scenarios", line.entity, first)
        return self._forecaster(line, _PART, self.horizon, seed)[:count]

    def _scenarios_of(self, line: Line, first: int, count: int) -> DataFrame:
        paths = self._paths(line, first, count).reshape(count * self.horizon, -1)
        digits = self.codec.precisions
        columns: dict[str, Any] = {
            name: paths[:, place].round(digits[place]) for place, name in enumerate(self.codec.variables)
        }
        frame = self._stamped(line, count, columns)
        frame.insert(0, "scenario", first + np.repeat(np.arange(count), self.horizon))
        return frame

    def _stamped(self, line: Line, times: int, columns: Mapping[str, Any]) -> DataFrame:
        """A table of `times` times the horizon, with step, date where it is known, and entity before its columns."""
        import pandas as pd

        stamps = stamps_after(line.stamps, self.panel.step, is_grid=self.panel.is_grid, count=self.horizon)
        told: dict[str, Any] = {"step": np.tile(np.arange(1, self.horizon + 1), times)}
        if stamps is not None:
            told["date"] = np.tile(stamps, times)
        if len(self.lines) > 1 or line.entity:
            told["entity"] = line.entity
        return pd.DataFrame({**told, **columns})


def series_of(trained: Trained) -> SeriesData:
    """The time lines that a run learned from, as their file is now.

    Raises:
        ConfigError: the run makes something else.
        DataError: the file is gone, or is no time line any more.
    """
    if trained.makes != "series":
        raise ConfigError(f"{trained.run.path} makes {trained.makes}: only runs of series foretell.")
    needs_pandas()
    recipe = trained.recipe
    data, _, _ = open_data(recipe.data, recipe.codec, recipe.seed, cache_folder())
    assert isinstance(data, SeriesData)
    return data


def forecaster_of(trained: Trained) -> Forecaster:
    """The trained sampler as a forecaster that sees as many steps as its windows have."""
    steps = trained.spec.x.shape[0] or 1
    return by_sampler(cast(ForecastSampler, trained.sampler), cast(Series, trained.codec), steps - 1)
