"""What a draw of each size costs on this machine, and drawing in the sizes that give the law's own bits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mintage.contracts import Sampler
from mintage.sampling import draw, same_bits, whole_chunk
from mintage.seeding import generator
from mintage.serving.sizes import Sizes
from mintage.trained import CPU, Trained

__all__ = ["draw_in", "measure"]

ROUNDS, SECONDS = 7, 0.04  # of measuring a size: so often, or so long
WORTH = 1.5  # how much faster all cores must be than one, which leaves the others to HTTP
MULTIPLIED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
HEAVY = 0.004  # seconds of a sample beside which those of HTTP are few


def measure(trained: Trained, *, may_narrow: bool = False) -> Sizes:
    """Try every power of two up to a chunk, on one core and, if it is heavy, on all; without noise, one.

    The threads that were found best are those of this process from now on. With `may_narrow`, weights that are
    multiplied in bfloat16 are kept in it, if that changes no bit of a sample: for a sampler that does nothing else.
    """
    if trained.makes != "pictures" or trained.translates:
        return Sizes({1: 0.05})
    told, where = 0 if trained.classes else None, {"numbers": trained.numbers, "device": CPU}
    whole, given = whole_chunk(trained.sampler, told, **where), torch.get_num_threads()
    if may_narrow and trained.numbers.bfloat16:
        _narrow(trained.sampler, lambda: torch.equal(whole_chunk(trained.sampler, told, **where), whole))
    torch.set_num_threads(1)
    narrow = _seconds(trained.sampler, whole, told, where)
    if narrow and (given == 1 or Sizes(narrow).rate > 1 / HEAVY):
        return Sizes(narrow)  # the other cores have HTTP to speak
    torch.set_num_threads(given)  # a chunk on all threads is the law itself
    wide = Sizes(_seconds(trained.sampler, whole, told, where))
    if narrow and wide.rate <= WORTH * Sizes(narrow).rate:
        torch.set_num_threads(1)
        return Sizes(narrow)
    return wide


def draw_in(trained: Trained, sizes: Sizes, noise: Tensor, told: Tensor | None) -> Tensor:
    """The samples of noise, in the least time. Shape: (n, *noise_shape), (n,) or None -> (n, *x.shape)."""
    parts, first = [], 0
    for size in sizes.cut(len(noise)):
        some, theirs = noise[first : first + size], None if told is None else told[first : first + size]
        parts.append(draw(trained.sampler, some, theirs, numbers=trained.numbers, device=CPU, size=size))
        first += size
    return torch.cat(parts)


def _narrow(sampler: Any, is_same: Callable[[], bool]) -> None:
    """Keep the weights of products in bfloat16, so that they need not be rounded again for every draw."""
    products = [one for one in sampler.modules() if isinstance(one, MULTIPLIED)]
    weights = [one for module in products for one in module.parameters(recurse=False)]
    before = [one.data for one in weights]
    for one in weights:
        one.data = one.data.to(torch.bfloat16)
    if not is_same():
        for one, data in zip(weights, before, strict=True):
            one.data = data


def _seconds(sampler: Sampler, whole: Tensor, told: int | None, where: Mapping[str, Any]) -> dict[int, float]:
    """What each size that gives the right bits takes, on as many threads as there are now."""
    powers = [1 << k for k in range(len(whole).bit_length())]
    seconds = {}
    for size in same_bits(sampler, sorted({*powers, len(whole)}), whole, told, **where):
        noise = sampler.noise(size, generator(0, "warm-up"))
        condition = None if told is None else torch.full((size,), told)
        times = list[float]()
        while len(times) < 2 or (len(times) < ROUNDS and sum(times) < SECONDS):
            started = time.perf_counter()
            draw(sampler, noise, condition, size=size, **where)
            times.append(time.perf_counter() - started)
        seconds[size] = min(times)  # what others do on this machine only ever adds
    return seconds
