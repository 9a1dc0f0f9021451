"""Spectral normalisation whose power iteration keeps to its player's turn."""

from __future__ import annotations

from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from mintage.layers.turns import learning

__all__ = ["spectral_norm"]

M = TypeVar("M", bound=nn.Module)


class _UnitSpectralNorm(nn.Module):
    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        self.register_buffer("u", F.normalize(torch.randn(matrix.shape[0]), dim=0))
        self.register_buffer("v", F.normalize(torch.randn(matrix.shape[1]), dim=0))
        for _ in range(15):
            self._iterate(matrix)

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):  # a norm in bfloat16 is off by a percent
            matrix = weight.flatten(1)
            if self.training and learning(weight):
                self._iterate(matrix)
            return weight / torch.dot(self.u.clone(), matrix @ self.v.clone())

    @torch.no_grad()
    def _iterate(self, matrix: Tensor) -> None:
        _set_direction(self.v, matrix.T @ self.u)
        _set_direction(self.u, matrix @ self.v)


def _set_direction(unit: Tensor, vector: Tensor) -> None:
    torch.div(vector, vector.norm().clamp_min_(1e-12), out=unit)


def spectral_norm(layer: M) -> M:
    """Keep a layer's largest singular value near one (Miyato et al., 2018), so that its slope is bounded.

    One power iteration a forward pass, in the layer's own player's turn alone.
    """
    with torch.no_grad():
        parametrize.register_parametrization(layer, "weight", _UnitSpectralNorm(layer.weight))  # type: ignore[arg-type]
    return layer
