"""The limit of what is under way: it grows while answers come in time, and shrinks when they do not."""

from __future__ import annotations

import pytest

from mintage.serving.throttle import LEAST, MOST, Throttle


def play(throttle: Throttle, clock: list[float], rounds: int, alone: float, each: float) -> None:
    """Rounds of as many requests as are let in, which end together: so many seconds, and some more for each."""
    for _ in range(rounds):
        begun = []
        while not throttle.is_full:
            begun.append(throttle.begin())
        clock[0] += alone + each * len(begun)
        for one in begun:
            throttle.end(one, was_served=True)


def knock(throttle: Throttle, clock: list[float], seconds: float) -> None:
    """One request with nothing beside it."""
    begun = throttle.begin()
    clock[0] += seconds
    throttle.end(begun, was_served=True)


def test_it_settles_where_latency_is_a_few_times_that_of_one_request() -> None:
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    for _ in range(20):
        knock(throttle, clock, 0.02)
    assert throttle.alone == pytest.approx(0.02)
    play(throttle, clock, 300, 0.019, 0.001)
    assert 24 < throttle.limit < 36  # 19 ms and 31 of 1 ms are 2.5 times 20 ms


def test_it_never_closes_and_never_opens_without_end() -> None:
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    knock(throttle, clock, 0.01)
    play(throttle, clock, 100, 1.0, 0.0)
    assert throttle.limit == LEAST
    assert throttle.under_way == 0
    fast = Throttle(lambda: clock[0])
    knock(fast, clock, 1.0)
    play(fast, clock, 3_000, 1.0, 1e-6)
    assert 100 < fast.limit <= MOST
