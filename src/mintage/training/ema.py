"""The averaged sampler: what outlives training is an exponential moving average of what was trained."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from mintage.contracts import Sampler

__all__ = ["Averager"]


class Averager:
    """Exponential moving average of a sampler's weights, its half-life counted in images (Karras et al., 2020).

    The half-life ramps up: it is never more than `ramp` of the images seen so far, so that the average
    forgets the beginning. Buffers (running moments) are copied, not averaged.

    With a half-life of 0 the average is what was trained last: it shares the trained weights and buffers instead of
    copying them at every step, and modules that can be written in fewer bytes (`compact`) are, since training keeps
    its own exact state.
    """

    def __init__(self, sampler: Sampler, half_life: float, ramp: float) -> None:
        assert isinstance(sampler, nn.Module)
        self.half_life, self.ramp = half_life, ramp
        self._module = copy.deepcopy(sampler).eval().requires_grad_(False)
        self._pairs = list(zip(self._module.parameters(), sampler.parameters(), strict=True))
        self._buffers: list[tuple[Tensor, Tensor]] = [*zip(self._module.buffers(), sampler.buffers(), strict=True)]
        if half_life <= 0:
            self._share()
            for module in self._module.modules():
                if hasattr(module, "compact"):
                    setattr(module, "compact", True)  # noqa: B010

    @property
    def sampler(self) -> Sampler:
        """The average, as a sampler; it is the same object throughout."""
        return cast(Sampler, self._module)

    def state_dict(self) -> dict[str, Tensor]:
        """The average's weights and buffers."""
        return self._module.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` gave; nothing where the weights are those that are trained."""
        if self.half_life > 0:
            self._module.load_state_dict(state)

    @torch.no_grad()
    def update(self, images: int, images_seen: int) -> None:
        """Move the average after a step of `images`, with `images_seen` before it."""
        if self.half_life <= 0:
            self._share()
            return
        half_life = min(self.half_life, self.ramp * images_seen)
        weight = 1.0 if half_life <= 0 else 1 - 0.5 ** (images / half_life)
        averages: list[Tensor] = [average for average, _ in self._pairs]
        torch._foreach_lerp_(averages, [source for _, source in self._pairs], weight)
        for copied, source in self._buffers:
            copied.copy_(source)

    def _share(self) -> None:
        for average, source in (*self._pairs, *self._buffers):
            if average.data_ptr() != source.data_ptr():
                average.data = source.detach()
