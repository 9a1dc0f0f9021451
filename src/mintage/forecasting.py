"""Forecasts of series by a trained sampler and by simple means, and how good they were where the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mintage.codecs.series import Series
from mintage.errors import ConfigError, DataError
from mintage.forecasts import Walk
from mintage.foretelling.garch import Garch
from mintage.foretelling.paths import BlockBootstrap, Foreteller, LastValue, RandomWalk, SeasonalNaive
from mintage.layers.known import joined
from mintage.sampling import ForecastSampler
from mintage.seeding import derive, generator
from mintage.statistics.walks import contest, crps_of, held, mean_pinball, words_of_coverage
from mintage.timeline.changes import Change, additive, plain
from mintage.timeline.lines import Line, Panel

__all__ = [
    "Forecaster", "Origin", "by_sampler", "by_simple_means", "check_no_leak", "judge_forecasts", "origin_rows",
    "origins_of", "rivals_of", "told_of", "walk",
]  # fmt: skip

Values = NDArray[np.float64]
Forecaster = Callable[[Line, int, int, int], Values]  # a history, paths n, steps, seed -> levels (n, steps, V)

_FEWEST = 8  # rows of history from which on a forecast is made
_TOO_GOOD = 0.95  # correlation with another variable's next step that nothing real has
_LEVEL = 0.95
_RECENT = 250  # rows by which the usual move of a variable is told
_SEASONS = (86_400, 604_800)  # seconds of what comes again: of a day, else of a week
_GARCH_FEWEST, _GARCH_MEMORY = 150, 2_000  # rows
_HUGE = 1e30  # what explodes is to lose much, and stay a number


@dataclass(frozen=True, eq=False)
class Origin:
    """A moment of forecasting: all that was known, and what came."""

    history: Line
    truth: Values  # (horizon, V)

    @property
    def stamp(self) -> str:
        """The last time that was known."""
        return str(self.history.stamps[-1])


def by_sampler(sampler: ForecastSampler, codec: Series, context: int) -> Forecaster:
    """Scenarios of a trained sampler that go on from the last `context` steps; a seed always gives the same."""

    def paths(history: Line, n: int, horizon: int, seed: int) -> Values:
        seen = history.rows(max(len(history) - context - 1, 0), len(history))
        told = joined(codec.encode(seen)[None], codec.known(seen, horizon)[None])
        with torch.inference_mode():
            made = sampler(sampler.path_noise(n, horizon, generator(seed, "forecast")), told)
        return codec.levels(history.values[-1], made)

    return paths


def by_simple_means(means: Foreteller, kinds: Sequence[Change], memory: int | None = None) -> Forecaster:
    """Simple means that learn anew from the last `memory` rows at every origin; all of them if unset."""

    def paths(history: Line, n: int, horizon: int, seed: int) -> Values:
        scaled = additive(history.values[-memory:] if memory else history.values, kinds)
        return plain(means.fit(scaled).paths(n, horizon, np.random.default_rng(derive(seed, "forecast"))), kinds)

    return paths


def origin_rows(line: Line, after: np.datetime64, horizon: int, every: int) -> range:
    """The rows of a line after a time that have some history and `horizon` rows of truth."""
    return range(max(int(np.searchsorted(line.stamps, after, "right")), _FEWEST), len(line) - horizon, every)


def origins_of(lines: Sequence[Line], after: np.datetime64, horizon: int, every: int) -> Iterator[Origin]:
    """Moments after a time, `every` so many rows, each with `horizon` rows of truth; walked forward only.

    What was known is copied, so that nothing can look behind its end. `after` is the time until which a model was
    trained: earlier truths are known to it.
    """
    for line in lines:
        for row in origin_rows(line, after, horizon, every):
            yield Origin(line.rows(0, row + 1), line.values[row + 1 : row + 1 + horizon])


def rivals_of(kinds: Sequence[Change], panel: Panel, shortest: int, refit: int) -> dict[str, Forecaster]:
    """The simple means that any forecaster of these lines has to beat.

    `shortest` is the shortest history that they see; an estimate of GARCH serves `refit` origins.
    """
    means: dict[str, Forecaster] = {
        "random walk": by_simple_means(RandomWalk(), kinds),
        "block bootstrap": by_simple_means(BlockBootstrap(), kinds),
        "last value": by_simple_means(LastValue(), kinds),
    }
    season = next((period for long in _SEASONS if panel.is_grid and (period := long // panel.step) > 1), 0)
    if season and shortest >= 2 * season:
        means["last season"] = by_simple_means(SeasonalNaive(season), kinds)
    if shortest >= _GARCH_FEWEST and len(panel.lines) == 1:  # its estimate is carried from origin to origin
        means["GARCH, filtered"] = by_simple_means(Garch(refit=refit), kinds, _GARCH_MEMORY)
    return means


def walk(
    forecasters: Mapping[str, Forecaster], origins: Iterable[Origin], *, ours: str, n: int = 200, seed: int = 0
) -> Walk:
    """Let every forecaster foretell from the same origins, which are looked at one by one.

    Raises:
        ConfigError: `ours` is not among them, or nothing else is.
        DataError: fewer than two origins.
    """
    if ours not in forecasters or len(forecasters) < 2:
        raise ConfigError(f"{ours!r} is to be judged beside others, but there are: {', '.join(forecasters)}.")
    stamps, apart, truths, units = [], [], [], []
    rows: list[int] = []
    last: list[Values] = []
    paths: dict[str, list[NDArray[np.float32]]] = {name: [] for name in forecasters}
    for at, origin in enumerate(origins):
        for name, forecaster in forecasters.items():
            made = forecaster(origin.history, n, len(origin.truth), derive(seed, at))
            paths[name].append(np.clip(made, -_HUGE, _HUGE).astype(np.float32))
        row = len(origin.history)
        known = origin.history.values
        if rows and row > rows[-1] and np.array_equal(known[rows[-1] - 1], last[-1]):  # of the same line
            apart.append(row - rows[-1])
        stamps.append(origin.stamp)
        rows.append(row)
        last.append(known[-1])
        truths.append(origin.truth)
        units.append(np.abs(np.diff(known[-_RECENT:], axis=0)).mean(0))
    if len(stamps) < 2:
        raise DataError(f"There are {len(stamps)} origins to forecast from, two are the least. Hold out more.")
    unit = np.mean(units, 0)
    return Walk(
        ours=ours, stamps=tuple(stamps), last=np.stack(last), truths=np.stack(truths),
        paths={name: np.stack(made) for name, made in paths.items()}, units=np.where(unit > 0, unit, 1.0),
        overlap=-(-len(truths[0]) // min(apart, default=len(truths[0]))),
    )  # fmt: skip


def judge_forecasts(
    forecasters: Mapping[str, Forecaster], origins: Iterable[Origin], *, ours: str, n: int = 200, seed: int = 0
) -> dict[str, Any]:
    """Scores of every forecaster on the same origins, and in words whether ours is better than the best of the others.

    Errors are measured in units of what a step usually moves each variable, so that all count alike. JSON-ready.

    Raises:
        ConfigError: `ours` is not among them, or nothing else is.
        DataError: fewer than two origins.
    """
    return {**told_of(walk(forecasters, origins, ours=ours, n=n, seed=seed)), "seed": seed}


def told_of(walked: Walk) -> dict[str, Any]:
    """What `judge_forecasts` says, of forecasts that were made. JSON-ready."""
    losses, ours = crps_of(walked), walked.ours
    found, inside, lost = contest(walked, losses), held(walked, _LEVEL), mean_pinball(walked)
    scores: dict[str, dict[str, Any]] = {}
    for name, each in losses.items():
        share, trusted = inside[name]
        scores[name] = {
            "crps": found.losses[name], "crps_by_step": each.mean((0, 2)).tolist(), "pinball": lost[name],
            "coverage": share, "coverage_low": trusted.low, "coverage_high": trusted.high,
        }  # fmt: skip
    for name, told in found.beside.items():
        scores[name]["ours_less"] = {"difference": told.difference, **told.interval._asdict(), "chance": told.chance}
    return {
        "ours": ours, "best_rival": found.best, "origins": len(walked.stamps), "horizon": walked.truths.shape[1],
        "paths": walked.paths[ours].shape[1],
        "from": min(walked.stamps), "to": max(walked.stamps), "scores": scores,
        "words": [found.words, words_of_coverage(ours, _LEVEL, *inside[ours])],
    }  # fmt: skip


def check_no_leak(lines: Sequence[Line], names: Sequence[str]) -> None:
    """Make sure that no variable tells another's next step all too well: it would know the future.

    Raises:
        DataError: one does; it names both.
    """
    found = np.zeros((len(names), len(names)))
    for look in (_moves_of, _values_of):
        pairs = [look(line.values) for line in lines if len(line) >= _FEWEST]
        if not pairs:
            return
        told, next_moves = (np.concatenate(part) for part in zip(*pairs, strict=True))
        both = np.concatenate([told, next_moves], 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            across = np.nan_to_num(np.corrcoef(both, rowvar=False)[: len(names), len(names) :])
        found = np.maximum(found, np.abs(across))
    np.fill_diagonal(found, 0)
    teller, told_of = divmod(int(found.argmax()), len(names))
    if found[teller, told_of] > _TOO_GOOD:
        raise DataError(
            f"{names[teller]!r} tells the next step of {names[told_of]!r} with a correlation of "
            f"{found[teller, told_of]:.2f}: it seems to hold a value of the future. Leave it out, or move it to the "
            "time at which it was known."
        )


def _moves_of(values: Values) -> tuple[Values, Values]:
    """Relative moves where all is positive, and those of the step after."""
    scaled = np.where((values > 0).all(0), np.log(np.maximum(values, 1e-300)), values)
    moves = np.diff(scaled, axis=0)
    return moves[:-1], moves[1:]


def _values_of(values: Values) -> tuple[Values, Values]:
    """The values themselves, and the moves of the step after."""
    return values[1:-1], _moves_of(values)[1]
