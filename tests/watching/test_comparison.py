"""A comparison calls one best only where the intervals part, and refuses what does not compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.watching.fake_run import plain
from tests.watching.seen import Page

from mintage.errors import ConfigError
from mintage.watching.comparison import comparison_rows, write_comparison


def judged(name: str, value: float, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    return {"judged": name, "scores": [{"name": "fd", "value": value, "low": low, "high": high, **more}]}


@pytest.mark.parametrize(
    ("first", "second", "best"),
    [
        ((3, 2, 4), (6, 5, 7), "a"),
        ((3, 2, 5), (6, 5, 7), "no clear winner"),  # they touch
        ((3, None, None), (6, 5, 7), "no clear winner"),
        ((float("nan"), None, None), (6, 5, 7), "no clear winner"),
    ],
)
def test_the_best_is_clear_only_where_intervals_part(first: Any, second: Any, best: str) -> None:
    rows = comparison_rows([judged("a", *first, ideal=0), judged("b", *second, ideal=0)])
    assert rows[1][-1] == best


def test_better_is_nearer_to_the_ideal_from_either_side_or_to_the_floor_or_unknown() -> None:
    near, far = (0.55, 0.53, 0.57), (0.3, 0.28, 0.32)
    assert comparison_rows([judged("a", *far, ideal=0.5), judged("b", *near, ideal=0.5)])[1][-1] == "b"
    assert comparison_rows([judged("a", *far, floor=0.3), judged("b", *near, floor=0.3)])[1][-1] == "a"
    assert comparison_rows([judged("a", *far), judged("b", *near)])[1][-1] == "no clear winner"


def test_both_sides_of_the_ideal_at_one_distance_have_no_winner() -> None:
    rows = comparison_rows([judged("a", 0.4, 0.39, 0.41, ideal=0.5), judged("b", 0.6, 0.59, 0.61, ideal=0.5)])
    assert rows[1][-1] == "no clear winner"


def test_a_score_that_one_lacks_is_said_to_be_missing() -> None:
    other = judged("b", 1, 0.5, 1.5)
    other["scores"][0]["name"] = "coverage"
    rows = comparison_rows([judged("a", 3, 2, 4), other])
    assert rows == [
        ["score", "a", "b", "floor", "best"],
        ["fd", "3 (2 to 4)", "not measured", "", "no clear winner"],
        ["coverage", "not measured", "1 (0.5 to 1.5)", "", "no clear winner"],
    ]


def test_two_of_one_name_are_told_apart() -> None:
    steps = [{**judged("a", 3, 2, 4), "step": step} for step in (100, 200, 200)]
    assert comparison_rows(steps)[0][1:4] == ["a, step 100", "a, step 200, 2", "a, step 200, 3"]


def test_nothing_and_several_protocols_are_refused() -> None:
    with pytest.raises(ConfigError, match="these have 0"):
        comparison_rows([])
    with pytest.raises(ConfigError, match="Judge all of them again together"):
        comparison_rows([plain("a"), plain("b", seed=1)])


def test_the_page_shows_samples_scores_and_winners_and_fetches_nothing(tmp_path: Path) -> None:
    verdicts = [plain("runs/3"), plain("runs/7", worse=1.3), plain("<script>other</script>", worse=2)]
    sheets = {}
    for verdict in verdicts[:2]:
        sheets[verdict["judged"]] = tmp_path / f"{len(sheets)}.png"
        Image.new("L", (64, 64)).save(sheets[verdict["judged"]])
    Image.new("L", (64, 64), 9).save(tmp_path / "reals.png")
    path = write_comparison(tmp_path / "compare.html", verdicts, sheets, tmp_path / "reals.png")
    seen = Page(path.read_text("utf-8"))
    assert seen.fetches_nothing()
    assert len(seen.all("img")) == 3
    assert "runs/3 is clearly best in 8 of 12 scores." in seen.words
    assert "12.4 best" in seen.words
    assert "no clear winner" in seen.words
    assert "<script" not in seen.text
    assert any(svg["aria-label"].startswith("Fréchet distance: 1: 12.4") for svg in seen.all("svg"))
    assert len(seen.all("caption")) == len(seen.all("table")) == 2
    assert all(head["scope"] in ("col", "row") for head in seen.all("th"))
    assert seen.words.count("Only scores of the same protocol may be compared.") == 3


def test_one_alone_without_samples_is_a_page_too(tmp_path: Path) -> None:
    seen = Page(write_comparison(tmp_path / "one.html", [plain("folder")], {}, None).read_text("utf-8"))
    assert len(seen.all("h1")) == 1
    assert "clear" not in seen.words
