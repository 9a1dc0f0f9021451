"""Fans are drawn where the paths are."""

from __future__ import annotations

import numpy as np

from mintage.watching.fans import draw_fans


def columns_of(image: object, colour: tuple[int, int, int]) -> np.ndarray:
    return np.flatnonzero((np.asarray(image) == colour).all(2).any(0))


def test_the_fan_begins_where_the_known_ends_and_the_truth_is_red() -> None:
    known, rng = np.linspace(0, 1, 30)[:, None], np.random.default_rng(0)
    paths = 1 + rng.standard_normal((200, 10, 1)).cumsum(1)
    sheet = draw_fans(["x"], known, paths, np.ones((10, 1)))
    band, truth, dark = (columns_of(sheet, c) for c in ((214, 228, 245), (209, 73, 91), (51, 51, 51)))
    assert band.min() >= dark[dark > 60].max() - 12
    assert truth.min() > 200
    assert not len(columns_of(draw_fans(["x"], known, paths), (209, 73, 91)))


def test_panels_stand_in_two_columns_and_a_flat_variable_can_be_drawn() -> None:
    one = draw_fans(["a"], np.ones((5, 1)), np.ones((4, 3, 1)))
    three = draw_fans(["a", "b", "c"], np.ones((5, 3)), np.ones((4, 3, 3)))
    assert three.width == one.width
    assert three.height > 1.8 * one.height
