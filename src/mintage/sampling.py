"""Draws samples so that sample i of a seed is the same picture whatever is drawn beside it.

Noise comes in chunks, each a function of (seed, chunk), and samplers run on whole chunks only: the same kernels, the
same bits, for one sample or a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from mintage.contracts import Sampler
from mintage.numbers import Numbers
from mintage.seeding import generator

__all__ = ["CHUNK", "FixedDraw", "ForecastSampler", "draw", "noise_of", "same_bits", "sample", "whole_chunk"]

CHUNK = 64


class ForecastSampler(Sampler, Protocol):
    """A sampler of series: windows of its own, or, told a history, paths of any length that go on from it.

    Where it can also say how likely a window was (`log_density`, (B, T + 1, V) -> (B, T, V)), that picks the best
    checkpoint; otherwise what its paths lose does.
    """

    def path_noise(self, n: int, steps: int, rng: torch.Generator) -> Tensor: ...  # the chance of n paths
    def __call__(self, noise: Tensor, condition: Tensor | None = None) -> Tensor: ...  # history (1 or n, C + 1, V)


@dataclass(frozen=True, slots=True)
class FixedDraw:
    """The same chance again and again: what changes between two looks is the sampler alone."""

    noise: Tensor  # (n, *noise_shape)
    condition: Tensor | None  # (n,)
    numbers: Numbers
    device: torch.device

    def of(self, sampler: Sampler) -> Tensor:
        """The samples now. Shape: (n, *x.shape), float32 on the CPU."""
        return draw(sampler, self.noise, self.condition, numbers=self.numbers, device=self.device)


def noise_of(sampler: Sampler, first: int, count: int, seed: int) -> Tensor:
    """The chance of samples first .. first + count - 1 of a seed. Shape: (count, *noise_shape)."""
    chunks = range(first // CHUNK, (first + count - 1) // CHUNK + 1)
    noise = torch.cat([sampler.noise(CHUNK, generator(seed, "sample", chunk)) for chunk in chunks])
    start = first % CHUNK
    return noise[start : start + count]


def sample(
    sampler: Sampler, count: int, seed: int, condition: Tensor | None = None, *, numbers: Numbers, device: torch.device
) -> Iterator[Tensor]:
    """Samples 0 .. count - 1 of a seed, chunk by chunk, so that memory does not grow with the count.

    Shape: condition (count,) or None -> chunks of (at most CHUNK, *x.shape), float32 on the CPU.
    """
    for first in range(0, count, CHUNK):
        size = min(CHUNK, count - first)
        told = None if condition is None else condition[first : first + size]
        yield draw(sampler, noise_of(sampler, first, size, seed), told, numbers=numbers, device=device)


@torch.inference_mode()
def draw(
    sampler: Sampler,
    noise: Tensor,
    condition: Tensor | None = None,
    *,
    numbers: Numbers,
    device: torch.device,
    size: int | None = None,
) -> Tensor:
    """The samples of a noise tensor. Shape: (n, *noise_shape), (n,) or None -> (n, *x.shape) on the CPU.

    `size` is how many pass at once, where that is not the sampler's own chunk: only sizes that `same_bits` named
    keep the promise that a seed names a sample.
    """
    assert isinstance(sampler, nn.Module)
    if training := sampler.training:
        sampler.eval()
    drawn = []
    chunk = size or int(getattr(sampler, "chunk", CHUNK))  # translators take fewer pictures at once
    for first in range(0, len(noise), chunk):
        z = _padded(noise[first : first + chunk], chunk).to(device)
        told = None if condition is None else _padded(condition[first : first + chunk], chunk).to(device)
        with numbers.autocast(device):
            x = sampler(z, told)
        kept = x[: len(noise) - first].cpu()
        drawn.append(kept.float() if kept.is_floating_point() else kept)
    if training:
        sampler.train()
    return torch.cat(drawn) if len(drawn) > 1 else drawn[0]


def whole_chunk(sampler: Sampler, condition: int | None = None, **where: Any) -> Tensor:
    """A chunk of samples as the law has it: what `same_bits` compares with. `where` is as of `draw`."""
    return draw(sampler, *_chunk(sampler, condition), **where)


def same_bits(sampler: Sampler, sizes: Sequence[int], whole: Tensor, condition: int | None, **where: Any) -> list[int]:
    """Those sizes in which this machine now computes the very bits of a whole chunk, wherever in it a row stands.

    Kernels are chosen by shapes alone, so a size that sums in another order shows it at once: a whole chunk of samples
    is compared number by number. `where` is `numbers` and `device`, as of `draw`.
    """
    noise, told = _chunk(sampler, condition)
    return [size for size in sizes if torch.equal(draw(sampler, noise, told, size=size, **where), whole)]


def _chunk(sampler: Sampler, condition: int | None) -> tuple[Tensor, Tensor | None]:
    chunk: int = getattr(sampler, "chunk", CHUNK)
    told = None if condition is None else torch.full((chunk,), condition)
    return sampler.noise(chunk, generator(0, "same bits")), told


def _padded(rows: Tensor, size: int) -> Tensor:
    return rows if len(rows) == size else torch.cat([rows, rows[-1:].expand(size - len(rows), *rows.shape[1:])])
