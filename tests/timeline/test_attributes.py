"""What stays the same for an entity becomes numbers that say it again, and what is missing says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mintage.errors import DataError
from mintage.timeline.attributes import attribute_rows, read_attributes

KNOWN = [("f", 20.0), ("m", 40.0), ("f", float("nan"))]


def test_words_stand_alone_and_numbers_in_spreads_from_their_middle() -> None:
    told = read_attributes(("sex", "age"), KNOWN)
    assert told == {"sex": ("f", "m"), "age": (30.0, 10.0)}
    assert attribute_rows(told, ("m", 50.0)).tolist() == [0, 1, 2]
    assert attribute_rows(told, ("", float("nan"))).tolist() == [0, 0, 0]
    assert attribute_rows(told, ("x", 30.0)).tolist() == [0, 0, 0]  # a word that was never learned


def test_numbers_that_are_all_missing_or_alike_say_nothing() -> None:
    told = read_attributes(("a", "b"), [(float("nan"), 3.0)] * 2)
    assert np.isfinite(attribute_rows(told, (float("nan"), 3.0))).all()


def test_a_column_that_names_its_rows_is_no_attribute() -> None:
    with pytest.raises(DataError, match="'name' has 100 different words, at most 64"):
        read_attributes(("name",), [(f"n{one}",) for one in range(100)])
