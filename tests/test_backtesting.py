"""Backtests on prices whose best rule is known, and rules that cheat."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mintage.backtesting import Terms, backtest, by_mean, check_decision, returns_of
from mintage.errors import ConfigError, DataError
from mintage.forecasting import by_simple_means
from mintage.foretelling.paths import RandomWalk
from mintage.timeline.lines import Line


def prices(n: int = 800, drift: float = 0.0, turning: float = 0.0) -> np.ndarray:
    drawn = 0.01 * np.random.default_rng(0).standard_normal((n, 2))
    steps = drawn.copy()
    for t in range(1, n):
        steps[t] = drawn[t] - turning * steps[t - 1]
    return 100 * np.exp((steps + drift).cumsum(0))


def line(path: np.ndarray) -> Line:
    return Line("", np.datetime64("2020-01-01", "s") + np.arange(len(path)) * np.timedelta64(1, "D"), path)


def follow(known: Line) -> np.ndarray:
    return -np.sign(known.values[-1] / known.values[-2] - 1) / 2


def test_returns_are_those_of_the_ledger() -> None:
    path = np.array([[100.0, 100.0], [110.0, 100.0], [110.0, 90.0]])
    gained, traded = returns_of(path, np.array([[0.5, 0.5], [0.0, 1.0]]), cost=0.01)
    assert traded[0] == 1
    assert gained[0] == pytest.approx(0.99 * 1.05 - 1)
    drifted = 0.55 / 1.05
    assert traded[1] == pytest.approx(2 * drifted)
    assert gained[1] == pytest.approx((1 - 0.01 * 2 * drifted) * 0.9 - 1)


def test_holding_costs_once_and_cash_brings_nothing() -> None:
    path = prices(drift=0.0005)
    found = backtest({"x": follow}, line(path), 100, 252, ours="x", terms=Terms(cost=0.002))["rules"]
    whole = (path[-1] / path[100]).mean() * (1 - 0.002)
    years = (len(path) - 101) / 252
    assert found["buy and hold"]["return_a_year"] == pytest.approx(whole ** (1 / years) - 1, rel=1e-6)
    assert found["buy and hold"]["traded_a_year"] * years == pytest.approx(1)
    assert found["cash"]["return_a_year"] == found["cash"]["deepest_fall"] == 0


def test_a_real_edge_is_found_and_costs_eat_it() -> None:
    path = prices(turning=0.5)
    found = backtest({"x": follow}, line(path), 100, 252, ours="x", terms=Terms(cost=0.0, every=1))
    assert "did better" in found["words"][0]
    assert found["rules"]["x"]["chance_of_skill"] > 0.95
    dear = backtest({"x": follow}, line(path), 100, 252, ours="x", terms=Terms(cost=0.02, every=1))
    assert "did worse" in dear["words"][0]
    json.dumps(found)


def test_no_edge_is_said_so_and_nothing_is_advised() -> None:
    rule = by_mean(by_simple_means(RandomWalk(), ("log", "log")), 252)
    words = backtest({"walk": rule}, line(prices(400)), 200, 252, ours="walk")["words"]
    assert "no edge over buy and hold" in words[0]
    assert "no investment advice" in words[1]


def test_the_more_was_tried_the_less_is_left_of_an_edge() -> None:
    path = prices(turning=0.1)
    found = [
        backtest({"x": follow}, line(path), 100, 252, ours="x", terms=Terms(0.0, 1, tried))["rules"]["x"][
            "chance_of_skill"
        ]
        for tried in (1, 10, 1_000)
    ]
    assert found[0] > found[1] > found[2]


def test_the_mean_sets_the_sign_and_volatility_the_size() -> None:
    calm = 100 * np.exp((np.random.default_rng(1).standard_normal((300, 2)) * [0.005, 0.02] + [0.002, -0.02]).cumsum(0))
    shares = by_mean(by_simple_means(RandomWalk(), ("log", "log")), 252, most=5.0)(line(calm))
    assert shares[0] > 0 > shares[1]
    assert abs(shares[0]) == pytest.approx(4 * abs(shares[1]), rel=0.25)


def test_a_rule_is_never_shown_what_comes() -> None:
    seen = []
    backtest(
        {"x": lambda known: seen.append(len(known)) or np.zeros(2)},
        line(prices(200)),
        100,
        252,
        ours="x",
        terms=Terms(every=10),
    )
    assert seen == list(range(101, 200, 10))


def test_a_rule_that_looks_ahead_is_caught() -> None:
    check_decision(lambda path, row: follow(line(path[: row + 1])), prices(), range(10, 700, 50))
    with pytest.raises(DataError, match=r"row 10 .*looks ahead"):
        check_decision(lambda path, row: np.sign(path[row + 1] - path[row]), prices(), range(10, 700, 50))
    with pytest.raises(DataError, match="looks ahead"):
        check_decision(lambda path, row: (path[row] - path.mean(0)) / path.std(0), prices(), [400])


def test_what_cannot_be_walked_is_an_error_that_helps() -> None:
    with pytest.raises(ConfigError, match="no rule 'y'"):
        backtest({"x": follow}, line(prices()), 100, 252, ours="y")
    with pytest.raises(DataError, match="positive prices and 20 steps"):
        backtest({"x": follow}, line(prices()), 795, 252, ours="x")
