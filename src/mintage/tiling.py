"""Pictures of any size through a translator: tiles without seams, in memory that grows only as the two pictures do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from mintage.errors import ConfigError
from mintage.layers.instance_norm import InstanceNorm, held_moments
from mintage.layers.translator import Translator

__all__ = ["translate"]

Pixels = NDArray[Any]
Places = tuple[NDArray[np.int64], NDArray[np.int64]]  # rows and columns of a picture

_RAMP = 16  # input pixels over which a tile fades into the next, where tiles are large enough
_SHARE, _PARTS = 4, 36  # moments are measured on 36 parts with a quarter of a tile's side: 2.25 tiles in one batch
_RIM = 16  # of a part's side: so much of it is left out of the moments at each edge
_WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


def translate(
    sampler: Translator,
    picture: Pixels,
    mask: NDArray[np.bool_] | None = None,
    *,
    tile: int = 512,
    strength: float = 1.0,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
    progress: Callable[[int, int], object] | None = None,
) -> Pixels:
    """What a translator makes of a picture of any size.

    A picture of up to 2.25 tiles' area passes in one piece. A larger one is cut into tiles, each with a margin as wide
    as the network sees (at most an eighth of a tile), faded one into the next. Instance normalisation would give each
    tile its own contrast, so the moments of the whole are measured first, on parts that lie evenly over the picture
    (together 2.25 tiles), and held for all tiles: no seams, though the contrast of all is that of those parts.

    Args:
        sampler: it is put into evaluation mode meanwhile.
        picture: uint8 or uint16 of the full range, or floats in [-1, 1].
        mask: for inpainting, true where pixels are missing; all others stay as they are.
        tile: side of what the network sees at once, in input pixels; half of it where sides grow fourfold.
        strength: 1 is the network's picture, 0 the input (enlarged bicubically where the translator enlarges).
        autocast: makes the context that the network runs in.
        progress: told after each tile how many are done, of how many.

    Shape: (H, W, C), mask (H, W) -> (scale H, scale W, C') of the same dtype.

    Raises:
        ConfigError: the strength is below 1 and the channels of input and output differ.
    """
    job = _Job(sampler, picture, mask, strength, autocast)
    least = _least_side(sampler)
    shown = 2 * tile // max(2, sampler.scale)  # maps of four times the sides would take four times the memory
    side = _up(max(shown, least, 8 * sampler.multiple), sampler.multiple)
    unit = sampler.multiple
    padded = [_up(max(length, least), unit) for length in picture.shape[:2]]
    whole = math.prod(padded) <= _PARTS * (side // _SHARE) ** 2
    sides = padded if whole else [min(length, side) for length in padded]
    axes = [_Axis.cut(*lengths, sampler) for lengths in zip(picture.shape[:2], padded, sides, strict=True)]
    with _evaluating(sampler), torch.inference_mode():
        if whole:
            return _assembled(job, axes, progress)
        with held_moments(sampler, lambda: job.look(_spread(axes, _up(max(side // _SHARE, least), unit)))):
            return _assembled(job, axes, progress)


@dataclass(frozen=True)
class _Axis:
    """Equal windows along the rows or the columns of a picture, and how they fade into each other."""

    length: int  # of the picture
    side: int  # of a window
    starts: tuple[int, ...]
    ramp: int
    scale: int

    @classmethod
    def cut(cls, length: int, padded: int, side: int, sampler: Translator) -> _Axis:
        """As few windows of this side as cover the padded length, with margins; all three are multiples."""
        if padded == side:
            return cls(length, side, (0,), 0, sampler.scale)
        unit, ramp = sampler.multiple, min(_RAMP, side // 8)
        overlap = 2 * min(sampler.reach, side // 8) + ramp + unit  # a unit, as starts are rounded to it
        gaps = math.ceil((padded - side) / (side - overlap))
        starts = tuple(round(number * (padded - side) / gaps / unit) * unit for number in range(gaps + 1))
        return cls(length, side, starts, ramp, sampler.scale)

    @property
    def padded(self) -> int:
        """The length that all windows cover."""
        return self.starts[-1] + self.side

    def places(self, start: int, side: int) -> NDArray[np.int64]:
        """Rows of the picture behind a window's; beyond the far end it is reflected. Shape: (side,)."""
        period = max(2 * self.length - 2, 1)
        rows = np.arange(start, start + side) % period
        return np.minimum(rows, period - rows) if self.length > 1 else np.zeros_like(rows)

    def spread(self, side: int, count: int) -> list[NDArray[np.int64]]:
        """As many parts, each in the middle of its share of the rows."""
        last = self.padded - side
        middles = [self.padded * (number + 0.5) / count for number in range(count)]
        return [self.places(min(max(round(middle - side / 2), 0), last), side) for middle in middles]

    @cached_property
    def weights(self) -> list[Tensor]:
        """How much of each output row comes from each window; all together they are 1. Shape: (scale side,) each."""
        middles = [(left + self.side + right) / 2 for left, right in pairwise(self.starts)]
        found = []
        for number, start in enumerate(self.starts):
            rows = start + (torch.arange(self.side * self.scale) + 0.5) / self.scale
            enter = self._rise(rows, middles[number - 1]) if number else torch.ones_like(rows)
            leave = self._rise(rows, middles[number]) if number < len(middles) else torch.zeros_like(rows)
            found.append(enter - leave)
        return found

    def _rise(self, rows: Tensor, middle: float) -> Tensor:
        t = ((rows - middle) / self.ramp + 0.5).clamp(0, 1)
        return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class _Job:
    """One picture and what is to be done with its parts."""

    sampler: Translator
    picture: Pixels
    mask: NDArray[np.bool_] | None
    strength: float
    autocast: Callable[[], AbstractContextManager[object]]

    def look(self, places: list[Places]) -> None:
        """Pass parts of the picture as one batch, and let normalisation take its moments inside their rims.

        At the rim of each part maps tell of padding, which a picture has little of and small parts have much of.
        """
        layers = [layer for layer in self.sampler.modules() if isinstance(layer, InstanceNorm)]
        hooks = [layer.register_forward_pre_hook(_measured_inside) for layer in layers]
        try:
            self._pass(torch.cat([self._shown(*self._part(part)) for part in places]))
        finally:
            for hook in hooks:
                hook.remove()

    def made(self, places: Places) -> Tensor:
        """One part translated. Shape: (scale h, scale w, C') in [-1, 1]."""
        x, missing = self._part(places)
        y = self._pass(self._shown(x, missing)).float()
        x = x.to(y.device)
        if self.strength < 1:
            if y.shape[1] != x.shape[1]:
                raise ConfigError(
                    f"A strength of {self.strength:g} mixes the picture of {x.shape[1]} channels with a result of "
                    f"{y.shape[1]}: use strength 1."
                )
            # a residual network may leave [-1, 1]: what is mixed is the picture that it would be
            y = _resized(x, self.sampler.scale).lerp(y.clamp(-1, 1), self.strength)
        if missing is not None and y.shape == x.shape:
            y = torch.where(missing.to(y.device), y, x)
        return y[0].permute(1, 2, 0).cpu()

    def _part(self, places: Places) -> tuple[Tensor, Tensor | None]:
        where = np.ix_(*places)
        levels = self.picture[where].astype(np.float32)
        if white := _WHITE.get(self.picture.dtype):
            levels = levels * (2 / white) - 1
        missing = None if self.mask is None else torch.from_numpy(self.mask[where])[None, None]
        return torch.from_numpy(levels).permute(2, 0, 1)[None].contiguous(), missing

    def _shown(self, x: Tensor, missing: Tensor | None) -> Tensor:
        return x if missing is None else torch.cat([x.masked_fill(missing, 0), missing.float().mul(2).sub(1)], 1)

    def _pass(self, x: Tensor) -> Tensor:
        device = next((tensor.device for tensor in self.sampler.parameters()), x.device)
        with self.autocast():
            return self.sampler(torch.empty(len(x), 0, device=device), x.to(device))  # type: ignore[no-any-return]


def _assembled(job: _Job, axes: list[_Axis], progress: Callable[[int, int], object] | None) -> Pixels:
    """All windows, band by band: a row of the output is written as soon as no window to come touches it."""
    down, across = axes
    scale, total = job.sampler.scale, len(down.starts) * len(across.starts)
    out = band = None
    for i, top in enumerate(down.starts):
        for j, left in enumerate(across.starts):
            made = job.made((down.places(top, down.side), across.places(left, across.side)))
            if out is None or band is None:
                out = np.empty((scale * down.length, scale * across.length, made.shape[2]), job.picture.dtype)
                band = made.new_zeros(scale * down.side, scale * across.padded, made.shape[2])
            made *= down.weights[i][:, None, None] * across.weights[j][:, None]
            band[:, scale * left : scale * (left + across.side)] += made
            if progress is not None:
                progress(i * len(across.starts) + j + 1, total)
        assert out is not None
        assert band is not None
        done = scale * ((*down.starts, down.length)[i + 1] - top)
        _write(band[:done, : out.shape[1]], out[scale * top : scale * top + done])
        band = torch.cat([band[done:], torch.zeros_like(band[:done])])
    return out  # type: ignore[return-value]


def _write(values: Tensor, out: Pixels) -> None:
    if white := _WHITE.get(out.dtype):
        values = ((values + 1) * (white / 2)).nan_to_num_(0).round_().clamp_(0, white)
    out[:] = values.numpy()


def _spread(axes: list[_Axis], side: int) -> list[Places]:
    """Parts of a picture that lie evenly over it: many small ones tell more of it than a few large ones."""
    sides = [min(side, axis.padded) for axis in axes]
    counts = [-(-axis.padded // side) for axis in axes]
    if math.prod(counts) > _PARTS:
        short, long = min(counts), max(counts)
        fewer = max(1, min(short, math.isqrt(_PARTS * short // long)))
        counts = [fewer if count == short else min(count, _PARTS // fewer) for count in counts]
    rows, columns = (axis.spread(length, count) for axis, length, count in zip(axes, sides, counts, strict=True))
    return list(product(rows, columns))


def _measured_inside(layer: nn.Module, maps: tuple[Tensor]) -> None:
    assert isinstance(layer, InstanceNorm)
    top, left = (side // _RIM for side in maps[0].shape[2:])
    inner = maps[0][:, :, top : maps[0].shape[2] - top, left : maps[0].shape[3] - left]
    variance, mean = torch.var_mean(inner.float(), (0, 2, 3), correction=0)
    layer.measures, layer.moments = False, (mean, variance)


@contextmanager
def _evaluating(sampler: nn.Module) -> Iterator[None]:
    training = sampler.training
    sampler.eval()
    try:
        yield
    finally:
        sampler.train(training)


def _least_side(sampler: Translator) -> int:
    """A reflection is narrower than what it reflects, and the coarsest maps must have two pixels for a variance."""
    pads = [1]
    for layer in sampler.modules():
        if isinstance(layer, nn.ReflectionPad2d) or (isinstance(layer, nn.Conv2d) and layer.padding_mode == "reflect"):
            pads += [pad for pad in layer.padding if isinstance(pad, int)]
    return sampler.multiple * (max(pads) + 1)


def _resized(x: Tensor, scale: int) -> Tensor:
    return x if scale == 1 else F.interpolate(x, scale_factor=scale, mode="bicubic", align_corners=False)


def _up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple
