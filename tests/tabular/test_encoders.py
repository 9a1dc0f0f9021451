"""Each form of column, both ways, by hand."""

from __future__ import annotations

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.records import FREE  # noqa: E402
from mintage.tabular.encoders import RARE, Cells, Identifier, Levels  # noqa: E402


def test_levels_have_a_code_each_one_for_rare_and_one_for_missing() -> None:
    levels = Levels(name="w", levels=("a", "b"), counts=(6, 3), num_rare=1, num_missing=2)
    codes = levels.encode(pd.Series(["b", "a", "zz", None, ""], dtype="str"))
    assert codes[:, 0].tolist() == [1, 0, 2, 3, 3]
    assert (levels.column.missing, levels.column.never) == (3, (2,))
    assert levels.column.weights == pytest.approx((0.5, 0.25, 1 / 12, 1 / 6), abs=1e-8)
    assert levels.decode(codes).fillna("-").tolist() == ["b", "a", RARE, "-", "-"]


def test_levels_of_numbers_and_truths_are_numbers_and_truths_again() -> None:
    long = Levels(name="n", levels=(str(2**60 + 1), "3"), counts=(1, 1), dtype="integer")
    assert long.decode(np.array([[0], [1]])).tolist() == [2**60 + 1, 3]
    assert long.decode(np.array([[0], [2]])).tolist()[0] == 2**60 + 1  # beside a rare one
    truths = Levels(name="t", levels=("True", "False"), counts=(1, 1), num_missing=1, dtype="bool")
    made = truths.decode(np.array([[0], [1], [3]]))
    assert made[:2].tolist() == [True, False]
    assert made.isna().tolist() == [False, False, True]


def test_grouped_levels_say_a_group_and_a_place() -> None:
    names = tuple(f"w{i}" for i in range(600))
    levels = Levels(name="w", levels=names, counts=(1,) * 600, num_missing=1)
    assert levels.column.levels == (5, 256)  # three groups, rare, missing
    codes = levels.encode(pd.Series(["w0", "w300", "w599", "new", None], dtype="str"))
    assert codes.tolist() == [[0, 0], [1, 44], [2, 87], [3, 0], [4, 0]]
    assert levels.decode(codes).fillna("-").tolist() == ["w0", "w300", "w599", RARE, "-"]
    assert levels.decode(np.array([[2, 255]]))[0] in names  # a place that the last group has not


CELLS = Cells(
    name="x", kind="number", decimals=1, exact=(50.0,), exact_counts=(4,), edges=(0.0, 10.0, 20.0, 100.0),
    cell_of=(0, 0, 1), cell_counts=(4, 2), num_missing=2,
)  # fmt: skip


def test_cells_stand_in_the_order_of_their_values() -> None:
    column = CELLS.column
    assert (column.levels, column.free, column.missing) == ((4, 2), 1, 3)
    assert column.weights == pytest.approx((4 / 12, 4 / 12, 2 / 12, 2 / 12), abs=1e-8)
    codes = CELLS.encode(pd.Series([0.3, 1.2, 5.0, 7.7, np.nan]))
    assert codes[:, 0].tolist() == [0, 0, 1, 2, 3]  # 5.0 is fifty tenths; the last cell's middle is sixty
    assert codes[:, 1].tolist() == [0, 1, 0, 0, 0]
    assert codes[2, 2] == 0
    assert (codes[:, 2] < FREE).all()


def test_every_code_of_cells_is_a_number_of_theirs() -> None:
    codes = np.array([[cell, fine, free] for cell in range(4) for fine in range(2) for free in (0, 999, FREE - 1)])
    made = CELLS.decode(codes)
    first = made[codes[:, 0] == 0]
    assert first.between(0, 1.9).all()
    assert (made[codes[:, 0] == 1] == 5.0).all()
    assert made[codes[:, 0] == 2].between(2.0, 9.9).all()
    assert made[codes[:, 0] == 3].isna().all()
    assert (made.dropna() == made.dropna().round(1)).all()
    there = ~made.isna()
    again = CELLS.encode(made[there].reset_index(drop=True))
    assert CELLS.decode(again).tolist() == made[there].tolist()


def test_names_differ_as_long_as_there_are_any() -> None:
    names = Identifier(name="id", patterns=("A0", "00"), counts=(3, 1), num_missing=1)
    assert names.column.levels == (3,)
    assert names.encode(pd.Series(["K7", "12", "??", None], dtype="str"))[:, 0].tolist() == [0, 1, 0, 2]
    made = names.decode(np.zeros((260, 1), np.int64), first=1_000)
    assert made.nunique() == 260
    parts = pd.concat([names.decode(np.zeros((130, 1), np.int64), first=at) for at in (1_000, 1_130)])
    assert parts.tolist() == made.tolist()  # the same however they are cut
