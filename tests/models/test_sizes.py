"""The networks are those of their papers where the documentation says so."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.models.dcgan_article import DCGANArticle
from mintage.models.fastgan import FastGAN
from mintage.models.r3gan import R3GAN
from mintage.models.resgan import ResGAN


def spec(side: int, channels: int = 3, num_classes: int | None = None) -> DataSpec:
    condition = None if num_classes is None else TensorSpec(shape=(), classes=num_classes)
    return DataSpec(x=TensorSpec(shape=(channels, side, side)), condition=condition)


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_the_article_has_the_weights_of_the_tutorials_listing() -> None:
    game = DCGANArticle().build(spec(28, 1))
    # dense 100 x 12,544 and its norm; 5x5 kernels 256-128-64-1 and their norms
    assert count(game.players["generator"]) == 1_254_400 + 25_088 + 819_200 + 256 + 204_800 + 128 + 1_600
    # 5x5 kernels 1-64-128, and 6,272 features to a logit, all with biases
    assert count(game.players["discriminator"]) == 1_664 + 204_928 + 6_273


def test_r3gan_starts_as_a_stack_of_identities() -> None:
    torch.manual_seed(0)
    generator = R3GAN(width=8).build(spec(32)).players["generator"]
    z = torch.randn(2, 64)
    deep = generator.body(generator.basis * generator.stem(z)[:, :, None, None])
    for block in generator.body:
        if hasattr(block, "contract"):
            assert not block.contract.weight.any()
    assert deep.isfinite().all()


@pytest.mark.parametrize(("side", "gamma"), [(28, 0.2), (32, 0.2), (64, 0.8), (128, 3.2)])
def test_r3gans_gamma_follows_the_resolution(side, gamma) -> None:
    stakes = R3GAN().stakes_for(side)
    assert (stakes.r1, stakes.r2) == pytest.approx((gamma, gamma))


def test_r3gans_gamma_gives_way_to_weights_that_are_set() -> None:
    stakes = R3GAN.read({"stakes": {"r1": 3.0}}).stakes_for(64)
    assert (stakes.objective, stakes.r1, stakes.r2) == ("relativistic", 3.0, 0.0)
    assert R3GAN(gamma=0.0).stakes_for(64).r1 == 0


def test_r3gans_groups_are_as_wide_as_asked() -> None:
    generator = R3GAN(width=32, group_width=16).build(spec(32)).players["generator"]
    mixes = [block.mix for block in generator.body if hasattr(block, "mix")]
    assert all(mix.in_channels // mix.groups == 16 for mix in mixes)
    assert all(
        block.expand.out_channels == 2 * block.expand.in_channels for block in generator.body if hasattr(block, "mix")
    )


def test_nothing_in_r3gan_normalises() -> None:
    game = R3GAN(width=8).build(spec(32))
    assert not list(game.sampler.buffers())
    assert not list(game.discriminator.buffers())


def test_every_layer_of_resgans_discriminator_is_spectrally_normalised() -> None:
    discriminator = ResGAN(width=8).build(spec(32, num_classes=5)).discriminator
    layers = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert layers
    assert all(nn.utils.parametrize.is_parametrized(layer) for layer in layers)


@pytest.mark.parametrize(("side", "drawn"), [(28, 28), (32, 32), (64, 32), (128, 32)])
def test_fastgan_redraws_real_images_in_small(side, drawn) -> None:
    discriminator = FastGAN(width=8).build(spec(side)).discriminator
    with torch.no_grad():
        small = discriminator.decoder(discriminator._trunk(torch.zeros(2, 3, side, side)))
    assert small.shape == (2, 3, drawn, drawn)


def test_fastgans_discriminator_pays_for_what_it_forgets_and_learns_to_pay_less() -> None:
    torch.manual_seed(0)
    game = FastGAN(width=8).build(spec(32))
    batch = Batch(torch.rand(8, 3, 4, 4).sub(0.5).mul(2).repeat_interleave(8, 2).repeat_interleave(8, 3))
    optimizer = torch.optim.Adam(game.discriminator.parameters(), 3e-3)
    errors = []
    for step in range(40):
        (turn,) = [turn for turn in game.turns(step, 0) if turn.player == "discriminator"]
        pays = turn.stake(batch).pays
        errors.append(pays["reconstruction"].item())
        optimizer.zero_grad()
        pays["reconstruction"].backward()
        optimizer.step()
    assert errors[-1] < 0.7 * errors[0]


def test_fastgans_reconstruction_can_be_left_out() -> None:
    game = FastGAN(width=8, reconstruction_weight=0.0).build(spec(32))
    for turn in game.turns(0, 0):
        assert set(turn.stake(Batch(torch.zeros(2, 3, 32, 32))).pays) == {"adversarial"}
