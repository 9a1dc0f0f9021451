"""The chain of degradations: its order, its rounding, and the second order."""

from __future__ import annotations

import pytest
import torch

from mintage.contracts import TensorSpec
from mintage.degradation import Chain, read_chain
from mintage.errors import ConfigError, SpecError

ALL = {"blur": {}, "downscale": {}, "noise": {}, "jpeg": {}, "mask": {}}


def images(n=3, shape=(3, 48, 64)):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def draws(chain, n=3, seed=1):
    return torch.rand(n, chain.num_draws, generator=torch.Generator().manual_seed(seed))


def rounded(x):
    return x.add(1).mul(127.5).round().mul(1 / 127.5).sub(1)


def test_steps_follow_each_other_with_draws_of_their_own() -> None:
    chain = read_chain({"blur": {}, "noise": {}, "jpeg": {}})
    x, chance = images(), draws(chain)
    blur, noise, jpeg = chain.steps
    expected = jpeg(noise(blur(x, chance[:, :4]), chance[:, 4:8]), chance[:, 8:])
    assert chain.num_draws == 9
    torch.testing.assert_close(chain(x, chance), expected)


@pytest.mark.parametrize("twice", [False, True])
def test_a_chain_is_a_degradation_itself(twice) -> None:
    chain, x = read_chain(ALL, twice), images()
    chance = draws(chain)
    made = chain(x, chance)
    assert made.shape == (3, *chain.spec(TensorSpec(shape=(3, 48, 64))).shape) == (3, 4, 24, 32)
    assert made.abs().max() <= 1
    assert torch.equal(made, chain(x, chance))
    assert not torch.equal(made, chain(x, draws(chain, seed=2)))
    torch.testing.assert_close(chain(x[1:2], chance[1:2]), made[1:2], rtol=0, atol=2.01 / 255)  # a tie may round over


def test_what_it_makes_are_the_levels_of_a_file_and_the_mask_stays() -> None:
    chain = read_chain(ALL)
    made = chain(images(), draws(chain))
    picture, mask = made[:, :3], made[:, 3:]
    assert set(mask.unique().tolist()) == {-1.0, 1.0}
    known = picture[(mask < 0).expand_as(picture)]
    assert torch.equal(known, rounded(known))
    assert (picture[(mask > 0).expand_as(picture)] == 0).all()


def test_a_mask_comes_last_wherever_it_is_written() -> None:
    first, last = read_chain({"mask": {}, "noise": {}}), read_chain({"noise": {}, "mask": {}})
    x, chance = images(), draws(first)
    moved = torch.cat([chance[:, -4:], chance[:, :-4]], 1)
    assert torch.equal(first(x, chance), last(x, moved))


def test_the_second_order_spoils_twice_resizes_between_and_downscales_once() -> None:
    once, twice = read_chain({"downscale": {}, "noise": {}}), read_chain({"downscale": {}, "noise": {}}, True)
    assert twice.num_draws == 2 * once.num_draws + 2
    downscale, noise = twice.steps
    x, chance = images(), draws(twice)
    chance[:, 8] = 0.5  # the size between is the picture's own
    chance[:, 9] = 0.2
    expected = downscale(noise(noise(x, chance[:, :4]), chance[:, 4:8]), chance[:, :0])
    torch.testing.assert_close(twice(x, chance), rounded(expected), rtol=0, atol=2.01 / 255)
    chance[:, 8] = 0.0
    assert (twice(x, chance) - rounded(expected)).abs().mean() > 0.01


def test_a_chain_without_draws_takes_empty_rows() -> None:
    chain = read_chain({"downscale": {"scale": 4}})
    assert chain(images(), torch.empty(3, 0)).shape == (3, 3, 12, 16)


@pytest.mark.parametrize("shape", [(16384,), (3, None, None), (3, 50, 51)], ids=str)
def test_data_that_do_not_fit_are_refused(shape) -> None:
    with pytest.raises(SpecError):
        read_chain({"downscale": {}}).spec(TensorSpec(shape=shape))


def test_a_step_with_a_wrong_name_or_setting_is_an_error_that_helps() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'noise'"):
        read_chain({"noize": {}})
    with pytest.raises(ConfigError, match=r"degrade\.blur\.sigm"):
        read_chain({"blur": {"sigm": [1, 2]}})
    with pytest.raises(ConfigError, match="needs one or more of blur"):
        read_chain({})


def test_an_empty_chain_only_rounds() -> None:
    x = images()
    assert torch.equal(Chain([])(x, torch.empty(3, 0)), rounded(x))
