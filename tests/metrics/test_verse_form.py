"""Verse form: learned from the real poems, and kept or broken by the written ones."""

from __future__ import annotations

from dataclasses import replace

from tests.metrics.writers import cut, evidence, prose

from mintage.contracts import Evidence
from mintage.metrics.verse_form import VerseForm

FIVE, SEVEN, BROKEN = "床前明月光，疑是地上霜。", "朝辞白帝彩云间，千里江陵一日还。", "前不见古人，念天地之悠悠。"


def poems(made: list[str], learned: list[str]) -> Evidence:
    seen = evidence(cut(prose(4, 1_200)))
    told = {"documents": [FIVE, SEVEN, BROKEN, FIVE], "learned": learned, "compose": lambda count: made}
    return replace(seen, texts=replace(seen.texts, **told))


def test_poems_that_keep_a_real_form_are_counted() -> None:
    seen = poems([FIVE] * 6 + [BROKEN] * 3 + ["一二三，四五六。"], [FIVE] * 10 + [SEVEN] * 8 + [BROKEN] * 2)
    (score,) = VerseForm().measure(seen).scores
    assert score.value == 0.6  # lines of three are all alike, but no real poem has them
    assert score.floor == 0.75
    assert "lines of 5 or 7" in score.words


def test_prose_has_no_form() -> None:
    assert "no verse of fixed form" in VerseForm().lacks(poems([], [BROKEN, prose(1, 200)] * 10))
    assert "no whole documents" in VerseForm().lacks(evidence(cut(prose(4, 1_200))))
