"""New names have the shape of old ones, and no two are alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintage.tabular.patterns import filled, pattern_of, size_of


@pytest.mark.parametrize(
    ("name", "pattern", "size"),
    [("AB-12", r"AA\-00", 26 * 26 * 100), ("x", "a", 26), ("", "", 1), ("\\", "\\\\", 1), ("北3", r"\北0", 10)],
)
def test_a_shape_has_its_classes_and_its_size(name: str, pattern: str, size: int) -> None:
    assert pattern_of(name) == pattern
    assert size_of(pattern) == size


@given(st.text(max_size=12))
def test_a_name_made_has_the_shape_it_was_made_from(name: str) -> None:
    pattern = pattern_of(name)
    for made in filled(pattern, np.arange(min(size_of(pattern), 5))):
        assert pattern_of(made) == pattern
        assert len(made) == len(name)


@pytest.mark.parametrize("pattern", ["00", "a0", r"A\-0", "aA"])
def test_as_many_names_as_there_are_no_two_alike(pattern: str) -> None:
    size = size_of(pattern)
    assert len(set(filled(pattern, np.arange(size)))) == size


def test_neighbours_in_number_are_far_apart_in_name() -> None:
    one, two = (int(name) for name in filled("000000", np.arange(2)))
    assert abs(one - two) > 100_000
