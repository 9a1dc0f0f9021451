"""A run of a table that is broken off goes on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pandas")

from tests.tables import TINY, people
from tests.training.test_resume import assert_same

import mintage


def test_a_resumed_run_ends_bit_identical_to_an_unbroken_one(tmp_path: Path) -> None:
    people(400).to_csv(tmp_path / "people.csv", index=False)
    words = [*TINY, "training.steps=8", "training.batch=32", "model.dropout=0.2"]
    unbroken = mintage.train(tmp_path / "people.csv", overrides=words, out=tmp_path / "a")
    broken = mintage.train(
        tmp_path / "people.csv", overrides=[*words, "training.max_seconds=0.000001"], out=tmp_path / "b"
    )
    assert 0 < broken.facts["steps"] < 8
    while not broken.facts["finished"]:
        broken = broken.resume()
    assert_same(unbroken, broken)
