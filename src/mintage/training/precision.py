"""Which numbers this machine computes fastest with: float32 or bfloat16, channels first or last, by measurement.

Processors without bfloat16 units run it hundreds of times slower than float32, so nothing is taken on faith.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from mintage.training.settings import TrainingSettings

__all__ = ["Numbers", "bfloat16_pays", "calibrate"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The chosen numbers of the forward pass and the memory order of images."""

    bfloat16: bool = False
    channels_last: bool = False

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """The context in which a player's stake is computed."""
        return torch.autocast(device.type, torch.bfloat16) if self.bfloat16 else nullcontext()

    def arrange(self, module: nn.Module) -> nn.Module:
        """Put the 4-d weights in the chosen memory order; the values stay. Returns the module."""
        order = torch.channels_last if self.channels_last else torch.contiguous_format
        return module.to(memory_format=order)  # type: ignore[call-overload, no-any-return]

    def __str__(self) -> str:
        return ("bfloat16" if self.bfloat16 else "float32") + (", channels last" if self.channels_last else "")


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
    return sorted(times)[len(times) // 2]


def bfloat16_pays(device: torch.device, side: int = 192) -> bool:
    """A glance at one matrix product: emulated bfloat16 is so slow that even one training step would take minutes."""
    if device.type != "cpu":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()

    def seconds(dtype: torch.dtype) -> float:
        a = torch.ones(side, side, dtype=dtype)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            a @ a
            times.append(time.perf_counter() - started)
        return min(times)

    return seconds(torch.bfloat16) < 2 * seconds(torch.float32)


@contextmanager
def _quiet_chance() -> Iterator[None]:
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)


