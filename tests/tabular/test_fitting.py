"""What a column is, is told from its values; and what a person should know of it is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.records import Kind  # noqa: E402
from mintage.tabular.encoders import Cells, Constant, Identifier, Levels  # noqa: E402
from mintage.tabular.fitting import Fineness, fit_column  # noqa: E402

RNG = np.random.default_rng(0)


def fitted(values: Any, asked: Kind | None = None, name: str = "x", **how: int) -> tuple[Any, str]:
    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype="str" if _words(values) else None)
    encoder, remarks = fit_column(series.rename(name), asked, Fineness(**how))
    return encoder, " ".join(remarks)


def _words(values: Any) -> bool:
    return isinstance(values[0], str)


@pytest.mark.parametrize(
    ("values", "name", "kind"),
    [
        ([1, 2, 3] * 20, "x", "integer"),
        ([1.0, 2.0] * 20, "x", "integer"),
        ([1.5, 2.0] * 20, "x", "number"),
        (["1", "2,5"] * 20, "x", "number"),
        (["a", "b"] * 20, "x", "category"),
        ([True, False] * 20, "x", "boolean"),
        (["True", "False"] * 20, "x", "boolean"),
        (["2020-01-01", "2020-02-01"] * 20, "x", "date"),
        ([f"user{i}" for i in range(40)], "x", "identifier"),
        (list(range(40)), "x", "identifier"),
        ([i * 37 % 1000 for i in range(40)], "customer_id", "identifier"),
        ([i * 37 % 1000 for i in range(40)], "width", "integer"),  # "id" inside a word is none
        (list(range(19)), "x", "integer"),  # too few to tell
        (["007", "123"] * 20, "x", "category"),
    ],
)
def test_the_kind_of_a_column(values: list[Any], name: str, kind: str) -> None:
    assert fitted(values, name=name)[0].kind == kind


def test_constants_are_kept_with_their_value() -> None:
    for values, value in (([7] * 30, 7), ([1.5] * 30, 1.5), (["EUR"] * 30, "EUR"), ([True] * 30, True)):
        encoder, said = fitted(values)
        assert isinstance(encoder, Constant)
        assert encoder.value == value
        assert "always" in said
        assert encoder.decode(encoder.encode(pd.Series(values[:3]))).tolist() == [value] * 3


def test_few_numbers_are_kept_and_many_are_cut_into_cells_of_like_mass() -> None:
    few, _ = fitted([1.0, 2.5, 9.0] * 50)
    assert isinstance(few, Cells)
    assert few.exact == (10.0, 25.0, 90.0)  # tenths
    assert few.column.levels == (3,)
    many, _ = fitted(RNG.standard_normal(20_000), cells=32, finer=8)
    assert len(many.column.levels) == 2
    assert many.column.levels[1] <= 8 + 1
    shares = np.array(many.column.weights)
    assert len(shares) <= 32
    assert shares.max() < 2.5 / 32
    assert shares.sum() == pytest.approx(1, abs=1e-6)


def test_a_common_number_is_a_cell_of_its_own() -> None:
    values = np.where(RNG.random(5_000) < 0.6, 0.0, RNG.lognormal(8, 1, 5_000))
    encoder, _ = fitted(values)
    assert 0.0 in encoder.exact
    made = encoder.decode(encoder.encode(pd.Series(values)))
    assert ((made == 0) == (values == 0)).all()


def test_decimals_are_those_of_the_data() -> None:
    cents, _ = fitted(RNG.gamma(2, 100, 3_000).round(2))
    assert cents.decimals == 2
    made = cents.decode(cents.encode(pd.Series(RNG.uniform(1, 500, 300))))
    assert (made == made.round(2)).all()
    assert fitted(RNG.standard_normal(3_000))[0].decimals is None


def test_what_is_outside_is_drawn_to_the_nearest() -> None:
    for values in ([1, 2, 3] * 40, RNG.integers(0, 5_000, 4_000)):
        encoder, _ = fitted(values)
        low, high = encoder.decode(encoder.encode(pd.Series([-(10**9), 10**9])))
        assert low == min(values)
        assert high == max(values)


def test_a_value_that_is_missing_where_none_was_is_no_error() -> None:
    for values in (["a", "b"] * 30, [1, 2, 3] * 30, RNG.standard_normal(900)):
        encoder, _ = fitted(values)
        codes = encoder.encode(pd.Series([None, None], dtype="str"))
        assert (codes[:, 0] < encoder.column.levels[0]).all()
        assert len(encoder.decode(codes)) == 2


def test_levels_are_ordered_by_how_common_they_are() -> None:
    encoder, _ = fitted(["a"] * 10 + ["b"] * 30 + ["c"] * 20)
    assert isinstance(encoder, Levels)
    assert encoder.levels == ("b", "c", "a")
    assert encoder.column.weights == pytest.approx((0.5, 1 / 3, 1 / 6, 0), abs=1e-6)


def test_rare_levels_are_told_and_left_out_however_small_the_table() -> None:
    encoder, said = fitted(["a"] * 9 + ["b"] * 9 + ["Zoe"])
    assert "Zoe" not in encoder.levels
    assert "1 of 3 levels stand in fewer than 2 records" in said
    encoder, said = fitted(["a"] * 9 + ["b"] * 9 + ["Zoe"] * 3, rare=4)
    assert encoder.levels == ("a", "b")
    encoder, said = fitted(["a", "b", "c"])
    assert encoder.levels == ("a", "b", "c")
    assert "all are made, for nothing else would be left" in said


def test_identifiers_have_their_shapes_and_a_count_goes_on() -> None:
    encoder, said = fitted([f"A-{i:03}" for i in RNG.permutation(60)] + [f"{i:04}" for i in range(40)])
    assert isinstance(encoder, Identifier)
    assert encoder.patterns == ("\\A\\-000", "0000")
    assert encoder.column.levels == (2,)
    assert "never copied" in said
    counting, _ = fitted(list(range(100, 160)))
    assert counting.decode(counting.encode(pd.Series([5, 6])), first=10).tolist() == [110, 111]
    _, said = fitted([f"{'x' * (i % 37)} {'Y' * (i % 41)}, {i}" for i in range(2_000)])
    assert "looks like free text" in said


def test_dates_that_may_be_read_two_ways_are_told() -> None:
    _, said = fitted(["01/02/2020", "03/04/2020", "05/06/2020"] * 10)
    assert "month and day cannot be told apart; read as %m/%d/%Y" in said
    _, said = fitted(["01/02/2020", "13/04/2020", "05/06/2020"] * 10)
    assert "cannot be told apart" not in said


def test_a_person_is_believed() -> None:
    assert fitted([1, 2, 3] * 20, "category")[0].kind == "category"
    assert fitted(["1", "2"] * 20, "number")[0].kind in ("integer", "number")
    assert fitted(["a", "b"] * 20, "identifier")[0].kind == "identifier"
    assert fitted(["a", "b"] * 20, "number")[0].kind == "category"  # no number among them
