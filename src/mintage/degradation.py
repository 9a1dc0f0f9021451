"""A chain of degradations, which makes what a restorer is shown from what it must return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mintage import registry
from mintage.contracts import Degradation, TensorSpec
from mintage.errors import ConfigError, SpecError

__all__ = ["Chain", "read_chain"]

_RESIZED = (0.5, 1.5)  # between the two rounds of the second order: the size that a picture passes through


class Chain:
    """Degradations one after another, rounded to the 256 levels that a file would hold.

    `twice` is the second order of Real-ESRGAN (Wang et al., 2021), for pictures with a history nobody knows: what
    keeps a picture's shape is done twice with draws of its own, with a random resize and back between, then come the
    steps that change its sides. A step that adds channels is a mask: it comes last always, after rounding.

    Shape: (B, C, H, W), (B, num_draws) -> (B, *spec.shape), in [-1, 1].
    """

    def __init__(self, steps: Sequence[Degradation], *, twice: bool = False) -> None:
        self.steps, self.twice = list(steps), twice
        self.num_draws = sum(step.num_draws for step in steps)
        if twice:
            self.num_draws = 2 * self.num_draws + 2  # steps that are done once leave their second rows unread

    def spec(self, x: TensorSpec) -> TensorSpec:
        """What a restorer is shown of such pictures.

        Raises:
            SpecError: data that are no pictures of a known size, or that a step does not fit.
        """
        if len(x.shape) != 3 or None in x.shape or x.classes is not None:
            raise SpecError(
                f"Degradations spoil pictures, (channels, height, width) of a known size, but this data has shape "
                f"{x.shape}. Set codec.size or data.window, or train without them."
            )
        for place in (place for sort in self._sorted(x) for place in sort):
            x = self.steps[place].spec(x)
        return x

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        keeping, resizing, masking = self._sorted(TensorSpec(shape=tuple(x.shape[1:])))
        if self.twice:
            num_draws = self.num_draws // 2 - 1
            first, chance, between = torch.split(chance, [num_draws, num_draws, 2], 1)
            x = _resized(self._done(x, keeping, first), between)
            x = self._done(x, keeping + resizing, chance)
        else:
            x = self._done(x, sorted(keeping + resizing), chance)
        x = x.clamp(-1, 1).add(1).mul(127.5).round().mul(1 / 127.5).sub(1)
        return self._done(x, masking, chance)

    def _sorted(self, x: TensorSpec) -> tuple[list[int], list[int], list[int]]:
        """The places of steps that keep a picture's shape, change its sides, add channels."""
        sorts: tuple[list[int], list[int], list[int]] = ([], [], [])
        for place, step in enumerate(self.steps):
            shape = step.spec(x).shape
            sorts[0 if shape == x.shape else 1 if shape[0] == x.shape[0] else 2].append(place)
        return sorts

    def _done(self, x: Tensor, places: Sequence[int], chance: Tensor) -> Tensor:
        rows = torch.split(chance, [step.num_draws for step in self.steps], 1)
        for place in places:
            x = self.steps[place](x, rows[place])
        return x


def read_chain(settings: Mapping[str, Mapping[str, Any]], twice: bool = False) -> Chain:
    """The chain that a recipe writes down: names of `degrade/`, in order, each with its settings.

    >>> read_chain({"blur": {"sigma": [1, 3]}, "noise": {}}).num_draws
    8

    Raises:
        ConfigError: no step, an unknown one, or settings that do not fit it.
    """
    if not settings:
        raise ConfigError(f"A chain of degradations needs one or more of {', '.join(registry.names('degrade'))}.")
    steps = [registry.find("degrade", name).read(values, f"degrade.{name}") for name, values in settings.items()]
    return Chain(steps, twice=twice)


def _resized(x: Tensor, chance: Tensor) -> Tensor:
    """Each sample at a size of its own and back, through one filter or another. Shape: (B, C, H, W), (B, 2)."""
    low, high = _RESIZED
    size, samples = x.shape[-2:], []
    for sample, (share, kind) in zip(x[:, None], chance.tolist(), strict=True):
        between = [max(1, round(side * (low + (high - low) * share))) for side in size]
        for target in (between, list(size)):
            sample = F.interpolate(sample, target, mode="bilinear" if kind < 0.5 else "bicubic", antialias=True)
        samples.append(sample)
    return torch.cat(samples).clamp(-1, 1)
