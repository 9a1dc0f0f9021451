"""Downscaling against Pillow's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from mintage.contracts import TensorSpec
from mintage.degrade.downscale import Downscale
from mintage.errors import SpecError


@pytest.mark.parametrize(
    ("name", "filter"),
    [("bicubic", Image.Resampling.BICUBIC), ("bilinear", Image.Resampling.BILINEAR), ("area", Image.Resampling.BOX)],
)
def test_each_filter_is_pillows(name, filter) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1
    ours = (Downscale(scale=4, filter=name)(x, torch.empty(1, 0))[0].permute(1, 2, 0) + 1) * 127.5
    pillows = np.asarray(Image.fromarray(pixels).resize((16, 12), filter), np.float32)
    assert np.abs(ours.numpy() - pillows).max() < 1.01  # Pillow rounds after each axis


def test_a_random_filter_is_one_of_the_three() -> None:
    x = torch.rand(3, 3, 16, 16) * 2 - 1
    made = Downscale(filter="random")(x, torch.tensor([[0.1], [0.5], [0.9]]))
    for k, name in enumerate(("bicubic", "bilinear", "area")):
        assert torch.equal(made[k], Downscale(filter=name)(x, torch.empty(3, 0))[k])


def test_sides_that_do_not_divide_are_refused_with_what_to_do() -> None:
    with pytest.raises(SpecError, match="multiples of it"):
        Downscale(scale=4).spec(TensorSpec(shape=(3, 64, 66)))
