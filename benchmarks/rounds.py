"""Loops that take turns: a machine whose speed drifts is fair to all of them."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(step: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - started) / count


def interleaved(steps: dict[str, Callable[[], object]], rounds: int, count: int) -> dict[str, list[float]]:
    for step in steps.values():
        seconds(step, 2)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds):
        order = list(steps)[round_ % len(steps) :] + list(steps)[: round_ % len(steps)]
        for name in order:
            times[name].append(seconds(steps[name], count))
    return times
