"""A judgement is told in plain sentences, drawn to scale, and read even where it is damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.watching.fake_run import fake_run, nearest, plain, verdict
from tests.watching.seen import Page

from mintage.contracts import Score
from mintage.watching.dots import dots, dots_key
from mintage.watching.verdicts import copy_parts, read_verdicts, score_parts, scores_of, telling


def shown(parts: list[str]) -> Page:
    return Page("".join(parts))


def test_the_first_sentences_are_the_four_most_telling() -> None:
    assert telling(scores_of(plain("run"))) == [
        "A fresh classifier tells real from made in 83 % of cases.",
        "82 % of the real examples have a sample nearby.",
        "1.1 % of the samples are as near to a training example as a copy would be.",
        "The Fréchet distance is 12.4; smaller is better. "
        "That is 14 times the floor: real examples against other real ones score 0.9.",
    ]


def test_of_records_the_quality_the_likeness_the_use_and_the_nearness_are_told() -> None:
    names = ("authenticity", "closest_record", "train_on_synthetic", "record_recognition", "quality")
    told = telling([Score(name=name, value=0.5, words=name) for name in names])
    assert told == ["quality", "record_recognition", "train_on_synthetic", "closest_record"]


def test_what_was_not_measured_is_spoken_for_by_its_neighbour() -> None:
    scores = [Score(name="probe_rate", value=0.6, words="A probe."), Score(name="coverage", value=0.9)]
    assert telling(scores) == ["A probe."]
    assert telling([]) == []


def test_every_score_has_a_row_with_a_drawing_that_is_also_told() -> None:
    seen = shown(score_parts([plain("runs/3", step=6000)]))
    assert "Step 6,000 of runs/3 against held-out fashion-mnist, judged 2026-11-25 02:14." in seen.words
    assert "0.809 to 0.831" in seen.words
    assert "5,000 fake" in seen.words
    assert "Note: No interval: too few examples." in seen.words
    assert "it needs labels, and these examples have none" in seen.words
    assert "3 files could not be read." in seen.words
    labels = [svg["aria-label"] for svg in seen.all("svg")]
    assert "Fréchet distance: 12.4, 95 % interval 11.8 to 13.1; floor 0.9; ideal 0." in labels
    assert len(seen.all("caption")) == len(seen.all("table")) == 2  # the parts of class_distance have their own
    assert "Class distance, part by part, all on one axis" in seen.words
    scrolled = [div for div in seen.all("div") if div.get("class") == "wide"]
    assert all(div["tabindex"] == "0" and div["aria-label"] for div in scrolled)


def test_the_protocol_is_folded_under_the_scores() -> None:
    seen = shown(score_parts([plain("run")]))
    for told in ("domain-5c0a81e2", "held-out", "28x28x1, uint8", "0.2.0", plain("run")["protocol_id"], "35 s"):
        assert told in seen.words
    assert seen.all("details")


def test_the_newest_verdict_is_shown_and_the_others_are_folded(tmp_path: Path) -> None:
    for day in (24, 26, 25):
        verdict(f"day {day}", day=day, seed=day).write(tmp_path)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text('{"value": 3}')
    found = read_verdicts(tmp_path)
    assert [one["judged"] for one in found] == ["day 26", "day 25", "day 24"]
    words = shown(score_parts(found)).words
    assert words.startswith("Day 26 against")
    assert "Before: day 25 against held-out fashion-mnist, judged 2026-11-25 02:14" in words
    assert read_verdicts(tmp_path / "nowhere") == []
    assert score_parts([]) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"scores": [{"name": "coverage", "value": 0.5, "low": "x", "counts": 3, "remarks": "no list"}]},
        {"scores": [{"name": "coverage", "value": float("nan"), "low": float("inf")}]},
        {"scores": [{"name": "coverage"}, 3, {"name": "recall", "value": True}]},
        {"protocol": "none", "skipped": [], "seconds": None, "machine": 3, "created": None, "pairs": None},
    ],
)
def test_damaged_verdicts_still_make_a_page(damage: dict[str, Any], tmp_path: Path) -> None:
    values = {**plain("run"), **damage}
    seen = shown([*score_parts([values]), *copy_parts(values, tmp_path / "none.png")])
    assert "nan" not in seen.text.replace("finance", "")
    assert "inf" not in seen.text


def test_names_and_words_cannot_break_out() -> None:
    bad = "<script>alert(1)</script>"
    values = json.loads(json.dumps(plain(bad)).replace("bag", bad).replace("alike", bad).replace("held-out", bad))
    values["scores"][0]["words"] = values["remarks"][0] = bad
    values["skipped"] = values["protocol"] = values["machine"] = {bad: bad}
    values["scores"][0]["counts"] = {bad: 3}
    seen = shown([*score_parts([values]), *copy_parts(values, Path("none.png"))])
    assert "<script" not in seen.text
    assert "script" not in {tag for tag, _ in seen.tags}


def test_copying_is_judged_by_its_interval_against_unseen_reals(tmp_path: Path) -> None:
    nearest().save(tmp_path / "nearest.png")
    clean = shown(copy_parts(plain("run"), tmp_path / "nearest.png"))
    assert "No clear sign of copying" in clean.words
    assert "Of each pair the left one was made" in clean.words
    assert len(clean.all("tr")) == 1 + 25
    copied = shown(copy_parts(plain("run", worse=5), tmp_path / "nearest.png"))
    assert "Some samples come too close to training examples" in copied.words
    assert copy_parts({"scores": []}, tmp_path / "none.png") == []


def test_a_run_without_a_verdict_has_no_scores_in_its_report(tmp_path: Path) -> None:
    from mintage.watching.report import write_report

    run = fake_run(tmp_path, frames=2)
    for path in run.scores.iterdir():
        path.unlink()
    ids = [section["aria-labelledby"] for section in Page(write_report(run).read_text("utf-8")).all("section")]
    assert "scores" not in ids
    assert "copies" not in ids


@pytest.mark.parametrize(
    ("value", "low", "high", "floor", "ideal"),
    [(0.5, 0.4, 0.6, 0.9, 1), (12.0, None, None, None, None), (0.0, 0.0, 0.0, 0.0, 0.0), (-1e-5, -2e-5, 1e-5, 0, 0),
     (float("nan"), None, None, 1.0, None), (1e9, 1e8, 1e10, 1e-9, 0)],
)  # fmt: skip
def test_dots_lie_inside_the_drawing(
    value: float, low: float | None, high: float | None, floor: float | None, ideal: float | None
) -> None:
    svg = dots([Score(name="any", value=value, low=low, high=high, floor=floor, ideal=ideal)])
    root = ElementTree.fromstring(svg)
    width = float(root.get("viewBox", "").split()[2])
    places = [float(group.get("transform", "")[10:-1].split()[0]) for group in root.iter("g")]
    assert all(0 < place < width for place in places)
    assert "nan" not in svg


def test_an_axis_has_room_for_all_that_are_to_be_compared() -> None:
    small, large = Score(name="fd", value=1.0, ideal=0), Score(name="fd", value=100.0, ideal=0)
    assert ">108</text>" in dots([small], among=[small, large])


def test_dots_of_several_share_an_axis_and_keep_their_order() -> None:
    svg = dots([Score(name="fd", value=value, ideal=0) for value in (2.0, 8.0)], ["1", "2"])
    root = ElementTree.fromstring(svg)
    first, second = [float(g.get("transform", "")[10:-1].split()[0]) for g in root.iter("g") if "circle" in g[0].tag]
    assert first < second
    assert root.get("aria-label") == "fd: 1: 2, 95 % interval no interval; 2: 8, 95 % interval no interval; ideal 0."
    assert {svg["aria-label"] for svg in Page(dots_key()).all("svg")} == {"Dot:", "Triangle:", "Diamond:"}
