"""PSNR, SSIM and MS-SSIM: closed forms, the definition taken literally, and the field's package beside ours."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mintage.statistics import similarity
from mintage.statistics.similarity import ms_ssim, num_scales, psnr, ssim


def pictures(*shape: int, seed: int = 0) -> Tensor:
    """Smooth ones, as pictures are, in levels."""
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return (128 + 250 * F.avg_pool2d(noise, 5, 1, 2)).clamp(0, 255).round()


def spoiled(x: Tensor) -> Tensor:
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(9))
    return (0.8 * x + 30 + 15 * noise).clamp(0, 255).round()


A = pictures(5, 3, 40, 33)
B = spoiled(A)


@pytest.mark.parametrize("offset", [1, 8, 100])
def test_the_psnr_of_a_constant_offset_is_its_closed_form(offset: int) -> None:
    a = torch.full((3, 1, 9, 7), 50, dtype=torch.uint8)
    assert psnr(a, a + offset).tolist() == pytest.approx([20 * math.log10(255 / offset)] * 3)


def test_equal_pictures_are_infinitely_near_and_alike_in_structure() -> None:
    assert psnr(A, A).isinf().all()
    assert ssim(A, A).tolist() == pytest.approx([1.0] * 5)
    assert ms_ssim(A, A).tolist() == pytest.approx([1.0] * 5)


def test_the_structure_of_two_flat_pictures_is_the_formula_of_their_luminance() -> None:
    a, b = torch.full((1, 1, 16, 16), 100.0), torch.full((1, 1, 16, 16), 160.0)
    c = (0.01 * 255) ** 2
    assert float(ssim(a, b)) == pytest.approx((2 * 100 * 160 + c) / (100**2 + 160**2 + c), rel=1e-4)


def test_structure_is_that_of_the_definition_window_by_window() -> None:
    axis = torch.exp(-torch.arange(-5.0, 6).double().square() / 4.5)
    window = torch.outer(axis, axis).flatten()
    window /= window.sum()
    expected = torch.zeros(5, dtype=torch.float64)
    for channel in range(3):
        a, b = (x[:, channel].double().unfold(1, 11, 1).unfold(2, 11, 1).flatten(3) for x in (A, B))
        mean_a, mean_b = a @ window, b @ window
        var_a, var_b = (a - mean_a[..., None]).square() @ window, (b - mean_b[..., None]).square() @ window
        both = ((a - mean_a[..., None]) * (b - mean_b[..., None])) @ window
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
        expected += (top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean((1, 2)) / 3
    assert ssim(A, B).tolist() == pytest.approx(expected.tolist(), abs=1e-5)


@pytest.mark.parametrize("of", [psnr, ssim, ms_ssim])
def test_a_picture_s_value_depends_on_neither_its_block_nor_its_type(
    of: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(of)
    whole = of(A, B)
    assert torch.allclose(of(A.byte(), B.byte()), whole)
    assert torch.allclose(of(B, A), whole, atol=1e-5)
    monkeypatch.setattr(similarity, "_BLOCK", 2 * A[:1].numel())
    assert torch.allclose(of(A, B), whole, atol=1e-6)
    assert of(A[:0], B[:0]).shape == (0,)


def test_what_is_spoiled_more_is_less_alike() -> None:
    for of in (psnr, ssim, ms_ssim):
        assert (of(A, B) > of(A, spoiled(B))).all()


def test_small_pictures_have_fewer_scales_and_one_scale_is_plain_structure() -> None:
    assert [num_scales(side, 300) for side in (11, 21, 22, 64, 175, 176, 1000)] == [1, 1, 2, 3, 4, 5, 5]
    a = A[..., :20, :20]
    assert torch.allclose(ms_ssim(a, spoiled(a)), ssim(a, spoiled(a)), atol=1e-6)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="no pictures to compare"):
        psnr(A, B[:, :1])
    for of in (ssim, ms_ssim):
        with pytest.raises(ValueError, match="windows of 11x11"):
            of(A[..., :10], B[..., :10])


@pytest.mark.reference
def test_values_are_those_of_torchmetrics() -> None:
    theirs = pytest.importorskip("torchmetrics.functional.image")
    structure = theirs.structural_similarity_index_measure
    a = pictures(3, 3, 190, 200, seed=1)
    b = spoiled(a)
    for x, y in ((A, B), (a, b)):
        expected = theirs.peak_signal_noise_ratio(x, y, data_range=255.0, reduction="none", dim=(1, 2, 3))
        assert psnr(x, y).tolist() == pytest.approx(expected.tolist(), abs=1e-4)
        _, maps = structure(x, y, data_range=255.0, reduction="none", return_full_image=True)
        inside = maps[..., 5:-5, 5:-5].mean((1, 2, 3))  # its own mean takes in a border of mirrored pixels
        assert ssim(x, y).tolist() == pytest.approx(inside.tolist(), abs=1e-4)

        weights = torch.tensor([0.0448, 0.2856, 0.3001, 0.2363, 0.1333][: num_scales(*x.shape[2:])])
        expected = torch.ones(len(x))
        for scale, weight in enumerate(weights / weights.sum()):
            halved = [F.avg_pool2d(each, 2**scale) for each in (x, y)]
            _, contrast = structure(*halved, data_range=255.0, reduction="none", return_contrast_sensitivity=True)
            expected *= (ssim(*halved) if scale == len(weights) - 1 else contrast) ** weight
        assert ms_ssim(x, y).tolist() == pytest.approx(expected.tolist(), abs=1e-4)
