"""Pix2pix starts from a copy where it can, and its discriminator sees the input only if it is told to."""

from __future__ import annotations

import pytest
import torch

from mintage.contracts import DataSpec, TensorSpec
from mintage.errors import ConfigError
from mintage.models.pix2pix import Pix2Pix


def spec(told: int = 3, channels: int = 3) -> DataSpec:
    return DataSpec(x=TensorSpec(shape=(channels, 32, 32)), condition=TensorSpec(shape=(told, 32, 32)))


def made(told: int = 3, **settings: object) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    game = Pix2Pix.read({"width": 4, **settings}).build(spec(told))
    x = torch.rand(2, told, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return x, game.sampler(torch.empty(2, 0), x)


def test_it_starts_from_a_copy_where_both_sides_have_the_same_channels() -> None:
    x, y = made()
    torch.testing.assert_close(y, x)
    for settings in ({"residual": False}, {"told": 1}):
        x, y = made(**settings)
        assert y.shape == (2, 3, 32, 32)
        assert y.abs().max() < 1
        assert not torch.allclose(y, x.expand_as(y))


@pytest.mark.parametrize("conditional", [True, False])
def test_its_discriminator_sees_the_input_if_it_is_told_to(conditional: bool) -> None:
    game = Pix2Pix.read({"width": 4, "conditional": conditional}).build(spec())
    assert game.discriminator.body[0].in_channels == (6 if conditional else 3)
    x, other = torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    same = torch.equal(game._judge(x, x), game._judge(x, other))
    assert same is not conditional


def test_a_weight_of_features_without_a_network_is_an_error_that_helps() -> None:
    with pytest.raises(ConfigError, match=r"model\.perceptual"):
        Pix2Pix.read({"width": 4, "stakes": {"perceptual_weight": 1.0}}).build(spec())


def test_at_work_it_needs_no_network_that_training_paid_by(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Pix2Pix.read({"width": 4, "perceptual": "efficientnet_lite0", "stakes": {"perceptual_weight": 1.0}})
    monkeypatch.setattr(Pix2Pix, "eyes", _no_weights)
    with pytest.raises(ConfigError, match="not on this machine"):
        model.build(spec())
    monkeypatch.undo()
    assert model.at_work().build(spec()).perceptual is None


def _no_weights(model: Pix2Pix) -> None:
    raise ConfigError("The weights are not on this machine.")
