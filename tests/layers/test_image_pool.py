"""The image pool exchanges half of what it is shown for older samples, by the chance it is given and nothing else."""

from __future__ import annotations

import pytest
import torch

from mintage.layers.image_pool import ImagePool
from mintage.seeding import generator

SIZE = 5


def numbered(first: int, count: int = 4) -> torch.Tensor:
    """Samples that say which they are. Shape: (count, 1, 2, 2)."""
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 1, 2, 2).contiguous()


def shown(pool: ImagePool, steps: range, seed: int = 0) -> list[torch.Tensor]:
    return [pool(numbered(4 * step), torch.rand(4, 2, generator=generator(seed, step))) for step in steps]


def test_half_of_the_samples_are_exchanged_once_the_pool_is_full() -> None:
    pool, old = ImagePool(SIZE, (1, 2, 2)), 0
    for step, seen in enumerate(shown(pool, range(500))):
        old += int((seen != numbered(4 * step)).all((1, 2, 3)).sum())
    assert old / 2000 == pytest.approx(0.5 * (1 - 1 / (2 * SIZE)), abs=0.06)  # some get themselves or a batch-mate


def test_until_it_is_full_it_shows_new_ones_and_keeps_them_in_order() -> None:
    pool = ImagePool(8, (1, 2, 2))
    for step, seen in enumerate(shown(pool, range(2))):
        assert torch.equal(seen, numbered(4 * step))
    assert torch.equal(pool.samples, numbered(0, 8))
    assert int(pool.count) == 8


def test_what_is_exchanged_stays_in_the_pool_and_what_it_gave_has_left_it() -> None:
    pool = ImagePool(2, (1, 2, 2))
    pool(numbered(0, 2), torch.zeros(2, 2))
    given = pool(numbered(10, 2), torch.tensor([[0.1, 0.6], [0.9, 0.0]]))  # the second place is taken; no exchange
    assert given[:, 0, 0, 0].tolist() == [1.0, 11.0]
    assert pool.samples[:, 0, 0, 0].tolist() == [0.0, 10.0]


def test_every_sample_of_the_pool_is_shown_again_at_some_time() -> None:
    late = torch.cat(shown(ImagePool(SIZE, (1, 2, 2)), range(50)))[:, 0, 0, 0].tolist()
    assert set(range(SIZE)) <= {int(one) for one in late[SIZE:]}


def test_it_is_a_function_of_seed_and_step_and_not_of_torchs_own_chance() -> None:
    seen = []
    for own in (0, 1):
        torch.manual_seed(own)
        seen.append(torch.cat(shown(ImagePool(SIZE, (1, 2, 2)), range(20))))
    assert torch.equal(*seen)
    assert not torch.equal(seen[0], torch.cat(shown(ImagePool(SIZE, (1, 2, 2)), range(20), seed=1)))


def test_its_state_is_the_whole_of_it() -> None:
    unbroken, resumed = ImagePool(SIZE, (1, 2, 2)), ImagePool(SIZE, (1, 2, 2))
    shown(unbroken, range(3))
    resumed.load_state_dict(unbroken.state_dict())
    assert torch.equal(torch.cat(shown(unbroken, range(3, 20))), torch.cat(shown(resumed, range(3, 20))))


def test_micro_batches_are_exchanged_like_the_whole_batch() -> None:
    whole, parts = ImagePool(SIZE, (1, 2, 2)), ImagePool(SIZE, (1, 2, 2))
    for step in range(10):
        x, chance = numbered(4 * step), torch.rand(4, 2, generator=generator(0, step))
        cut = [parts(x[i : i + 2], chance[i : i + 2]) for i in (0, 2)]
        assert torch.equal(whole(x, chance), torch.cat(cut))


def test_a_pool_of_none_shows_new_ones() -> None:
    pool = ImagePool(0, (1, 2, 2))
    assert torch.equal(torch.cat(shown(pool, range(5))), numbered(0, 20))


def test_samples_are_not_changed_in_place_and_carry_no_gradient() -> None:
    pool, x = ImagePool(1, (1, 2, 2)), numbered(0).requires_grad_()
    seen = pool(x, torch.zeros(4, 2))
    assert torch.equal(x, numbered(0))
    assert not seen.requires_grad
