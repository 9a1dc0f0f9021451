"""Latent directions: planted ones are found, moves along them keep z plausible, every GAN of pictures has some."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mintage import registry
from mintage.api import Run
from mintage.contracts import DataSpec, TensorSpec
from mintage.directions import Directions, find_directions
from mintage.errors import ConfigError
from mintage.games.gan import LatentSampler
from mintage.trained import Trained

GAINS = (9.0, 5.0, 3.0, 2.0, 1.0, 0.5)


class Planted(nn.Module):
    """A generator whose first layer stretches z along known directions, and then bends what comes."""

    def __init__(self, axes: Tensor, *, bent: bool) -> None:
        super().__init__()
        outputs = torch.linalg.qr(torch.randn(40, len(axes), generator=torch.Generator().manual_seed(1)))[0]
        self.first, self.second = nn.Linear(len(axes), 40), nn.Linear(40, 4)
        with torch.no_grad():
            self.first.weight.copy_(outputs @ torch.diag(torch.tensor(GAINS)) @ axes)
        self.bend = nn.Softplus() if bent else nn.Identity()

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.second(self.bend(self.first(z))).view(-1, 1, 2, 2)


@pytest.fixture(scope="module")
def trained(drawing_run: Run) -> Trained:
    return Trained.open(drawing_run.directory)


@pytest.mark.parametrize("bent", [False, True])
def test_planted_directions_are_found_in_order(trained: Trained, bent: bool) -> None:
    axes = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)))[0]
    planted = replace(trained, sampler=LatentSampler(Planted(axes, bent=bent).eval(), 6), classes=())
    found = find_directions(planted)
    match = (found.vectors @ axes.T).abs()
    if bent:  # a softplus shifts them a little, the strong ones the least
        assert match.diagonal()[:3].min() > 0.95
    else:
        assert torch.allclose(match, torch.eye(6), atol=1e-3)
        power = torch.tensor(GAINS).square()
        assert torch.allclose(torch.tensor(found.shares), power / power.sum(), atol=1e-4)


def test_the_same_checkpoint_gives_the_same_directions(trained: Trained) -> None:
    one, two = find_directions(trained), find_directions(trained)
    assert torch.equal(one.vectors, two.vectors)
    assert one.shares == two.shares == tuple(sorted(one.shares, reverse=True))
    assert torch.allclose(one.vectors @ one.vectors.T, torch.eye(len(one.vectors)), atol=1e-5)


def test_moving_keeps_the_length_of_z_and_nothing_moves_by_zero() -> None:
    directions = Directions(torch.eye(8)[:3], (0.5, 0.3, 0.2))
    z = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    moved = directions.moved(z, {0: 3.0, 2: -1.0})
    assert torch.allclose(moved.norm(dim=1), z.norm(dim=1))
    assert (moved[:, 0] > z[:, 0]).all()
    assert torch.equal(directions.moved(z, {0: 0.0}), z)
    with pytest.raises(ConfigError, match="no direction 3"):
        directions.moved(z, {3: 1.0})


@pytest.mark.parametrize("name", ["dcgan", "dcgan_article", "r3gan", "resgan", "fastgan"])
def test_every_gan_of_pictures_has_directions(trained: Trained, name: str) -> None:
    small: dict[str, Any] = {"latent_dim": 16} | ({} if name == "r3gan" else {"width": 8})
    spec = DataSpec(x=TensorSpec(shape=(1, 32, 32)), condition=None)
    game = registry.find("models", name).read(small, "model").build(spec)
    found = find_directions(replace(trained, sampler=game.sampler.eval(), classes=()))
    assert found.vectors.shape == (16, 16)
    assert 0 < found.shares[-1] <= found.shares[0] < 1


def test_writers_have_none(writing_run: Run) -> None:
    with pytest.raises(ConfigError, match="no latent directions"):
        find_directions(Trained.open(writing_run.directory))
