"""Translations of held-out pictures, beside their inputs, their true targets, and what simple means make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mintage.contracts import Examples, Sampler
from mintage.data.grouping import group_of
from mintage.data.view import View
from mintage.numbers import Numbers
from mintage.opening import Data
from mintage.sampling import draw
from mintage.watching.sheets import as_levels

__all__ = ["Translated", "simple_means", "translated"]

_BLOCK = 32
_MEASURED = 512  # training pictures of each side whose colours are averaged


@dataclass(frozen=True, eq=False)
class Translated:
    """Row by row: the output, its input, and its target where that is known. All uint8 (N, H, W, C)."""

    fake: Examples
    inputs: Examples
    truth: Examples | None = None
    returned: Examples | None = None
    baselines: Mapping[str, Examples] = field(default_factory=dict)

    def and_also(self, others: Translated) -> Translated:
        """These and the outputs and inputs of others."""
        fake, inputs = (
            torch.cat([mine.x, more.x]) for mine, more in ((self.fake, others.fake), (self.inputs, others.inputs))
        )
        return Translated(Examples(fake), Examples(inputs))

    def beside(self) -> dict[str, Any]:
        """What evidence holds of it besides the outputs."""
        return {name: getattr(self, name) for name in ("inputs", "truth", "returned", "baselines")}


@torch.inference_mode()
def translated(
    sampler: Sampler,
    view: View,
    count: int,
    *,
    numbers: Numbers,
    device: torch.device,
    pairs_known: bool = False,
    back: Sampler | None = None,
) -> Translated:
    """Translate the first pictures of a part of the data, at most so many; `back` translates them back.

    `pairs_known` says that equal names on unaligned sides are true partners; inputs without one are passed over.
    """
    kept, partners = _known_partners(view, count) if pairs_known and not view.is_aligned else (None, None)
    made, inputs, truth, returned = [], [], [], []
    for first in range(0, min(count, view.num_inputs), _BLOCK):
        batch = view.batch(first, min(_BLOCK, min(count, view.num_inputs) - first))
        told = batch.condition
        assert told is not None
        if kept is not None:
            told = told[kept[first : first + len(told)]]
        out = draw(sampler, told.new_empty(len(told), 0), told, numbers=numbers, device=device)
        made.append(_levels(out))
        inputs.append(_levels(told))
        if view.is_aligned:
            truth.append(_levels(batch.x))
        if back is not None:
            returned.append(_levels(draw(back, out.new_empty(len(out), 0), out, numbers=numbers, device=device)))
    if partners is not None:
        truth = [view.packed.gather(partners)[0]]
    return Translated(
        Examples(torch.cat(made)),
        Examples(torch.cat(inputs)),
        Examples(torch.cat(truth)) if truth else None,
        Examples(torch.cat(returned)) if returned else None,
    )


def simple_means(inputs: Examples, data: Data) -> dict[str, Examples]:
    """What is to be beaten: the input as it is, enlarged where it is smaller; and its colours moved to the target's.

    Colours are moved by the mean and the spread of each channel over the training pictures of both sides (after
    Reinhard et al., 2001).
    """
    channels, height, width = (side or 0 for side in data.spec.x.shape)
    x = inputs.x.permute(0, 3, 1, 2).float()
    if x.shape[1] != channels:
        x = x.mean(1, keepdim=True).expand(-1, channels, -1, -1)
    is_enlarged = x.shape[2:] != (height, width)
    if is_enlarged:
        x = F.interpolate(x, (height, width), mode="bicubic", antialias=True)
    means = {"bicubic" if is_enlarged else "copy of the input": _bytes(x)}
    if data.train.degrade is None:
        batch = [data.train.batch(first, _BLOCK) for first in range(0, min(_MEASURED, len(data.train)), _BLOCK)]
        of_target = torch.cat([one.x for one in batch]).mul(127.5).add(127.5)
        of_input = torch.cat([one.condition for one in batch if one.condition is not None]).mul(127.5).add(127.5)
        if of_input.shape[1] != channels:
            of_input = of_input.mean(1, keepdim=True).expand(-1, channels, -1, -1)
        (from_std, from_mean), (to_std, to_mean) = (
            torch.std_mean(part, (0, 2, 3), keepdim=True) for part in (of_input, of_target)
        )
        means["mean colour transfer"] = _bytes((x - from_mean) * (to_std / from_std.clamp(min=1e-3)) + to_mean)
    return {name: Examples(levels) for name, levels in means.items()}


def _known_partners(view: View, count: int) -> tuple[Tensor, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Which inputs have a partner of the same name, and the rows of these partners."""
    assert view.origin is not None
    row_of = {group_of(name): row for row, name in enumerate(view.packed.names(range(len(view.packed))))}
    rows = view.head(0, min(count, view.num_inputs)).beside
    assert rows is not None
    found = [row_of.get(group_of(name), -1) for name in view.origin.packed.names(rows)]
    partners = np.array(found, np.int64)
    return torch.from_numpy(partners >= 0), partners[partners >= 0]


def _levels(x: Tensor) -> Tensor:
    return torch.from_numpy(as_levels(x))


def _bytes(x: Tensor) -> Tensor:
    return x.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous()
