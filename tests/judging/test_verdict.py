"""Verdicts: written whole, read again as they were, and clear about what was not measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from mintage.contracts import Pair, Score
from mintage.errors import DataError
from mintage.judging.protocol import Protocol
from mintage.judging.verdict import Verdict

VERDICT = Verdict(
    judged="0001-photos",
    against="held-out part of photos",
    step=7,
    protocol=Protocol(embedding="domain-1", reference="a", split="held-out", prepared="28x28x1", seed=0, version="1"),
    scores=[Score(name="coverage", value=0.8, low=0.7, high=0.9, floor=0.95, ideal=1.0, counts={"fake": 10})],
    skipped={"class_distance": "it has no classes"},
    pairs=[Pair(3, 4, 0.5, "near")],
    remarks=["2 files could not be read."],
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = VERDICT.write(tmp_path / "scores")
    assert path.name == f"{VERDICT.protocol.id}-0000007.json"
    assert Verdict.read(path).as_dict() == VERDICT.as_dict()


def test_a_score_is_found_by_name_and_a_missing_one_says_why() -> None:
    assert VERDICT["coverage"].value == 0.8
    assert "coverage" in VERDICT
    assert "class_distance" not in VERDICT
    with pytest.raises(KeyError, match="it has no classes"):
        VERDICT["class_distance"]


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "protocol_id": "x"}'])
def test_what_is_no_verdict_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataError, match="Judge again"):
        Verdict.read(path)
