"""Which images grow from 4x4 or 7x7 by doublings, and what a person is told of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintage.contracts import DataSpec, TensorSpec
from mintage.errors import SpecError
from mintage.layers.pyramid import Pyramid


def read(*shape: int | None, condition: TensorSpec | None = None) -> Pyramid:
    return Pyramid.read(DataSpec(x=TensorSpec(shape=shape), condition=condition), "ResGAN")


@pytest.mark.parametrize(("side", "base", "doublings"), [(28, 7, 2), (32, 4, 3), (64, 4, 4), (112, 7, 4), (128, 4, 5)])
def test_sides_are_read_as_base_and_doublings(side, base, doublings) -> None:
    assert read(3, side, side) == Pyramid(3, base, doublings, None)
    assert read(3, side, side).side == side


@given(st.integers(1, 600))
def test_a_side_is_read_exactly_when_it_is_4_or_7_times_a_power_of_two(side) -> None:
    fits = side in {base * 2**n for base in (4, 7) for n in range(1, 9)}
    try:
        assert read(1, side, side).side == side
        assert fits
    except SpecError:
        assert not fits


def test_an_error_names_the_shape_and_a_side_that_fits() -> None:
    with pytest.raises(SpecError, match=r"ResGAN makes square images.*\(3, 218, 178\).*codec\.size = 128.*--fit DATA"):
        read(3, 218, 178)


def test_a_condition_must_be_one_class() -> None:
    assert read(1, 28, 28, condition=TensorSpec(shape=(), classes=10)).num_classes == 10
    with pytest.raises(SpecError, match="one class a sample"):
        read(1, 28, 28, condition=TensorSpec(shape=(3, 64, 64)))


def test_widths_double_downwards_up_to_a_limit() -> None:
    assert read(3, 128, 128).widths(16, 8) == [128, 128, 128, 64, 32, 16]
