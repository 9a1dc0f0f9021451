"""The report says what is in a text, in sentences and in JSON."""

from __future__ import annotations

import json

import pytest

from mintage.data.text_report import CharacterTally, TextReport, told_encodings

REPORT = TextReport(
    count=2, characters=3_000_000, bytes=4_000_000, distinct=90, scripts={"Latin": 0.955, "Han": 0.045},
    tokens=1_000_000, vocabulary=4097, kind="bpe", has_separator=True, num_unreadable=1,
    unreadable=(("a.txt", "it is empty"),), num_copies=1, copies=(("b.txt", "c.txt"),), num_near=1,
    near=(("b.txt", "d.txt"),), num_compared=2, remarks=("A remark.",),
    **told_encodings({"b.txt": "utf-8", "c.txt": "gb18030"}),
)  # fmt: skip


def test_characters_bytes_and_scripts_are_counted() -> None:
    tally = CharacterTally()
    for piece in ("Ça va? ", "", "床前明月光 ", "αβ🙂"):
        tally.add(piece)
    facts = tally.facts()
    text = "Ça va? 床前明月光 αβ🙂"
    assert facts["characters"] == len(text)
    assert facts["bytes"] == len(text.encode())
    assert facts["distinct"] == len(set(text))
    assert facts["scripts"] == pytest.approx({"Han": 5 / 11, "Latin": 4 / 11, "Greek": 2 / 11}, abs=1e-5)
    assert CharacterTally().facts()["scripts"] == {}


def test_a_report_says_what_was_found() -> None:
    told = " ".join(REPORT.lines())
    for part in (
        "2 documents, 3,000,000 characters (4 MB), 90 of them different; letters: 96% Latin, 4.5% Han.",
        "Encodings: utf-8 (1 file), gb18030 (1 file); all became Unicode.",
        "1,000,000 tokens, which are pieces of words, out of 4,097 (bpe): 3.00 characters and 4.00 bytes each.",
        "One token of its own begins each document.",
        "1 could not be read: a.txt (it is empty).",
        "1 of 2 documents are exact copies, such as b.txt = c.txt.",
        "1 of 2 documents nearly equal another one, such as b.txt and d.txt.",
        "A remark.",
        "Copies are learned by heart first",
    ):
        assert part in told
    assert "very little" not in told


def test_a_report_survives_json() -> None:
    assert TextReport.from_dict(json.loads(json.dumps(REPORT.as_dict()))) == REPORT


def test_a_small_text_is_warned_of() -> None:
    small = TextReport(count=1, characters=10_000, bytes=10_000, distinct=9, tokens=10_000, vocabulary=9, kind="char")
    assert "10 kB of text is very little: it works, but will mostly learn by heart." in small.suggestions()[0]
    assert all("Encodings" not in line and "copies" not in line for line in small.facts_lines())
