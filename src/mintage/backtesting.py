"""What decisions by forecasts would have brought, walked forward with costs, beside holding everything and cash.

It tells of the past alone, and is no advice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mintage.errors import ConfigError, DataError
from mintage.forecasting import Forecaster
from mintage.seeding import derive
from mintage.statistics.forecasts import deflated_sharpe, diebold_mariano, expected_shortfall, sharpe_ratio
from mintage.statistics.forecasts import value_at_risk as value_at_risk_of
from mintage.timeline.lines import Line

__all__ = ["Decision", "Terms", "backtest", "by_mean", "check_decision", "returns_of"]

Values = NDArray[np.float64]
Decision = Callable[[Line], Values]  # prices until now -> the share of wealth in each: (V,), below zero to sell short

_PATHS = 200
_LEAST_SPREAD = 1e-8
_CAVEAT = (
    "This tells what rules would have brought in the past, on these prices, with these costs. It says nothing certain "
    "of the future, and is no investment advice."
)


@dataclass(frozen=True)
class Terms:
    """On what terms rules are walked forward."""

    cost: float = 0.001  # of what is traded, as a share
    every: int = 5  # steps between decisions
    tried: int = 1  # variants of the rule that were tried before this one was chosen, itself included


def by_mean(
    forecaster: Forecaster, periods: float, *, target: float = 0.1, most: float = 1.0, horizon: int = 5, seed: int = 0
) -> Decision:
    """The sign of the mean forecast, sized so that each variable alone would vary by `target` a year.

    Shares are cut to `most` each and divided by the number of variables.
    """

    def decide(known: Line) -> Values:
        paths = forecaster(known, _PATHS, horizon, derive(seed, len(known)))
        moved = paths[:, -1] / known.values[-1] - 1
        spread = moved.std(0) * np.sqrt(periods / horizon)
        size = np.minimum(target / np.maximum(spread, _LEAST_SPREAD), most)
        shares: Values = np.sign(moved.mean(0)) * size / len(size)
        return shares

    return decide


def check_decision(decide: Callable[[Values, int], Values], prices: Values, rows: Sequence[int]) -> None:
    """Make sure that a rule that is shown all prices decides at a row by those up to it alone.

    Every later price is changed; a decision that changes with them has looked ahead.

    Raises:
        DataError: one did; it names the row.
    """
    for row in rows:
        other = prices.copy()
        other[row + 1 :] = other[row + 1 :][::-1] * 1.5
        if not np.allclose(decide(prices, row), decide(other, row), rtol=1e-6, atol=1e-12):
            raise DataError(
                f"The decision at row {row} changes with prices that came after it: it looks ahead. Give it nothing "
                "but what was known."
            )


def returns_of(prices: Values, shares: Values, cost: float) -> tuple[Values, Values]:
    """Returns of each step after costs, and how much was traded, for shares of wealth that are held over the step.

    Shares drift with prices until they are set again; each change costs `cost` times what is traded. The rest is cash
    without interest. Shape: (T + 1, V), (T, V) -> (T,), (T,).
    """
    moves = prices[1:] / prices[:-1] - 1
    gained, traded = np.empty(len(moves)), np.empty(len(moves))
    held = np.zeros(prices.shape[1])
    for step, (move, wanted) in enumerate(zip(moves, shares, strict=True)):
        traded[step] = np.abs(wanted - held).sum()
        gained[step] = (1 - cost * traded[step]) * (1 + wanted @ move) - 1
        held = wanted * (1 + move) / max(1 + float(wanted @ move), _LEAST_SPREAD)
    return gained, traded


def backtest(
    decisions: Mapping[str, Decision], line: Line, first: int, periods: float, *, ours: str, terms: Terms = Terms()
) -> dict[str, Any]:
    """Walk forward from row `first`, deciding anew every so many rows by what was known then. JSON-ready.

    A decision is given a copy of the prices up to its row, and is held from that row's price to the next; `first` must
    lie behind all that its model learned from. Sharpe ratios carry intervals, and the best of several rules is deflated
    for having been chosen.

    Raises:
        ConfigError: `ours` is not among the rules.
        DataError: prices that are not positive, or too few rows.
    """
    cost, every, prices = terms.cost, terms.every, line.values
    if ours not in decisions:
        raise ConfigError(f"There is no rule {ours!r}. There are: {', '.join(decisions)}.")
    steps = len(prices) - 1 - first
    if (prices <= 0).any() or steps < 20:
        raise DataError(f"A backtest needs positive prices and 20 steps, but has {steps}. Hold out more.")
    count = prices.shape[1]
    held = {name: _walk(decide, line, first, every) for name, decide in decisions.items()}
    grown = prices[first:-1] / prices[first]
    held["buy and hold"] = grown / grown.sum(1, keepdims=True)  # the same share of each, never touched again
    held["cash"] = np.zeros((steps, count))
    walked = {name: returns_of(prices[first:], shares, cost) for name, shares in held.items()}
    rules = {name: _summary(*walked[name], periods) for name in held}
    tried = _tried([_ratio(walked[name][0]) for name in decisions], terms.tried, steps)
    beside = _at_equal_risk(walked[ours][0], walked["buy and hold"][0])
    rules[ours]["chance_of_skill"] = deflated_sharpe(walked[ours][0], tried)
    return {
        "ours": ours, "rules": rules, "cost": cost, "every": every, "steps": steps, "tried": len(tried),
        "wealth": {name: np.cumprod(1 + returns).round(5).tolist() for name, (returns, _) in walked.items()},
        "words": [_sentence(ours, rules, beside, len(tried)), _CAVEAT],
    }  # fmt: skip


def _walk(decide: Decision, line: Line, first: int, every: int) -> Values:
    """What a rule holds over each step, decided by the past alone. Shape: T rows of V -> (T - 1 - first, V)."""
    prices = line.values
    shares = np.empty((len(prices) - 1 - first, prices.shape[1]))
    for row in range(first, len(prices) - 1):
        place = row - first
        if place % every == 0:
            shares[place] = decide(line.rows(0, row + 1))
        else:  # untouched: it drifts
            move = prices[row] / prices[row - 1] - 1
            shares[place] = shares[place - 1] * (1 + move) / max(1 + float(shares[place - 1] @ move), _LEAST_SPREAD)
    return shares


def _summary(returns: Values, traded: Values, periods: float) -> dict[str, float]:
    wealth = np.r_[1.0, np.cumprod(1 + returns)]
    ratio = sharpe_ratio(returns, periods)
    return {
        "return_a_year": float(wealth[-1] ** (periods / len(returns)) - 1),
        "spread_a_year": float(returns.std() * np.sqrt(periods)),
        "sharpe": ratio.value, "sharpe_low": ratio.low, "sharpe_high": ratio.high,
        "deepest_fall": float((1 - wealth / np.maximum.accumulate(wealth)).max()),
        "traded_a_year": float(traded.mean() * periods),
        "value_at_risk": float(value_at_risk_of(returns)), "expected_shortfall": float(expected_shortfall(returns)),
    }  # fmt: skip


def _ratio(returns: Values) -> float:
    return float(returns.mean() / max(returns.std(), _LEAST_SPREAD))


def _tried(known: Sequence[float], count: int, steps: int) -> Sequence[float]:
    """Sharpe ratios of a step of all that was tried; of those that nobody kept, as rules without any skill show."""
    if count <= len(known):
        return known
    return [NormalDist(0, steps**-0.5).inv_cdf((place + 0.5) / count) for place in range(count)]


def _at_equal_risk(ours: Values, theirs: Values) -> tuple[float, float]:
    """Interval of how much more ours brings a step, both in units of their own spread."""
    low, high = (1.0 if (x := part.std()) == 0 else 1 / x for part in (ours, theirs))
    return diebold_mariano(ours * low, theirs * high).interval


def _sentence(ours: str, rules: Mapping[str, Mapping[str, float]], beside: tuple[float, float], tried: int) -> str:
    own, other = rules[ours], rules["buy and hold"]
    figures = (
        f"a Sharpe ratio of {own['sharpe']:.2f} ({own['sharpe_low']:.2f} to {own['sharpe_high']:.2f}) after costs, "
        f"beside {other['sharpe']:.2f} of buy and hold"
    )
    if beside[0] > 0 and own["sharpe_low"] > 0 and own["chance_of_skill"] > 0.95:
        return f"{ours} did better: {figures}, also as the best of {tried} tried. Whether it lasts nobody knows."
    if beside[1] < 0:
        return f"{ours} did worse than buy and hold: {figures}."
    return f"{ours} has no edge over buy and hold: {figures}; the difference is within what chance does."
