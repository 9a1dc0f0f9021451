"""The short ways back of norms and squared ReLU lead where autograd's lead."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mintage.layers.normed import normed, squared_relu

PAIRS = [(normed, lambda x: F.rms_norm(x, (x.shape[-1],))), (squared_relu, lambda x: F.relu(x).square())]


@pytest.mark.parametrize(("ours", "plain"), PAIRS)
def test_values_and_gradients_are_those_of_torch(
    ours: Callable[[Tensor], Tensor], plain: Callable[[Tensor], Tensor]
) -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 5, 8, generator=rng).transpose(1, 2).requires_grad_()
    weight = torch.randn(2, 5, 3, 8, generator=rng)
    torch.testing.assert_close(ours(x), plain(x))
    with torch.no_grad():
        torch.testing.assert_close(ours(x), plain(x))
    mine, theirs = (torch.autograd.grad((f(x) * weight).sum(), x)[0] for f in (ours, plain))
    torch.testing.assert_close(mine, theirs)


def test_a_row_of_zeros_stays_zeros() -> None:
    x = torch.zeros(2, 8, requires_grad=True)
    normed(x).sum().backward()
    assert x.grad is not None
    assert not normed(x).any()
    assert x.grad.isfinite().all()
