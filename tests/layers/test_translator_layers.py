"""Layers of translators: doublings draw no checkerboard, patches have their size, a residual start is a copy."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tests.layers.test_residual import seen_from
from torch import nn

from mintage.contracts import DataSpec, TensorSpec
from mintage.layers.instance_norm import InstanceNorm
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.residual import ResNetTranslator
from mintage.layers.upsample import UPSAMPLINGS, ResizeConv
from mintage.models.cut import CUT
from mintage.models.cyclegan import CycleGAN

# a shuffled doubling sees three finer pixels far, not two: 3 * (coarse - 1) in ResNetTranslator.reach


def test_resize_convolution_equals_nearest_upsampling_and_convolution_and_so_do_its_slopes() -> None:
    torch.manual_seed(0)
    layer, x = ResizeConv(3, 5), torch.randn(4, 3, 12, 10, requires_grad=True)
    weight = torch.randn(4, 5, 24, 20)
    plain = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), layer.weight, layer.bias, padding=1)
    wanted = torch.autograd.grad((plain * weight).sum(), (x, *layer.parameters()))
    for training in (True, False):
        made = layer.train(training)(x)
        torch.testing.assert_close(made, plain)
        slopes = torch.autograd.grad((made * weight).sum(), (x, *layer.parameters()))
        torch.testing.assert_close(slopes, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", UPSAMPLINGS)
@pytest.mark.parametrize("doublings", [1, 2])
def test_a_doubling_draws_no_checkerboard_on_a_constant_input(name, doublings) -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(*(UPSAMPLINGS[name](4, 4) for _ in range(doublings)))
    inner = layers(torch.rand(1, 4, 1, 1).expand(2, 4, 12, 12))[:, :, 8:-8, 8:-8]
    torch.testing.assert_close(inner, inner[:, :, :1, :1].expand_as(inner))


@pytest.mark.parametrize(("halvings", "patch"), [(1, 16), (2, 34), (3, 70)])
def test_a_patch_is_as_large_as_the_discriminator_says(halvings, patch) -> None:
    torch.manual_seed(0)
    judge = PatchDiscriminator(1, 4, halvings=halvings, norm=False)
    x = torch.randn(1, 1, 2 * patch, 2 * patch, requires_grad=True)
    logits = judge(x)
    middle = logits.shape[2] // 2
    (slope,) = torch.autograd.grad(logits[0, 0, middle, middle], x)
    for side in (2, 3):
        assert int((slope.abs().sum(side) > 0).sum()) == patch


@pytest.mark.parametrize("halvings", [1, 2, 3])
def test_the_smallest_picture_that_a_model_allows_is_judged(halvings) -> None:
    side = 3 << halvings
    assert PatchDiscriminator(3, 4, halvings=halvings)(torch.randn(1, 3, side, side)).numel() == 1


def test_a_discriminator_of_patches_sees_the_condition_at_the_pictures_size() -> None:
    judge = PatchDiscriminator(4, 4, halvings=1)
    x, told = torch.randn(2, 3, 16, 16), torch.randn(2, 1, 8, 8)
    large = F.interpolate(told, scale_factor=2, mode="nearest")
    assert torch.equal(judge(x, told), judge(torch.cat([x, large], 1)))
    assert not torch.equal(judge(x, told), judge(x, -told))


@pytest.mark.parametrize("upsample", ["resize", "shuffle"])
@pytest.mark.parametrize("blocks", [1, 3])
def test_a_translator_sees_no_farther_than_its_reach_by_gradients(upsample, blocks) -> None:
    torch.manual_seed(0)
    network = ResNetTranslator(3, 3, 4, blocks, upsample=upsample, norm=False)
    side = 2 * network.reach // 8 * 8 + 16
    seen = seen_from(network, side, range(side // 2, side // 2 + network.multiple))
    assert network.reach - network.multiple <= seen <= network.reach


@pytest.mark.parametrize("model", [CycleGAN, CUT])
def test_a_residual_start_is_an_exact_copy_of_the_input(model) -> None:
    spec = TensorSpec(shape=(3, 32, 24))
    game = model(width=4, judge_width=4, blocks=1).build(DataSpec(x=spec, condition=spec))
    x = torch.randn(2, *spec.shape)
    assert torch.equal(game.sampler(torch.empty(2, 0), x), x)
    if isinstance(model(), CycleGAN):
        assert torch.equal(game.way_back.generator(x), x)


def test_a_residual_start_can_move_and_a_plain_one_is_no_copy() -> None:
    torch.manual_seed(0)
    network, x = ResNetTranslator(3, 3, 4, 1), torch.randn(1, 3, 16, 16)
    network.start_from_copy()
    F.l1_loss(network(x), -x).backward()
    assert network.head.weight.grad is not None
    assert network.head.weight.grad.abs().max() > 0
    assert not torch.allclose(ResNetTranslator(3, 3, 4, 1)(x), x, atol=0.1)


def test_a_picture_is_normalised_by_itself_whatever_stands_beside_it() -> None:
    torch.manual_seed(0)
    network, x = ResNetTranslator(3, 3, 4, 1).eval(), torch.randn(3, 3, 16, 16)
    torch.testing.assert_close(network(x)[:1], network(x[:1]), rtol=1e-4, atol=1e-5)
    assert any(isinstance(layer, InstanceNorm) for layer in network.modules())
