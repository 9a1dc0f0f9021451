"""What pages show of series: passes that are marked, quantiles and memories beside real ones; nothing if damaged."""

from __future__ import annotations

from pathlib import Path

from tests.metrics.walks import returns

from mintage.watching.likeness import likeness_parts, write_likeness
from mintage.watching.passes import passes_chart


def test_only_what_fell_below_the_quantile_is_marked() -> None:
    drawn = passes_chart([0.01, -0.03, -0.01, 0.0], [-0.02, -0.02, -0.02, -0.02], 0.05)
    assert drawn.count("<circle") == 1
    assert "step 2: -3.0 %, foretold -2.0 %" in drawn
    assert "1 fell below the quantile of 5%" in drawn


def test_quantiles_and_memories_are_kept_and_told(tmp_path: Path) -> None:
    made = returns(30, 40, 1)
    made[:, 1:] += 0.5 * made[:, :-1]
    write_likeness(tmp_path / "likeness.json", ("a", "b"), returns(30, 40, 2), made)
    (told,) = ["".join(likeness_parts(tmp_path / "likeness.json", tmp_path / "none.png"))]
    assert "a: the median is" in told
    assert "Memory of moves" in told
    assert "made ends at" in told
    assert "Held out and foretold" not in told


def test_what_is_damaged_is_left_out(tmp_path: Path) -> None:
    assert likeness_parts(tmp_path / "none.json", tmp_path / "none.png") == []
    (tmp_path / "bad.json").write_text('{"stretches": 3}')
    assert likeness_parts(tmp_path / "bad.json", tmp_path / "none.png") == []
