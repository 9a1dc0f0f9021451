"""Values as people write them: what is missing, numbers, dates, and words that only look like numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.tabular.values import (  # noqa: E402
    MISSING,
    as_dates,
    as_numbers,
    as_words,
    date_formats,
    has_decimal_commas,
    is_missing,
)


def text(*words: Any) -> Any:
    return pd.Series(list(words), dtype="str")


def day(word: str) -> float:
    return float(np.datetime64(word, "s").astype(np.int64))


def test_nothing_and_the_words_for_it_are_missing() -> None:
    assert is_missing(text(*sorted(MISSING))).all()
    assert is_missing(pd.Series([1.0, np.nan])).tolist() == [False, True]
    assert is_missing(pd.Series([None, "x", 0], dtype=object)).tolist() == [True, False, False]
    assert not is_missing(text("0", "no", "nothing")).any()


def test_words_are_what_a_person_would_write() -> None:
    assert as_words(pd.Series([1, True, None, "x"], dtype=object)).tolist() == ["1", "True", "", "x"]
    assert as_words(pd.Series([2**60 + 1, None], dtype="Int64")).tolist() == [str(2**60 + 1), ""]


@pytest.mark.parametrize(
    ("word", "number"),
    [("3", 3), (" 3.5 ", 3.5), ("-1e3", -1000), ("+7", 7), ("1,234", 1234), ("1,234,567.5", 1234567.5), ("x", None),
     ("", None), ("inf", None), ("-inf", None), ("1e200", None), ("1,23", None), ("1.234,5", None)],
)  # fmt: skip
def test_numbers_with_points(word: str, number: float | None) -> None:
    found = as_numbers(text(word))[0]
    assert np.isnan(found) if number is None else found == number


@pytest.mark.parametrize(("word", "number"), [("3,5", 3.5), ("0,125", 0.125), ("1,234", 1.234), ("1.234,5", 1234.5)])
def test_numbers_with_commas(word: str, number: float) -> None:
    assert as_numbers(text(word), commas=True)[0] == number
    assert as_numbers(text("2.5"), commas=True)[0] == 2.5  # as other programs write them


def test_one_comma_that_sets_no_thousands_apart_says_what_all_of_them_do() -> None:
    assert has_decimal_commas(text("1,234", "0,5"))
    assert has_decimal_commas(text("1,234", "0,500"))
    assert has_decimal_commas(text("1.234,50", "12"))
    assert not has_decimal_commas(text("1,234", "999"))
    assert not has_decimal_commas(text("12", "x, y"))
    assert not has_decimal_commas(pd.Series([1.5]))


@pytest.mark.parametrize(
    ("word", "form"),
    [("2024-02-29", "ISO8601"), ("2024-02-29T10:20:30Z", "ISO8601"), ("29.02.2024", "%d.%m.%Y"),
     ("2/29/2024", "%m/%d/%Y"), ("29/02/2024", "%d/%m/%Y"), ("2024/02/29", "ISO8601"), ("29 Feb 2024", "%d %b %Y"),
     ("February 29, 2024", "%B %d, %Y"), ("2024年2月29日", "%Y年%m月%d日")],
)  # fmt: skip
def test_a_date_is_known_by_its_form(word: str, form: str) -> None:
    assert date_formats(text(word)) == (form,)
    assert as_dates(text(word), (form,))[0] // 86_400 * 86_400 == day("2024-02-29")


def test_dates_in_three_forms_are_one_column() -> None:
    column = text(*["2024-03-01"] * 5, *["13.03.2024"] * 3, *["Mar 20, 2024"] * 2, "")
    formats = date_formats(column)
    assert formats == ("ISO8601", "%d.%m.%Y", "%b %d, %Y")
    found = as_dates(column, formats)
    assert found[[0, 5, 8]].tolist() == [day("2024-03-01"), day("2024-03-13"), day("2024-03-20")]
    assert np.isnan(found[-1])


def test_years_beyond_nanoseconds_and_zones_are_read() -> None:
    assert as_dates(text("1500-03-04"), ("ISO8601",))[0] == day("1500-03-04")
    assert as_dates(text("2024-01-01T02:00:00+02:00"), ("ISO8601",))[0] == day("2024-01-01")
    zoned = pd.Series(pd.to_datetime(["2024-01-01"]).tz_localize("Europe/Rome"))
    assert as_dates(zoned, date_formats(zoned))[0] == day("2024-01-01") - 3_600


def test_numbers_and_names_are_no_dates() -> None:
    for column in (text("20240229", "20240301"), text("1.5", "2.5"), text("May", "June"), text("12-34", "56-78")):
        assert date_formats(column) == ()
    assert date_formats(pd.Series([1, 2])) == ()
