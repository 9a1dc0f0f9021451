"""Residual translators keep the sides, tell how far they see, and show what they see on the way."""

from __future__ import annotations

import pytest
import torch

from mintage.layers.residual import ResidualBlock, ResNetTranslator
from mintage.layers.upsample import ResizeConv, ShuffleConv


def seen_from(network: torch.nn.Module, side: int, places: range) -> int:
    """How many pixels away the output pixels at these places of the middle row still see."""
    x = torch.randn(1, 3, side, side, requires_grad=True)
    out, farthest, middle = network(x), 0, side // 2
    for place in places:
        (slope,) = torch.autograd.grad(out[0, :, middle, place].sum(), x, retain_graph=True)
        columns = slope[0].abs().sum((0, 1)).nonzero().flatten()
        farthest = max(farthest, place - columns.min().item(), columns.max().item() - place)
    return farthest


@pytest.mark.parametrize(("halvings", "blocks"), [(0, 1), (1, 1), (2, 1), (2, 2), (1, [1, 3])])
def test_reach_is_as_far_as_an_output_pixel_sees(halvings, blocks) -> None:
    torch.manual_seed(0)
    network = ResNetTranslator(3, 3, 4, blocks, halvings=halvings, norm=False)
    side = 16 * (network.reach // 8 + 1)
    seen = seen_from(network, side, range(side // 2, side // 2 + network.multiple))
    assert network.reach - network.multiple <= seen <= network.reach


@pytest.mark.parametrize("upsample", ["resize", "shuffle"])
def test_sides_are_kept_and_need_not_be_equal(upsample) -> None:
    network = ResNetTranslator(4, 2, 4, 1, upsample=upsample)
    assert network(torch.randn(2, 4, 16, 24)).shape == (2, 2, 16, 24)
    assert network(torch.randn(2, 4, 16, 24)).abs().max() <= 1


def test_encode_gives_the_maps_that_forward_passes_through() -> None:
    network = ResNetTranslator(3, 3, 4, 3)
    x = torch.randn(1, 3, 16, 16)
    maps = network.encode(x, [0, 1, 2, 5])
    assert [m.shape[1] for m in maps] == [network.widths[layer] for layer in (0, 1, 2, 5)] == [4, 8, 16, 16]
    assert [m.shape[2] for m in maps] == [16, 8, 4, 4]
    torch.testing.assert_close(network.head(network.decoder(maps[-1])).tanh(), network(x))
    (last, first) = network.encode(x, [5, 0])
    assert torch.equal(last, maps[-1])
    assert torch.equal(first, maps[0])


def test_a_dilated_block_sees_as_far_as_it_says() -> None:
    block = ResidualBlock(3, norm=False, dilation=4)
    assert seen_from(block, 16, range(8, 9)) == block.reach == 5


def test_a_shuffled_upsampling_starts_without_checkerboards() -> None:
    out = ShuffleConv(3, 2)(torch.randn(1, 3, 8, 8))
    assert out.shape == (1, 2, 16, 16)
    assert torch.equal(out[:, :, ::2, ::2], out[:, :, 1::2, 1::2])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("side", [5, 20])
def test_a_resize_convolution_is_the_convolution_of_the_repeated_pixels(side, training) -> None:
    layer, x = ResizeConv(3, 2).train(training), torch.randn(2, 3, side, side + 2)
    repeated = torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")
    torch.testing.assert_close(layer(x), torch.nn.functional.conv2d(repeated, layer.weight, layer.bias, padding=1))
