"""Hashed n-grams: one place alone, gradients, and a state that is a quarter of the table."""

from __future__ import annotations

import pytest
import torch

from mintage.layers.hashed_ngrams import HashedNgrams

ORDERS, SLOTS, DIM, TOKENS = (2, 3, 5), 512, 16, 70_000


def table() -> HashedNgrams:
    made = HashedNgrams(ORDERS, SLOTS, DIM, TOKENS)
    torch.nn.init.normal_(made.table.weight, generator=torch.Generator().manual_seed(0))
    return made


def tokens(length: int) -> torch.Tensor:
    return torch.randint(TOKENS, (3, length), generator=torch.Generator().manual_seed(length))


@pytest.mark.parametrize("length", [1, 3, 5, 9])
def test_the_last_place_alone_is_the_last_of_all(length: int) -> None:
    ngrams = table()
    with torch.no_grad():
        torch.testing.assert_close(ngrams.last(tokens(length)), ngrams(tokens(length), length)[:, -1])


def test_the_gradient_is_that_of_looking_each_row_up() -> None:
    ngrams, read = table(), tokens(9)
    weight = torch.randn(3, 9, DIM, generator=torch.Generator().manual_seed(1))
    (ngrams(read, 9) * weight).sum().backward()
    dense = ngrams.table.weight.detach().clone().requires_grad_()
    (dense[torch.stack(ngrams.places(read, 9), -1)].sum(-2) * weight).sum().backward()
    gradient = ngrams.table.weight.grad
    assert gradient is not None
    assert gradient.is_sparse
    torch.testing.assert_close(gradient.to_dense(), dense.grad)


def test_a_compact_state_is_small_and_nearly_the_same() -> None:
    ngrams, twin = table(), table()
    with torch.no_grad():
        ngrams.table.weight[100:] = 0
    ngrams.compact = True
    state = ngrams.state_dict(prefix="of.")
    assert sum(part.nbytes for part in state.values()) == 100 * (DIM + 4 + 4)
    twin.load_state_dict({name.removeprefix("of."): part for name, part in state.items()})
    kept, exact = twin.table.weight, ngrams.table.weight
    assert not kept[100:].any()
    assert ((kept - exact).abs().amax(1) <= exact.abs().amax(1) / 250).all()
    twin.load_state_dict(table().state_dict())
    assert torch.equal(twin.table.weight, table().table.weight)


def test_what_is_not_a_number_is_seen_in_a_compact_state() -> None:
    ngrams = table()
    with torch.no_grad():
        ngrams.table.weight[3, 2] = torch.nan
    ngrams.compact = True
    assert not ngrams.state_dict()["scales"].isfinite().all()
