"""Batch normalisation that keeps to its player's turn and counts over all processes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.layers.across import alone, mean_across
from mintage.layers.turns import learning

__all__ = ["BatchNorm"]


class BatchNorm(nn.Module):
    """Batch normalisation over every axis but the channels' (Ioffe and Szegedy, 2015).

    Unlike torch's, its running moments move only in its own player's turn, and with several processes the
    moments are those of the global batch, on any backend (torch's SyncBatchNorm has no CPU path).

    Shape: (B, C, ...) -> (B, C, ...).
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, *, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        if alone():
            moments = (self.running_mean, self.running_var) if learning(self.weight) else (None, None)
            mean, var = moments
            return F.batch_norm(x, mean, var, self.weight, self.bias, True, self.momentum, self.eps)
        return self._over_processes(x)

    def _over_processes(self, x: Tensor) -> Tensor:
        axes = [0, *range(2, x.ndim)]
        wide = x.float()
        mean, square = mean_across(torch.stack([wide.mean(axes), wide.square().mean(axes)]))
        variance = square - mean.square()
        if learning(self.weight):
            count = x.numel() / x.shape[1] * torch.distributed.get_world_size()
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(variance * (count / max(count - 1, 1)), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt()
        shape = (-1, *[1] * (x.ndim - 2))
        normed: Tensor = wide * scale.view(shape) + (self.bias - mean * scale).view(shape)
        return normed.to(x.dtype)
