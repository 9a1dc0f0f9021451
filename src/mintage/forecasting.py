"""Forecasts of series by a trained sampler and by simple means, and how good they were where the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mintage.codecs.series import Series
from mintage.contracts import Sampler
from mintage.errors import ConfigError, DataError
from mintage.foretelling.paths import Foreteller
from mintage.seeding import derive, generator
from mintage.statistics.forecasts import coverage, crps, diebold_mariano
from mintage.timeline.changes import Change, additive, plain
from mintage.timeline.lines import Line

__all__ = ["Forecaster", "Origin", "by_sampler", "by_simple_means", "check_no_leak", "judge_forecasts", "origins_of"]

Values = NDArray[np.float64]
Forecaster = Callable[[Values, int, int, int], Values]  # levels (T, V), paths n, steps, seed -> levels (n, steps, V)

_FEWEST = 8  # rows of history from which on a forecast is made
_TOO_GOOD = 0.95  # correlation with another variable's next step that nothing real has
_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Origin:
    """A moment of forecasting: all that was known, and what came."""

    stamp: str
    history: Values  # (T, V)
    truth: Values  # (horizon, V)


def by_sampler(sampler: Sampler, codec: Series, context: int) -> Forecaster:
    """Scenarios of a trained sampler that go on from the last `context` steps; a seed always gives the same."""

    def paths(history: Values, n: int, horizon: int, seed: int) -> Values:
        seen = history[-context - 1 :]
        told = codec.encode(seen)[None]
        shape = (n, horizon, len(codec.variables), 2)
        with torch.inference_mode():
            made = sampler(torch.randn(shape, generator=generator(seed, "forecast")), told)
        return codec.levels(history[-1], made)

    return paths


def by_simple_means(means: Foreteller, kinds: Sequence[Change], memory: int | None = None) -> Forecaster:
    """Simple means that learn anew from the last `memory` rows at every origin; all of them if unset."""

    def paths(history: Values, n: int, horizon: int, seed: int) -> Values:
        scaled = additive(history[-memory:] if memory else history, kinds)
        return plain(means.fit(scaled).paths(n, horizon, np.random.default_rng(derive(seed, "forecast"))), kinds)

    return paths


def origins_of(lines: Sequence[Line], after: np.datetime64, horizon: int, every: int) -> Iterator[Origin]:
    """Moments after a time, `every` so many rows, each with `horizon` rows of truth; walked forward only.

    What was known is copied, so that nothing can look behind its end. `after` is the time until which a model was
    trained: earlier truths are known to it.
    """
    for line in lines:
        first = max(int(np.searchsorted(line.stamps, after, "right")), _FEWEST)
        for row in range(first, len(line) - horizon, every):
            yield Origin(str(line.stamps[row]), line.values[: row + 1].copy(), line.values[row + 1 : row + 1 + horizon])


def judge_forecasts(
    forecasters: Mapping[str, Forecaster], origins: Sequence[Origin], *, ours: str, n: int = 200, seed: int = 0
) -> dict[str, Any]:
    """Scores of every forecaster on the same origins, and in words whether ours is better than the best of the others.

    Errors are measured in units of what a step usually moves each variable, so that all count alike. JSON-ready.

    Raises:
        ConfigError: `ours` is not among them, or nothing else is.
        DataError: fewer than two origins.
    """
    if ours not in forecasters or len(forecasters) < 2:
        raise ConfigError(f"{ours!r} is to be judged beside others, but there are: {', '.join(forecasters)}.")
    if len(origins) < 2:
        raise DataError(f"There are {len(origins)} origins to forecast from, two are the least. Hold out more.")
    horizon, truths = len(origins[0].truth), np.stack([origin.truth for origin in origins])
    unit = np.mean([np.abs(np.diff(origin.history[-250:], axis=0)).mean(0) for origin in origins], 0)
    unit = np.where(unit > 0, unit, 1.0)
    scores: dict[str, dict[str, Any]] = {}
    losses: dict[str, Values] = {}  # (origins, horizon, V)
    for name, forecaster in forecasters.items():
        made = [forecaster(origin.history, n, horizon, derive(seed, at)) for at, origin in enumerate(origins)]
        losses[name] = np.stack([crps(paths, truth) / unit for paths, truth in zip(made, truths, strict=True)])
        ends = ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2)
        low, high = np.quantile(np.stack(made, 1), ends, axis=0, method="weibull")  # fair to any number of paths
        share, trusted = coverage(low, high, truths)
        scores[name] = {
            "crps": float(losses[name].mean()), "crps_by_step": losses[name].mean((0, 2)).tolist(),
            "coverage": share, "coverage_low": trusted.low, "coverage_high": trusted.high,
        }  # fmt: skip
    rivals = {name: score["crps"] for name, score in scores.items() if name != ours}
    for name in rivals:
        found = diebold_mariano(losses[ours].mean((1, 2)), losses[name].mean((1, 2)), horizon)
        scores[name]["ours_less"] = {"difference": found.difference, **found.interval._asdict(), "chance": found.chance}
    best = min(rivals, key=rivals.__getitem__)
    return {
        "ours": ours, "best_rival": best, "origins": len(origins), "horizon": horizon, "paths": n, "seed": seed,
        "from": origins[0].stamp, "to": origins[-1].stamp, "scores": scores,
        "words": [_sentence(ours, best, scores, rivals[best]), _coverage_sentence(ours, scores[ours])],
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


def _sentence(ours: str, best: str, scores: Mapping[str, Mapping[str, Any]], rival: float) -> str:
    share = 1 - scores[ours]["crps"] / rival
    told = scores[best]["ours_less"]
    beside = f"{best}, the best of the others (CRPS {scores[ours]['crps']:.4g} beside {rival:.4g})"
    if told["high"] < 0:
        return f"{ours} foretells better than {beside}: {share:.1%} less lost, and chance alone seldom does that."
    if told["low"] > 0:
        return f"{ours} foretells worse than {beside}."
    return f"{ours} has no edge over {beside}: the difference is within what chance does."


def _coverage_sentence(ours: str, score: Mapping[str, Any]) -> str:
    low, high = score["coverage_low"], score["coverage_high"]
    said = "as they say" if low <= _LEVEL <= high else "too narrow" if high < _LEVEL else "too wide"
    held = f"{score['coverage']:.1%} of truths ({low:.1%} to {high:.1%})"
    return f"The {_LEVEL:.0%} intervals of {ours} held {held}: {said}."
