"""JPEG against the encoder and decoder that Pillow has."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from mintage.contracts import TensorSpec
from mintage.degrade.jpeg import Jpeg
from mintage.errors import SpecError


def picture(channels, height, width):
    """Soft colours, an edge and some grain: what a photograph is made of."""
    rng = torch.Generator().manual_seed(0)
    x = F.interpolate(torch.rand(1, channels, 5, 6, generator=rng), (height, width), mode="bicubic")
    x[..., : width // 3] = 1 - 0.5 * x[..., : width // 3]
    x = x + 0.03 * torch.randn(x.shape, generator=rng)
    return (x.clamp(0, 1) * 255).round() / 127.5 - 1


def pillows(x, quality):
    pixels = ((x[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(file, "jpeg", quality=quality, subsampling="4:2:0")
    read = np.asarray(Image.open(file)).reshape(pixels.shape)
    return torch.from_numpy(read.copy()).permute(2, 0, 1)[None] / 127.5 - 1


def psnr(a, b):
    return float(10 * torch.log10(4 / (a - b).square().mean()))


@pytest.mark.parametrize("quality", [10, 30, 49, 50, 75, 95])
@pytest.mark.parametrize("shape", [(3, 64, 64), (3, 45, 70), (1, 50, 61)], ids=str)
def test_it_makes_what_pillow_makes(shape, quality) -> None:
    x = picture(*shape)
    ours, theirs = Jpeg(quality=(quality, quality))(x, torch.tensor([[0.5]])), pillows(x, quality)
    assert psnr(ours, theirs) > (42 if quality > 30 or shape[0] == 1 else 38)  # dB: coarse steps make much of a tie
    assert psnr(ours, theirs) > psnr(x, theirs) + 6
    assert psnr(x, ours) == pytest.approx(psnr(x, theirs), abs=0.2)


def test_both_ends_of_quality_are_drawn_and_each_sample_has_its_own() -> None:
    x = picture(3, 48, 48).expand(2, -1, -1, -1)
    made = Jpeg(quality=(10, 90))(x, torch.tensor([[0.0], [1 - 2**-24]]))
    assert torch.equal(made[:1], Jpeg(quality=(10, 10))(x[:1], torch.tensor([[0.5]])))
    assert torch.equal(made[1:], Jpeg(quality=(90, 90))(x[:1], torch.tensor([[0.5]])))


def test_a_flat_picture_stays_as_it_is() -> None:
    x = torch.full((1, 3, 20, 20), 128 / 127.5 - 1)
    torch.testing.assert_close(Jpeg()(x, torch.tensor([[0.5]])), x)


def test_other_numbers_of_channels_are_refused() -> None:
    with pytest.raises(SpecError, match="1 or 3 channels"):
        Jpeg().spec(TensorSpec(shape=(4, 64, 64)))
