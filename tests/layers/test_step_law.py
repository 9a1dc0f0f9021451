"""The law of a step: a density that is one, draws that follow it, and variables that see only those before them."""

from __future__ import annotations

import pytest
import torch

from mintage.layers.step_law import Mixture, StepLaw, students


def mixture() -> Mixture:
    weights = torch.tensor([0.2, 0.5, 0.3]).log()
    return Mixture(weights, torch.tensor([-2.0, 0.0, 1.0]), torch.tensor([0.5, 1.0, 0.1]).log())


def test_a_density_adds_up_to_one_and_draws_follow_it() -> None:
    law, grid = mixture(), torch.linspace(-8, 8, 4_001)
    density = law.log_density(grid).exp()
    assert torch.trapezoid(density, grid) == pytest.approx(1, abs=1e-4)
    chance = torch.randn(50_000, 2, generator=torch.Generator().manual_seed(0))
    many = Mixture(*(part.expand(50_000, 3) for part in law))
    drawn = many.at(chance)
    for edge in (-2.0, 0.0, 0.9):
        below = torch.trapezoid(density[grid <= edge], grid[grid <= edge])
        assert (drawn <= edge).float().mean() == pytest.approx(float(below), abs=0.01)


def test_the_last_component_is_students_with_four_degrees() -> None:
    normal = torch.tensor([-5.5, -4.0, -0.5, 0.0, 1.0, 3.0])
    known = torch.tensor([-112.097, -17.4482, -0.541243, 0.0, 1.141627, 6.62020])  # quantiles, from scipy.stats.t
    torch.testing.assert_close(students(normal), known, rtol=1e-4, atol=1e-4)
    law = Mixture(torch.tensor([-30.0, 0.0]), torch.zeros(2), torch.tensor([1.0, 0.5]).log())
    grid = torch.linspace(-400, 400, 800_001)
    density = law.log_density(grid).exp()
    assert torch.trapezoid(density, grid) == pytest.approx(1, abs=1e-4)
    drawn = Mixture(*(part.expand(6, 2) for part in law)).at(torch.stack([torch.zeros(6), normal], -1))
    torch.testing.assert_close(drawn, (0.5 * known).clamp(-40, 40), rtol=1e-4, atol=1e-4)


def test_a_variable_sees_those_before_it_and_none_behind() -> None:
    torch.manual_seed(0)
    net = StepLaw(4, features=5, lags=2, width=8, components=3, dropout=0.0)
    features, moved = torch.randn(6, 4, 5), torch.randn(6, 4)
    lags = torch.randn(6, 2, 4)
    heard = net.heard(features)
    whole = net.law(heard, moved, lags)
    for v in range(4):
        other = moved.clone()
        other[:, v:] = 9.0
        which = slice(v, v + 1)
        alone = net.law(heard[:, which], other, lags[..., which], which)
        for part, same in zip(whole, alone, strict=True):
            torch.testing.assert_close(part[:, which], same)
    other = moved.clone()
    other[:, 0] += 1
    assert not torch.allclose(net.law(heard, other, lags).places[:, 3], whole.places[:, 3])


def test_the_chance_of_a_step_gives_it_back_and_is_normal_where_the_law_holds() -> None:
    rng = torch.Generator().manual_seed(0)
    law = Mixture(*(part.expand(40_000, 3) for part in mixture()))
    drawn = law.at(torch.randn(40_000, 2, generator=rng))
    chance = law.chance_of(drawn, torch.rand(40_000, 2, generator=rng))
    torch.testing.assert_close(law.at(chance), drawn, rtol=1e-3, atol=1e-3)
    assert chance.mean(0).tolist() == pytest.approx([0, 0], abs=0.02)
    assert chance.std(0).tolist() == pytest.approx([1, 1], abs=0.02)
    assert torch.corrcoef(chance.T)[0, 1].item() == pytest.approx(0, abs=0.02)
