"""The numbers and the memory order that networks compute with; which of them is fastest is measured elsewhere."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

__all__ = ["Numbers", "bfloat16_pays", "for_sampling"]


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


def for_sampling(trained_in_bfloat16: bool, device: torch.device | None = None) -> Numbers:
    """The numbers to draw samples with: a fixed rule, not a measurement, since a seed must name the same bits.

    bfloat16 where the run was trained so and this machine has it; channels last with it. In float32 the transposed
    convolutions of a generator are faster in the plain order (benchmarks/speed.py).
    """
    half = trained_in_bfloat16 and bfloat16_pays(device or torch.device("cpu"))
    return Numbers(half, half)


@cache
def bfloat16_pays(device: torch.device, side: int = 192) -> bool:
    """A glance at one matrix product, once: emulated bfloat16 is so slow that even one step would take minutes."""
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
