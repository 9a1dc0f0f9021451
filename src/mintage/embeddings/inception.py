"""Inception: the network that the Fréchet inception distance is defined with, and no other, by file or download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import Examples
from mintage.errors import ConfigError
from mintage.layers.image_features import ImageFeatures, bicubic
from mintage.storage import sha256
from mintage.weights import find_weights, fold_batch_norm, load_network

__all__ = ["Inception"]

_FILE = "pt_inception-2015-12-05-6726825d.pth"
_URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{_FILE}"
_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
_EPS = 1e-3


class Inception(Settings):
    """The 2048 pooled features that FID is computed from (Heusel et al., 2017; Szegedy et al., 2016).

    Choose it to set a score beside published ones, with at least 10,000 images a side; it is the slowest on a CPU.

    Shape: 2048 features.
    """

    weights: Path | None = None
    """The file pt_inception-2015-12-05-6726825d.pth; unset: in MINTAGE_WEIGHTS, or downloaded (96 MB)."""
    resize: Literal["clean", "legacy", "pytorch"] = "clean"
    """To 299x299: antialiased (Parmar et al., 2022), as TensorFlow 1 and torch-fidelity, or as pytorch-fid does."""
    other_weights: bool = False
    """Take other weights of the same shape: their distances are never called FID. For tests."""

    def prepare(self, reals: Examples, cache: Path) -> ImageFeatures:
        """The network with its weights; nothing is learned from the examples.

        Raises:
            ConfigError: the weights are not there, cannot be downloaded, or are not those of FID.
        """
        path = find_weights(self.weights, _FILE, _URL, _SHA256, cache)
        found = sha256(path)
        is_fid = found == _SHA256
        if not (is_fid or self.other_weights):
            raise ConfigError(
                f"{path} does not hold the weights that FID is defined with (its sha256 begins with {found[:8]}, "
                f"wanted is {_SHA256[:8]}). Get {_URL}, or choose another embedding."
            )
        middle = 127.5 if self.resize == "pytorch" else 128.0
        return ImageFeatures(
            network=load_network(path, _translate, lambda _: _InceptionV3()),
            identity=f"{'' if is_fid else 'other-'}inception-{found[:8]}-{self.resize}",
            dim=2048,
            side=299,
            mean=(middle,),
            std=(middle,),
            resize={"clean": bicubic, "legacy": _tensorflow, "pytorch": _pytorch}[self.resize],
            is_fid=is_fid,
        )


def _tensorflow(x: Tensor, side: int) -> Tensor:
    """Bilinear as TensorFlow 1 did it: no antialiasing, and the picture moves half a pixel up and left."""
    for axis in (3, 2):
        size = x.shape[axis]
        at = torch.arange(side) * (size / side)
        low = at.long()
        left, right = (x.index_select(axis, index.clamp(max=size - 1)) for index in (low, low + 1))
        x = left.lerp(right, (at - low).view(-1, *[1] * (3 - axis)))
    return x


def _pytorch(x: Tensor, side: int) -> Tensor:
    return F.interpolate(x, (side, side), mode="bilinear")


class _Conv(nn.Conv2d):
    """A convolution and a rectifier; it keeps the size unless it has a stride or is `valid`."""

    def __init__(
        self, channels: int, out: int, size: int | tuple[int, int], stride: int = 1, *, valid: bool = False
    ) -> None:
        rows, columns = (size, size) if isinstance(size, int) else size
        padding = (0, 0) if valid or stride > 1 else (rows // 2, columns // 2)
        super().__init__(channels, out, (rows, columns), stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu_()


class _InceptionV3(nn.Module):
    """Inception v3 as in the graph of 2015-12-05; names are those of the published weights.

    It differs from later ones: averages do not count the border, and the last block pools by the maximum.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Conv(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = _Conv(32, 32, 3, valid=True)
        self.Conv2d_2b_3x3 = _Conv(32, 64, 3)
        self.Conv2d_3b_1x1 = _Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = _Conv(80, 192, 3, valid=True)
        self.Mixed_5b = _Mixed35(192, 32)
        self.Mixed_5c = _Mixed35(256, 64)
        self.Mixed_5d = _Mixed35(288, 64)
        self.Mixed_6a = _Shrink35()
        self.Mixed_6b = _Mixed17(128)
        self.Mixed_6c = _Mixed17(160)
        self.Mixed_6d = _Mixed17(160)
        self.Mixed_6e = _Mixed17(192)
        self.Mixed_7a = _Shrink17()
        self.Mixed_7b = _Mixed8(1280, _average)
        self.Mixed_7c = _Mixed8(2048, _maximum)

    def forward(self, x: Tensor) -> Tensor:
        x = _chain(x, self.Conv2d_1a_3x3, self.Conv2d_2a_3x3, self.Conv2d_2b_3x3)  # (B, 64, 147, 147)
        x = _chain(_halve(x), self.Conv2d_3b_1x1, self.Conv2d_4a_3x3)  # (B, 192, 71, 71)
        x = _chain(_halve(x), self.Mixed_5b, self.Mixed_5c, self.Mixed_5d)  # (B, 288, 35, 35)
        x = _chain(x, self.Mixed_6a, self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e)  # (B, 768, 17, 17)
        x = _chain(x, self.Mixed_7a, self.Mixed_7b, self.Mixed_7c)  # (B, 2048, 8, 8)
        return x.mean((2, 3))


class _Mixed35(nn.Module):
    def __init__(self, channels: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = _Conv(channels, 64, 1)
        self.branch5x5_1, self.branch5x5_2 = _Conv(channels, 48, 1), _Conv(48, 64, 5)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(channels, 64, 1), _Conv(64, 96, 3)
        self.branch3x3dbl_3 = _Conv(96, 96, 3)
        self.branch_pool = _Conv(channels, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        fives = _chain(x, self.branch5x5_1, self.branch5x5_2)
        threes = _chain(x, self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3)
        return torch.cat([self.branch1x1(x), fives, threes, self.branch_pool(_average(x))], 1)


class _Shrink35(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch3x3 = _Conv(288, 384, 3, 2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(288, 64, 1), _Conv(64, 96, 3)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        threes = _chain(x, self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3)
        return torch.cat([self.branch3x3(x), threes, _halve(x)], 1)


class _Mixed17(nn.Module):
    def __init__(self, narrow: int) -> None:
        super().__init__()
        self.branch1x1 = _Conv(768, 192, 1)
        self.branch7x7_1, self.branch7x7_2 = _Conv(768, narrow, 1), _Conv(narrow, narrow, (1, 7))
        self.branch7x7_3 = _Conv(narrow, 192, (7, 1))
        self.branch7x7dbl_1, self.branch7x7dbl_2 = _Conv(768, narrow, 1), _Conv(narrow, narrow, (7, 1))
        self.branch7x7dbl_3, self.branch7x7dbl_4 = _Conv(narrow, narrow, (1, 7)), _Conv(narrow, narrow, (7, 1))
        self.branch7x7dbl_5 = _Conv(narrow, 192, (1, 7))
        self.branch_pool = _Conv(768, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        sevens = _chain(x, self.branch7x7_1, self.branch7x7_2, self.branch7x7_3)
        twice = _chain(x, self.branch7x7dbl_1, self.branch7x7dbl_2, self.branch7x7dbl_3, self.branch7x7dbl_4)
        return torch.cat([self.branch1x1(x), sevens, self.branch7x7dbl_5(twice), self.branch_pool(_average(x))], 1)


class _Shrink17(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = _Conv(768, 192, 1), _Conv(192, 320, 3, 2)
        self.branch7x7x3_1, self.branch7x7x3_2 = _Conv(768, 192, 1), _Conv(192, 192, (1, 7))
        self.branch7x7x3_3, self.branch7x7x3_4 = _Conv(192, 192, (7, 1)), _Conv(192, 192, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        threes = _chain(x, self.branch3x3_1, self.branch3x3_2)
        sevens = _chain(x, self.branch7x7x3_1, self.branch7x7x3_2, self.branch7x7x3_3, self.branch7x7x3_4)
        return torch.cat([threes, sevens, _halve(x)], 1)


class _Mixed8(nn.Module):
    def __init__(self, channels: int, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pool = pool
        self.branch1x1 = _Conv(channels, 320, 1)
        self.branch3x3_1 = _Conv(channels, 384, 1)
        self.branch3x3_2a, self.branch3x3_2b = _Conv(384, 384, (1, 3)), _Conv(384, 384, (3, 1))
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(channels, 448, 1), _Conv(448, 384, 3)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = _Conv(384, 384, (1, 3)), _Conv(384, 384, (3, 1))
        self.branch_pool = _Conv(channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch3x3_1(x)
        twice = _chain(x, self.branch3x3dbl_1, self.branch3x3dbl_2)
        threes = [self.branch3x3_2a(once), self.branch3x3_2b(once)]
        doubles = [self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)]
        return torch.cat([self.branch1x1(x), *threes, *doubles, self.branch_pool(self.pool(x))], 1)


def _chain(x: Tensor, *parts: nn.Module) -> Tensor:
    for part in parts:
        x = part(x)
    return x


def _halve(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, 2)


def _average(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def _maximum(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, 1, 1)


def _translate(state: dict[str, Tensor]) -> dict[str, Tensor]:
    for name in ("fc.weight", "fc.bias"):  # the 1008 classes are not part of the features
        state.pop(name)
    for name in [name.removesuffix(".conv.weight") for name in state if name.endswith(".conv.weight")]:
        fold_batch_norm(state, f"{name}.conv", f"{name}.bn", name, _EPS)
    return state
