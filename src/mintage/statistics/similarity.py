"""How alike two pictures are, pixel by pixel: PSNR, SSIM and MS-SSIM, for pictures that should be the same."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["MOST_SCALES", "SMALLEST_SIDE", "ms_ssim", "num_scales", "psnr", "ssim"]

SMALLEST_SIDE = 11  # of the window, and so of the pictures
_WINDOW_STD = 1.5
_LUMINANCE, _CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # how much each counts, found on people (Wang et al., 2003)
MOST_SCALES = len(_SCALES)
_BLOCK = 1 << 18  # levels of a side at a time: what passes between sums stays near the processor


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in decibels, of levels 0..255; infinite for equal pictures.

    >>> psnr(torch.zeros(1, 3, 8, 8), torch.full((1, 3, 8, 8), 25.5))
    tensor([20.])

    Shape: (N, C, H, W) uint8 or float, twice -> (N,).

    Raises:
        ValueError: these are no two sets of pictures of one shape.
    """

    def block(a: Tensor, b: Tensor) -> Tensor:
        return 10 * torch.log10(255**2 / (a - b).square().mean((1, 2, 3)))

    return _by_blocks(block, a, b)


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity of levels 0..255 (Wang et al., 2004), of each channel and then their mean: 1 for equal.

    In a Gaussian window of 11x11 that stays inside the picture.

    Shape: (N, C, H, W) uint8 or float, twice -> (N,).

    Raises:
        ValueError: these are no two sets of pictures of one shape, or a side is shorter than the window.
    """
    _check_sides(a)
    return _by_blocks(lambda a, b: _structure(a, b)[0], a, b)


def ms_ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity over several scales (Wang et al., 2003): 1 for equal.

    Five scales need 176 pixels a side; smaller pictures get `num_scales` of them, the finest, whose weights are made to
    sum to 1 again, so that values of different sizes do not compare. Negative agreement counts as none.

    Shape: (N, C, H, W) uint8 or float, twice -> (N,).

    Raises:
        ValueError: these are no two sets of pictures of one shape, or a side is shorter than the window.
    """
    _check_sides(a)
    weights = torch.tensor(_SCALES[: num_scales(*a.shape[2:])])
    weights = weights / weights.sum()

    def block(a: Tensor, b: Tensor) -> Tensor:
        product = torch.ones(len(a))
        for scale, weight in enumerate(weights):
            if scale:
                a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
            whole, contrast = _structure(a, b)
            product *= (whole if scale == len(weights) - 1 else contrast).clamp_min(0) ** weight
        return product

    return _by_blocks(block, a, b)


def num_scales(height: int, width: int) -> int:
    """How many scales MS-SSIM has on pictures of this size: five at most, each of which must hold a window.

    >>> num_scales(176, 200), num_scales(64, 64), num_scales(28, 28)
    (5, 3, 2)
    """
    return min(MOST_SCALES, (min(height, width) // SMALLEST_SIDE).bit_length())


def _structure(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM, and its factor that leaves brightness out. Shape: (B, C, H, W) twice -> (B,) twice."""
    centre = a.mean((2, 3), keepdim=True)  # variances of flat places are small differences of large squares
    a, b = a - centre, b - centre
    mean_a, mean_b, squares, product = _smooth(torch.cat([a, b, a * a + b * b, a * b], 1)).chunk(4, 1)
    variances = squares - mean_a.square() - mean_b.square()
    contrast = (2 * (product - mean_a * mean_b) + _CONTRAST) / (variances + _CONTRAST)
    mean_a, mean_b = mean_a + centre, mean_b + centre
    whole = (2 * mean_a * mean_b + _LUMINANCE) / (mean_a.square() + mean_b.square() + _LUMINANCE) * contrast
    return whole.mean((1, 2, 3)), contrast.mean((1, 2, 3))


def _smooth(x: Tensor) -> Tensor:
    """Weighted means in the window, along one side and then the other, by sums of shifted pictures.

    Five times as fast as a convolution on a CPU. Shape: (B, C, H, W) -> (B, C, H - 10, W - 10).
    """
    half = SMALLEST_SIDE // 2
    weights = torch.exp(-torch.arange(half + 1.0).square() / (2 * _WINDOW_STD**2))
    middle, *others = (weights / (2 * weights.sum() - weights[0])).tolist()
    for side in (3, 2):
        size = x.shape[side] - 2 * half
        smooth = x.narrow(side, half, size) * middle
        for away, weight in enumerate(others, 1):
            smooth.add_(x.narrow(side, half - away, size), alpha=weight)
            smooth.add_(x.narrow(side, half + away, size), alpha=weight)
        x = smooth
    return x


def _by_blocks(of: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor) -> Tensor:
    if a.shape != b.shape or a.ndim != 4:
        raise ValueError(f"{tuple(a.shape)} and {tuple(b.shape)} are no pictures to compare: (N, C, H, W) twice is.")
    rows = max(1, _BLOCK // max(1, a[:1].numel()))
    return torch.cat([of(*(x[at : at + rows].float() for x in (a, b))) for at in range(0, max(1, len(a)), rows)])


def _check_sides(a: Tensor) -> None:
    if min(a.shape[2:]) < SMALLEST_SIDE:
        raise ValueError(f"Structure is compared in windows of 11x11, and these pictures are {tuple(a.shape[2:])}.")
