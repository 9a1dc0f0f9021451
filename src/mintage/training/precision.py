"""Which numbers this machine computes fastest with: float32 or bfloat16, channels first or last, by measurement.

Processors without bfloat16 units run it hundreds of times slower than float32, so nothing is taken on faith.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from mintage.numbers import Numbers, bfloat16_pays

if TYPE_CHECKING:
    from mintage.training.settings import TrainingSettings

__all__ = ["calibrate"]


def calibrate(
    settings: TrainingSettings, device: torch.device, play: Callable[[Numbers], Callable[[], object]]
) -> tuple[Numbers, float]:
    """The fastest numbers among those that the settings leave open, and the seconds a step took with them.

    `play(numbers)` prepares a throw-away copy of the training and returns its step.
    """
    halves = {"auto": [False, True], "float32": [False], "bfloat16": [True]}[settings.precision]
    if settings.precision == "auto" and not bfloat16_pays(device):
        halves = [False]
    orders = [True, False] if settings.channels_last is None else [settings.channels_last]
    timed: list[tuple[float, Numbers]] = []
    with _quiet_chance():
        for numbers in [Numbers(half, order) for half in halves for order in orders]:
            timed.append((_seconds(play(numbers), device), numbers))
    seconds, numbers = min(timed, key=lambda pair: pair[0])
    return numbers, seconds


def _seconds(step: Callable[[], object], device: torch.device, patience: float = 0.4) -> float:
    step()  # first calls choose kernels and allocate
    times: list[float] = []
    while sum(times) < patience or len(times) < 3:
        started = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - started)
        if sum(times) > 4 * patience:
            break
    return sorted(times)[len(times) // 4]  # what else ran for a moment must not halve a whole training


@contextmanager
def _quiet_chance() -> Iterator[None]:
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)
