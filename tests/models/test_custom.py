"""Networks that a user brings: taken as they are, tried once, and explained when they do not fit."""

from __future__ import annotations

import copy
import re

import pytest
import torch
from torch import nn

from mintage import registry
from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.errors import ConfigError, SpecError
from mintage.layers.turns import set_learning

Custom = registry.find("models", "custom")
HERE = "tests.models.own_nets"
SPEC = DataSpec(x=TensorSpec(shape=(1, 28, 28)))


def custom(generator: str = "make_generator", discriminator: str = "make_discriminator", **settings: object):
    return Custom(
        generator=f"{HERE}:{generator}", discriminator=f"{HERE}:{discriminator}", **{"latent_dim": 8, **settings}
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"generator": "make_small_generator"},
            r"makes samples of shape \(1, 14, 14\).*has shape \(1, 28, 28\)",
        ),
        ({"discriminator": "make_patch_discriminator"}, r"gives \(2, 392\) for 2 samples.*one logit a sample"),
        ({"generator": "make_deaf_generator"}, r"make_deaf_generator fails on an input of shape \(2, 8\)"),
    ],
)
def test_a_network_that_does_not_fit_is_an_error_with_both_shapes(wrong, message) -> None:
    with pytest.raises(SpecError, match=re.compile(message, re.S)):
        custom(**wrong).build(SPEC)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("make_number", "made a int, but a torch module or a Keras 3 model was needed"),
        ("ready_network", "is a Identity, but a function that makes a network was needed"),
        ("make_nothing", "cannot be loaded"),
    ],
)
def test_a_name_that_leads_to_no_network_is_an_error(name, message) -> None:
    with pytest.raises(ConfigError, match=message):
        custom(generator=name).build(SPEC)


def test_a_ragged_shape_is_an_error() -> None:
    with pytest.raises(SpecError, match="real values of one shape"):
        custom().build(DataSpec(x=TensorSpec(shape=(None,), classes=10)))


def test_networks_need_not_make_images() -> None:
    row = DataSpec(x=TensorSpec(shape=(5,)))
    made = Custom(generator=f"{HERE}:make_generator", discriminator=f"{HERE}:make_judge_of_rows", latent_dim=8)
    game = made.build(row)
    assert game.sampler(game.sampler.noise(3, torch.Generator())).shape == (3, 5)


def test_torchs_own_batch_norm_rests_in_the_other_players_turn() -> None:
    game = custom().build(SPEC)
    batch = Batch(torch.randn(8, 1, 28, 28))
    norms = {
        name: next(m for m in player.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
        for name, player in game.players.items()
    }
    for turn in game.turns(0, 0):
        before = {name: (n.running_mean.clone(), n.num_batches_tracked.clone()) for name, n in norms.items()}
        for name, player in game.players.items():
            set_learning(player.parameters(), name == turn.player)
        sum(turn.stake(batch).pays.values()).backward()
        for name, norm in norms.items():
            moved = not torch.equal(norm.running_mean, before[name][0])
            counted = not torch.equal(norm.num_batches_tracked, before[name][1])
            assert moved == counted == (name == turn.player)


def test_a_copy_of_the_sampler_has_weights_of_its_own() -> None:
    game = custom().build(SPEC)
    twin = copy.deepcopy(game.sampler).eval()
    noise = game.sampler.noise(2, torch.Generator().manual_seed(0))
    before = twin(noise)
    with torch.no_grad():
        for parameter in game.sampler.parameters():
            parameter.zero_()
    assert torch.equal(twin(noise), before)
