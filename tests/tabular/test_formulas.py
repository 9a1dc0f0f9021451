"""Formulas are read as they are meant, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from mintage.errors import ConfigError
from mintage.tabular.formulas import parse_formula

NAMES = ["price", "unit price", "tax"]
VALUES = {"price": np.array([8.0, np.nan]), "unit price": np.array([4.0, 4.0]), "tax": np.array([2.0, 0.0])}


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("price + tax * 3", 14.0),
        ("(price + tax) * 3", 30.0),
        ("price - tax - 1", 5.0),
        ("price / tax / 2", 2.0),
        ("-price + 1", -7.0),
        ("price - -tax", 10.0),
        ("`unit price`*2.5e1", 100.0),
        ("price-tax", 6.0),
    ],
)
def test_a_formula_is_worth_what_arithmetic_says(text: str, worth: float) -> None:
    formula = parse_formula(text, NAMES)
    assert formula({name: VALUES[name] for name in formula.columns})[0] == worth


def test_what_is_missing_or_divided_by_nothing_has_no_value() -> None:
    found = parse_formula("`unit price` / tax", NAMES)({name: VALUES[name] for name in ("unit price", "tax")})
    assert found[0] == 2.0
    assert np.isnan(found[1])
    assert np.isnan(parse_formula("price * 2", NAMES)({"price": VALUES["price"]})[1])


@pytest.mark.parametrize(
    "text", ["price *", "(price", "price tax", "3 + 4", "__import__('os')", "price ** 2", "prise + 1", ""]
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="formula"):
        parse_formula(text, NAMES)
