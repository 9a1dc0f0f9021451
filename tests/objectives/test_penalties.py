"""Known answers of every penalty on judges whose slope is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.objectives.penalties import PENALTIES, Penalty

REAL = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
FAKE = torch.tensor([[-1.0, 0.0], [0.0, -3.0]])
MIX = torch.tensor([0.25, 1.0])


def line(x: Tensor) -> Tensor:
    return x @ torch.tensor([3.0, 4.0])  # slope 5 everywhere


def bowl(x: Tensor) -> Tensor:
    return 0.5 * x.square().sum(1)  # slope |x|


def test_of_a_line_only_its_slope_counts() -> None:
    for name, expected in {"r1": 12.5, "r2": 12.5, "gradient_penalty": 16.0, "dragan": 16.0}.items():
        torch.testing.assert_close(PENALTIES[name](line, REAL, FAKE, MIX), torch.full((2,), expected))


def test_r1_looks_at_real_samples_and_r2_at_generated_ones() -> None:
    assert PENALTIES["r1"](bowl, REAL, FAKE, MIX).tolist() == [0.5, 2.0]
    assert PENALTIES["r2"](bowl, REAL, FAKE, MIX).tolist() == [0.5, 4.5]


def test_wgan_gp_looks_between_them() -> None:
    # between: (-0.5, 0) a quarter of the way from the generated one, and (0, 2), the real one
    torch.testing.assert_close(PENALTIES["gradient_penalty"](bowl, REAL, FAKE, MIX), torch.tensor([0.25, 1.0]))


def test_dragan_looks_around_real_samples() -> None:
    shift = 0.5 * REAL.std() * MIX[:, None] * FAKE
    torch.testing.assert_close(
        PENALTIES["dragan"](bowl, REAL, FAKE, MIX), ((REAL + shift).norm(dim=1) - 1).square(), rtol=1e-4, atol=1e-5
    )


def test_a_lazy_penalty_counts_as_many_times_as_it_is_seldom() -> None:
    eager, lazy = Penalty("r1", 2.0), Penalty("r1", 2.0, every=16)
    assert eager.price(line, REAL, FAKE, MIX).item() == 25.0
    assert lazy.price(line, REAL, FAKE, MIX).item() == 16 * 25.0


@pytest.mark.parametrize("name", sorted(PENALTIES))
def test_penalties_teach_the_judge_and_survive_a_flat_one(name) -> None:
    weight = torch.zeros(2, requires_grad=True)  # the slope's length has no slope of its own here
    PENALTIES[name](lambda x: x @ weight, REAL, FAKE, MIX).sum().backward()
    assert weight.grad.isfinite().all()
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    PENALTIES[name](lambda x: x @ weight, REAL, FAKE, MIX).sum().backward()
    assert (weight.grad > 0).all()  # paying less means a smaller slope
