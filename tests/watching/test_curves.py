"""Charts are well-formed SVG that needs nothing else, tells its numbers, and stays small."""

from __future__ import annotations

import math
import random
from xml.etree import ElementTree

import pytest

from mintage.watching.curves import svg_curves


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_a_chart_names_its_curves_and_says_where_they_end() -> None:
    svg = svg_curves({"loss": [(0, 1.0), (100, 0.25)], "other": [(0, 2.0), (100, 3.0)]}, title="Losses")
    assert parsed(svg).get("aria-label") == "Losses. loss ends at 0.25; other ends at 3."
    texts = [text.text for text in parsed(svg).iter("text")]
    assert {"loss 0.25", "other 3", "100 steps"} <= set(texts)
    assert "loss: 0.25 at 100" in [title.text for title in parsed(svg).iter("title")]


@pytest.mark.parametrize(
    "points",
    [[], [(0, 1.0)], [(5, 0.0), (5, 0.0)], [(0, 2.0), (1, 2.0)], [(0, math.nan), (1, math.inf), (2, 1.0)],
     [(0, 1e-9), (1, 1e9)], [(0, -3.0), (1e7, -3.1)]],
)  # fmt: skip
def test_odd_curves_make_well_formed_charts_of_finite_numbers(points: list[tuple[float, float]]) -> None:
    svg = svg_curves({"curve": points}, title="Odd")
    assert parsed(svg).get("role") == "img"
    assert "nan" not in svg.lower().replace("finance", "")
    assert "inf" not in svg


def test_names_cannot_break_out_of_the_page() -> None:
    svg = svg_curves({"<script>&": [(0, 1.0)]}, title='"><script>', events=[(0, "<b>")], marks={"<i>": 1.0})
    assert "<script>" not in svg
    assert "<b>" not in svg
    assert "<i>" not in svg
    parsed(svg)


def test_a_star_marks_a_point_and_is_told_in_the_text_alternative() -> None:
    svg = svg_curves({"fd": [(0, 9.0), (100, 2.5), (200, 3.0)]}, title="Score", stars=[(100, 2.5, "<best>")])
    assert "&lt;best&gt; 2.5 at 100 steps" in svg
    assert len(list(parsed(svg).iter("polygon"))) == 1


def test_many_points_are_thinned_but_no_spike_is_lost() -> None:
    chance = random.Random(0)
    points = [(float(step), chance.gauss(1, 0.01)) for step in range(200_000)]
    svg = svg_curves({"loss": points}, title="Long", y_range=(0, 2))
    assert len(svg) < 60_000
    points[123_456] = (123_456.0, 2.0)
    raw = next(path for path in parsed(svg_curves({"loss": points}, title="x", y_range=(0, 2))).iter("path"))
    heights = [float(pair.split()[1]) for pair in raw.get("d", "")[1:].split("L")]
    assert min(heights) == pytest.approx(20.0)  # the top of the frame


def test_a_far_outlier_does_not_flatten_the_rest() -> None:
    points = [(float(step), 1 + 0.1 * math.sin(step)) for step in range(100)]
    points[0] = (0.0, 1e6)
    ticks = [text.text for text in parsed(svg_curves({"loss": points}, title="x")).iter("text")]
    assert not any(tick and tick.endswith("M") for tick in ticks)
