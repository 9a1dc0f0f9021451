"""The audits of a verdict stand in one table, and what is above chance is said first."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tests.watching.seen import Page

from mintage.contracts import Score
from mintage.statistics.attacks import Attack, Rate
from mintage.watching.privacy import privacy_parts


def verdict(learned: int, near: float) -> dict[str, Any]:
    attack = Attack(Rate(learned, 1000), Rate(100, 1000), Rate(5, 1000))
    scores = [
        attack.score("inference/<town>", "looks", 500),
        Score(
            name="closest_record", value=near, low=near - 0.02, high=near + 0.02, floor=0.5, ideal=0.5, words="Near."
        ),
        Score(name="exact_copies", value=0.01, low=0.008, high=0.012, floor=0.01, words="Equal."),
        Score(name="coverage", value=0.9),
    ]
    return {"scores": [asdict(score) for score in scores]}


def test_a_leak_is_said_first() -> None:
    seen = Page("".join(privacy_parts(verdict(400, 0.7))))
    assert seen.words.startswith("Some audits found a leak2 of 3 audits rise above chance.")
    assert "Inference, <town>" in seen.words
    assert "40 %" in seen.words
    assert "coverage" not in seen.words.lower()
    assert len(seen.all("caption")) == 1


def test_no_leak_is_no_proof() -> None:
    words = Page("".join(privacy_parts(verdict(100, 0.5)))).words
    assert words.startswith("No audit found a leak0 of 3")
    assert "no proof" in words


def test_a_verdict_without_audits_has_no_table() -> None:
    assert privacy_parts({"scores": [asdict(Score(name="coverage", value=0.9))]}) == []
    assert privacy_parts({}) == []
