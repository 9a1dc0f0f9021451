"""How variables change, chosen and undone; the calendar."""

from __future__ import annotations

import numpy as np
import pytest

from mintage.errors import DataError
from mintage.timeline.changes import additive, choose_change, increments, levels, plain


def noise(n: int = 2_000) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(n)


def test_prices_grow_walks_change_and_noise_varies() -> None:
    assert choose_change([np.exp(0.02 * noise().cumsum() + 3)]) == "log"
    assert (
        choose_change([100 * np.exp(0.02 * noise()[:1_000].cumsum()), np.exp(0.02 * noise()[1_000:].cumsum())]) == "log"
    )
    assert choose_change([noise().cumsum()]) == "difference"
    assert choose_change([noise().cumsum() - noise().cumsum().min() + 5]) == "difference"
    assert choose_change([noise()]) == "level"
    assert choose_change([np.exp(noise())]) == "level"


def test_increments_are_undone_exactly() -> None:
    values = np.exp(0.1 * np.random.default_rng(1).standard_normal((2, 60, 3)).cumsum(1))
    changes = ("log", "difference", "level")
    scaled = additive(values, changes)
    moves = increments(scaled, changes)
    again = plain(levels(scaled[:, 0], moves, changes), changes)
    np.testing.assert_allclose(again, values[:, 1:], rtol=1e-12)
    assert np.allclose(moves[..., 0], np.diff(np.log(values[..., 0])))
    assert np.array_equal(moves[..., 2], values[:, 1:, 2])


def test_the_growth_of_what_is_not_positive_is_an_error_that_helps() -> None:
    with pytest.raises(DataError, match="Set its change to difference"):
        additive(np.array([[1.0], [0.0]]), ("log",))
