"""What every degradation must do, found because its file exists."""

from __future__ import annotations

import pytest
import torch

from mintage import registry
from mintage.contracts import TensorSpec

NAMES = registry.names("degrade")
SHAPES = [(3, 64, 64), (1, 48, 48), (3, 48, 80)]


def degradation(name, **settings):
    return registry.find("degrade", name).read(settings)


def images(shape=(3, 64, 64), n=4):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def draws(step, n=4, seed=1):
    return torch.rand(n, step.num_draws, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_it_meets_its_spec_and_stays_in_range(name, shape) -> None:
    step, x = degradation(name), images(shape)
    kept, made = x.clone(), step(x, draws(step))
    assert made.shape == (4, *step.spec(TensorSpec(shape=shape)).shape)
    assert made.dtype == torch.float32
    assert made.abs().max() <= 1
    assert torch.equal(x, kept)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_draws_make_the_same_and_torchs_own_chance_is_left_alone(name) -> None:
    step, x = degradation(name), images()
    state = torch.get_rng_state()
    one = step(x, draws(step))
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(5)
    assert torch.equal(one, step(x, draws(step)))
    if step.num_draws:
        assert not torch.equal(one, step(x, draws(step, seed=2)))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_spoiled_by_its_own_row_alone(name) -> None:
    step, x = degradation(name), images()
    chance = draws(step)
    torch.testing.assert_close(step(x, chance)[2:3], step(x[2:3], chance[2:3]))


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_chance_are_allowed(name) -> None:
    step, x = degradation(name), images(n=2)
    almost_one = 1 - 2**-24
    chance = torch.tensor([[0.0], [almost_one]]).expand(2, step.num_draws)
    assert step(x, chance).isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_frozen_and_an_unknown_one_is_an_error(name) -> None:
    with pytest.raises(ValueError, match="is not a setting"):
        degradation(name, strength=1)
