"""Reads what a judge wrote into scores/*.json and tells it as HTML: sentences, a table, and whether it copies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mintage.contracts import Score
from mintage.watching.dots import dots, dots_key
from mintage.watching.page import definitions, figure, framed_table, picture, table
from mintage.watching.words import duration, interval, label, number

__all__ = [
    "COPYING",
    "copy_parts",
    "find_score",
    "protocol_details",
    "read_verdicts",
    "score_parts",
    "scores_of",
    "telling",
]

Verdict = Mapping[str, Any]  # the JSON form, as it lies in the file

# What a person should hear first; of each group, the first one that was measured.
TELLING = (
    ("nats_per_token",),
    ("bits_per_byte",),
    ("quality",),
    ("child_counts",),
    ("child_pairs",),
    ("record_recognition",),
    ("train_on_synthetic",),
    ("forecast_score",),
    ("interval_coverage",),
    ("tail_risk",),
    ("stylised_facts",),
    ("window_recognition",),
    ("copied_stretches",),
    ("overfitting",),
    ("copied_share",),
    ("longest_copy",),
    ("verse_form",),
    ("perceptual_distance", "psnr"),
    ("content_retrieval",),
    ("recognition_rate", "probe_rate"),
    ("coverage", "recall"),
    ("copies", "closest_record", "authenticity", "copying_test"),
    ("frechet_distance", "kernel_distance"),
)
COPYING = ("copies", "copied_share", "longest_copy", "passages_with_copies", "authenticity", "copying_test")


def read_verdicts(folder: Path) -> list[Verdict]:
    """The verdicts of a scores folder, newest first; files that are none are passed over."""
    found = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            values = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(values, dict) and scores_of(values):
            found.append(values)
    return sorted(found, key=lambda verdict: str(verdict.get("created", "")), reverse=True)


def scores_of(verdict: Verdict) -> list[Score]:
    """Its scores; what is damaged in them is left out.

    >>> scores_of({"scores": [{"name": "coverage", "value": 0.8, "low": "?"}, {"name": "broken"}]})[0].low
    """
    listed = verdict.get("scores")
    return [
        Score(
            name=str(values["name"]),
            value=float(values["value"]),
            low=_number(values.get("low")),
            high=_number(values.get("high")),
            floor=_number(values.get("floor")),
            ideal=_number(values.get("ideal")),
            baselines={str(k): v for k, v in _mapping(values.get("baselines")).items() if _number(v) is not None},
            counts={str(k): v for k, v in _mapping(values.get("counts")).items() if isinstance(v, int)},
            words=str(values.get("words") or ""),
            remarks=_texts(values.get("remarks")),
        )
        for values in (listed if isinstance(listed, list) else [])
        if isinstance(values, dict) and values.get("name") and isinstance(values.get("value"), int | float)
    ]


def find_score(scores: Sequence[Score], *names: str) -> Score | None:
    """The first of these names that was measured."""
    return next((score for name in names for score in scores if score.name == name), None)


def telling(scores: Sequence[Score]) -> list[str]:
    """The three or four sentences that a person should hear first.

    >>> telling([Score(name="frechet_distance", value=12.0, floor=3.0, words="The distance is 12.")])
    ['The distance is 12. That is 4 times the floor: real examples against other real ones score 3.']
    """
    sentences = []
    for names in TELLING:
        score = find_score(scores, *names)
        if score is None or not score.words:
            continue
        sentence = score.words
        if score.name == "frechet_distance" and score.floor and score.floor > 0 and "floor" not in sentence:
            times = number(float(f"{score.value / score.floor:.2g}"))
            against = f"real examples against other real ones score {number(score.floor)}"
            sentence += f" That is {times} times the floor: {against}."
        sentences.append(sentence)
    return sentences


def score_parts(verdicts: Sequence[Verdict]) -> list[str]:
    """The newest verdict in full, the others folded."""
    if not verdicts:
        return []
    newest, *older = verdicts
    scores = scores_of(newest)
    whole = [score for score in scores if "/" not in score.name]
    told = f"{_capital(_told(newest))}{_when(newest)}."
    parts = [f"<p>{escape(told)}</p>", _plain_list(telling(scores), "told"), dots_key()]
    parts.append(_score_table(whole, "Every score with its interval and its floor"))
    for name, pieces in _parts_of(scores).items():
        caption = f"{_capital(label(name))}, part by part"
        parts.append(_folded(caption, _score_table(pieces, f"{caption}, all on one axis", on_one_axis=True)))
    skipped = [(label(name), str(why)) for name, why in _mapping(newest.get("skipped")).items()]
    if skipped:
        parts.append(f"<h3>Not measured</h3>{definitions([(_capital(name), why) for name, why in skipped])}")
    if remarks := _texts(newest.get("remarks")):
        parts.append(f"<h3>What limits these scores</h3>{_plain_list(remarks)}")
    parts.append(protocol_details(newest))
    for verdict in older:
        inside = _score_table(scores_of(verdict), f"Scores of {_told(verdict)}") + protocol_details(verdict)
        parts.append(_folded(f"Before: {_told(verdict)}{_when(verdict)}", inside))
    return parts


def copy_parts(verdict: Verdict, sheet: Path) -> list[str]:
    """Whether it copies what it learned from: in words, and as the closest pairs to look at."""
    scores = scores_of(verdict)
    copies, known = find_score(scores, "copies", "copied_share"), [find_score(scores, name) for name in COPYING]
    parts = []
    if copies is not None and copies.low is not None and copies.floor is not None:
        if copies.low > copies.floor:
            heading, kind = "Some samples come too close to training examples", "note alarm"
            advice = "Look at the pairs before you share samples. More data, augmentation or fewer steps help."
            if copies.name == "copied_share":
                advice = "Search samples for what must not leave the house. More text, dropout or fewer steps help."
        else:
            heading, kind = "No clear sign of copying", "note"
            advice = "That is no more than chance allows for unseen real examples."
            advice += " Look at the pairs all the same." * (copies.name == "copies")
        words = f"{copies.words} {advice}".strip()
        parts.append(f'<div class="{kind}"><h3>{escape(heading)}</h3><p>{escape(words)}</p></div>')
        known = [score for score in known if score is not copies]
    parts.append(_plain_list([score.words for score in known if score is not None and score.words]))
    pairs = [pair for pair in verdict.get("pairs") or [] if isinstance(pair, dict)]
    if sheet.is_file():
        shown = picture(sheet, "Pairs of a made example and the training example nearest to it; listed below the sheet")
        words = (
            "Of each pair the left one was made, the right one is the training example nearest to it. Closest first."
        )
        parts.append(f'<div class="whole">{figure(shown, "The closest pairs", words)}</div>')
    if pairs:
        words = "A closeness of 1 is that of the nearest hundredth of unseen real examples; smaller is nearer."
        heads = ["Pair", "Made", "Training example", "Closeness", "In words"]
        parts.append(_folded("The pairs as a table", table(heads, _pair_rows(pairs), words)))
    return [part for part in parts if part]


def protocol_details(verdict: Verdict) -> str:
    """How the scores were measured, folded: scores of another protocol do not compare."""
    protocol, seconds = _mapping(verdict.get("protocol")), _mapping(verdict.get("seconds"))
    names = {"prepared": "Examples prepared as", "version": "Mintage", "reference": "Reference (hash)"}
    pairs = [
        (names.get(key, _capital(key)), _listed(value))
        for key, value in protocol.items()
        if value not in (None, "", {})
    ]
    pairs.append(("Protocol id", str(verdict.get("protocol_id", ""))))
    if machine := _mapping(verdict.get("machine")):
        pairs.append(("Judged on", _listed(machine)))
    took = [value for value in seconds.values() if isinstance(value, int | float)]
    if took:
        longest = sorted(((v, k) for k, v in seconds.items() if isinstance(v, int | float)), reverse=True)[:3]
        parts = ", ".join(f"{label(str(name))} {duration(value)}" for value, name in longest)
        pairs.append(("Judging took", f"{duration(sum(took))} ({parts})"))
    words = "<p>Only scores of the same protocol may be compared.</p>"
    return _folded("How this was measured", words + definitions([pair for pair in pairs if pair[1]]))


def _parts_of(scores: Sequence[Score]) -> dict[str, list[Score]]:
    """Scores such as "class_distance/bag" by what stands before the slash."""
    names = dict.fromkeys(score.name.partition("/")[0] for score in scores if "/" in score.name)
    return {name: [score for score in scores if score.name.startswith(f"{name}/")] for name in names}


def _score_table(scores: Sequence[Score], caption: str, *, on_one_axis: bool = False) -> str:
    heads = ["Score", "Value", "Where it lies", "Floor", "To beat", "Measured on"]
    if not any(score.baselines for score in scores):
        heads.remove("To beat")
    rows = "".join(_score_row(score, scores if on_one_axis else [score], "To beat" in heads) for score in scores)
    return framed_table(heads, rows, caption, "scores")


def _score_row(score: Score, among: Sequence[Score], tells_baselines: bool) -> str:
    words = f'<span class="words">{escape(score.words)}</span>' if score.words else ""
    remarks = "".join(f'<span class="words">Note: {escape(remark)}</span>' for remark in score.remarks)
    floor = number(score.floor) if score.floor is not None else "not given"
    to_beat = "<br>".join(escape(f"{name} {number(value)}") for name, value in score.baselines.items())
    to_beat = f"<td>{to_beat or 'none'}</td>" if tells_baselines else ""
    counts = "<br>".join(escape(f"{count:,} {name}") for name, count in score.counts.items())
    return (
        f'<tr><th scope="row">{escape(_capital(label(score.name)))}{words}{remarks}</th>'
        f'<td><b>{number(score.value)}</b><span class="words">{interval(score.low, score.high)}</span></td>'
        f"<td>{dots([score], among=among)}</td><td>{floor}</td>{to_beat}<td>{counts or 'not given'}</td></tr>"
    )


def _pair_rows(pairs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [
        [str(place), *(_listed(pair.get(key, "")) for key in ("fake", "train", "closeness", "words"))]
        for place, pair in enumerate(pairs, 1)
    ]


def _told(verdict: Verdict) -> str:
    """What was judged against what."""
    told = f"{verdict.get('judged', 'these examples')} against {verdict.get('against', 'real ones')}"
    return f"step {verdict['step']:,} of {told}" if isinstance(verdict.get("step"), int) else told


def _when(verdict: Verdict) -> str:
    when = str(verdict.get("created") or "")[:16].replace("T", " ")
    return f", judged {when}" if when else ""


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>"


def _plain_list(texts: Sequence[str], kind: str = "") -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul class="plain {kind}">{items}</ul>' if items else ""


def _listed(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_listed(part)}" for key, part in value.items())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else number(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _number(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: Any) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list | tuple) else []
