"""Instance normalisation: each picture by its own moments, or by moments that were measured before and are held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["InstanceNorm", "held_moments"]

_LONG_SUM = 1 << 16  # pixels from which torch's one-pass sums of channels-last maps lose digits


class InstanceNorm(nn.Module):
    """Instance normalisation without weights (Ulyanov et al., 2016).

    The same numbers as F.instance_norm, from those of torch's kernels that are fastest on a CPU, in the memory order
    of `x` (F.instance_norm reorders what is channels-last): twice its speed forward and backward.

    Shape: (B, C, H, W) -> (B, C, H, W).
    """

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        self.measures = False
        self.moments: tuple[Tensor, Tensor] | None = None  # mean and variance that are held, (C,) each

    def forward(self, x: Tensor) -> Tensor:
        if self.measures:
            variance, mean = torch.var_mean(x.detach().float(), (0, 2, 3), correction=0)
            self.moments = mean, variance
        if self.moments is not None:
            return F.batch_norm(x, *self.moments, eps=self.eps)
        if x.device.type != "cpu":
            return F.instance_norm(x, eps=self.eps)
        if x.is_contiguous() or not x.is_contiguous(memory_format=torch.channels_last):
            return F.group_norm(x, x.shape[1], eps=self.eps)
        if x.shape[2] * x.shape[3] > _LONG_SUM:
            plain = F.group_norm(x.contiguous(), x.shape[1], eps=self.eps)
            return plain.contiguous(memory_format=torch.channels_last)
        # one picture at a time, batch normalisation is the same thing and has a fast channels-last kernel
        normed = [F.batch_norm(x[i : i + 1], None, None, training=True, eps=self.eps) for i in range(len(x))]
        return normed[0] if len(normed) == 1 else torch.cat(normed)


@contextmanager
def held_moments(module: nn.Module, measure: Callable[[], object]) -> Iterator[None]:
    """Let all instance normalisation of `module` use the moments that it has during `measure()`, whatever it sees.

    `measure` passes one batch through the module. It is normalised by the moments of all its pictures together, layer
    by layer, so parts of one large picture stand for the whole of it. Each layer is used once in a pass; a module
    without such layers is not measured. Afterwards the layers are as they were.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, InstanceNorm)]
    try:
        if layers:
            for layer in layers:
                layer.measures = True
            measure()
            for layer in layers:
                layer.measures = False
        yield
    finally:
        for layer in layers:
            layer.measures, layer.moments = False, None
