"""Conditions mean what a person who writes them means."""

from __future__ import annotations

from typing import Any

import pytest

pd = pytest.importorskip("pandas")

from mintage.errors import ConfigError  # noqa: E402
from mintage.tabular.conditions import parse_condition  # noqa: E402


def frame() -> Any:
    return pd.DataFrame(
        {
            "age": [20, 30, 40, 50],
            "sex": pd.Series(["F", "M", None, "F"], dtype="str"),
            "home town": ["Rome", "Bari", "it's", "a, b"],
            "since": pd.to_datetime(["2020-01-01", "2020-06-01", None, "2021-01-01"]),
            "member": pd.Series([True, False, None, True], dtype="boolean"),
            "pay": [1.5, float("nan"), -2.0, 3.0],
        }
    )


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("age < 30", "1000"),
        ("age <= 30 and age != 20", "0100"),
        ("age = 20 or age = 50", "1001"),
        ("age=20||age==50", "1001"),
        ("age > 20 & !(sex = M)", "0011"),
        ("age in (20, 40)", "1010"),
        ("age not in (20, 40)", "0101"),
        ("age between 30 and 40 and sex = M", "0100"),
        ("sex is missing", "0010"),
        ("sex is not missing", "1101"),
        ("sex = null", "0010"),
        ("sex != F", "0110"),
        ("sex < 'G'", "1001"),
        ("`home town` = Rome", "1000"),
        ("'home town' = 'it\\'s'", "0010"),
        ('`home town` = "a, b"', "0001"),
        ("`home town` <> Rome", "0111"),
        ("since >= 2020-06-01", "0101"),
        ("since = '2020-01-01'", "1000"),
        ("since < '01.02.2020'", "1000"),
        ("since is missing", "0010"),
        ("member = true", "1001"),
        ("member = False", "0100"),
        ("pay > -3", "1011"),
        ("pay = -2 or pay = 1.5e0", "1010"),
        ("not age < 30 and not age > 40", "0110"),
        ("age < 25 or age > 25 and sex = F", "1001"),  # and binds closer
        ("(age < 25 or age > 45) and pay > 2", "0001"),
    ],
)
def test_a_condition_holds_of_these(text: str, holds: str) -> None:
    found = parse_condition(text, list(frame().columns)).holds(frame())
    assert "".join(str(int(one)) for one in found) == holds


def test_parts_must_all_be_true_and_name_their_columns_and_values() -> None:
    asked = parse_condition("age > 20 and (sex = F or age = 50) and pay is missing", list(frame().columns))
    assert [part.columns for part in asked.parts()] == [{"age"}, {"sex", "age"}, {"pay"}]
    assert asked.columns == {"age", "sex", "pay"}
    assert asked.values == (20.0, "F", 50.0, None)


@pytest.mark.parametrize("text", ["", "age", "age <", "age < 3 age", "(age < 3", "age < 3)", "age in 3", "age ~ 3",
                                  "age = 'open", "age between 3", "not"])  # fmt: skip
def test_what_does_not_read_is_an_error_that_shows_how(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read.*Write it like"):
        parse_condition(text, ["age"])


def test_a_column_that_is_not_there_is_suggested_and_a_wrong_date_told() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'age'"):
        parse_condition("aeg < 3", ["age"])
    with pytest.raises(ConfigError, match="is no date"):
        parse_condition("since < soon", ["since"]).holds(frame())
