"""Rotary positions: distances alone count, norms stay, and what is beyond the table is refused."""

from __future__ import annotations

import math

import pytest
import torch

from mintage.errors import SpecError
from mintage.layers.rotary import Rotary, Stretch


def test_scores_depend_on_the_distance_alone() -> None:
    rotary = Rotary(16, capacity=64)
    query, key = torch.randn(2, 1, 1, 1, 16, dtype=torch.float64)
    scores = [(rotary(query, 5 + shift) * rotary(key, 2 + shift)).sum() for shift in (0, 10, 50)]
    assert torch.allclose(torch.stack(scores), scores[0].expand(3), atol=1e-5)
    assert not torch.allclose((rotary(query, 9) * rotary(key, 2)).sum(), scores[0], atol=1e-3)


def test_each_pair_of_features_turns_by_its_own_angle() -> None:
    rotary = Rotary(4, capacity=8, base=100.0)
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 1, 4)
    turned = rotary(x, 5).flatten()
    for pair, angle in ((0, 5 * 1.0), (1, 5 * 0.1)):  # features 0 and 2 by 1 rad a token, 1 and 3 by 100^-1/2
        point = complex(x.flatten()[pair], x.flatten()[pair + 2]) * complex(math.cos(angle), math.sin(angle))
        assert math.isclose(turned[pair], point.real, abs_tol=1e-5)
        assert math.isclose(turned[pair + 2], point.imag, abs_tol=1e-5)


def test_tokens_read_on_stand_where_they_would_have_stood() -> None:
    rotary = Rotary(8, capacity=12)
    x = torch.randn(2, 3, 12, 8)
    pieces = torch.cat([rotary(x[:, :, :5], 0), rotary(x[:, :, 5:6], 5), rotary(x[:, :, 6:], 6)], 2)
    assert torch.equal(pieces, rotary(x, 0))


def test_the_table_is_there_on_any_device_and_not_in_the_state() -> None:
    with torch.device("meta"):
        rotary = Rotary(8, capacity=4)
    assert not rotary.cos.is_meta
    assert not rotary.state_dict()


def test_angles_stay_exact_in_a_network_of_coarse_numbers() -> None:
    rotary, x = Rotary(8, capacity=400), torch.randn(1, 1, 400, 8)
    exact = rotary(x, 0)
    rotary.to(torch.bfloat16)
    assert rotary(x.bfloat16(), 0).dtype == torch.bfloat16
    assert torch.equal(rotary(x, 0), exact)


def test_a_stretch_slows_slow_turns_alone() -> None:
    stretch = Stretch(factor=8.0, low=1.0, high=4.0, trained=64)
    frequencies = 2 * math.pi / torch.tensor([4.0, 16.0, 32.0, 64.0, 1000.0])  # by wavelength in tokens
    slowed = frequencies / stretch(frequencies)
    assert torch.allclose(slowed[:2], torch.ones(2))
    assert 1 < slowed[2] < 8
    assert torch.allclose(slowed[3:], torch.full((2,), 8.0))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(SpecError, match="even width"):
        Rotary(7, capacity=4)
    with pytest.raises(SpecError, match="angles for 4"):
        Rotary(8, capacity=4)(torch.randn(1, 1, 3, 8), 2)
