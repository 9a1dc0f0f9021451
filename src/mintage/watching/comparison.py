"""Writes one page on which several generators stand side by side: their samples, then score by score."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from mintage.contracts import Score
from mintage.errors import ConfigError
from mintage.storage import write_text
from mintage.watching.dots import dots, dots_key
from mintage.watching.page import figure, framed_table, page, picture, section
from mintage.watching.verdicts import protocol_details, scores_of
from mintage.watching.words import interval, label, number
from mintage.watching.writings import passages_block

__all__ = ["comparison_rows", "write_comparison"]

UNCLEAR = "no clear winner"


@dataclass(frozen=True, slots=True)
class _Row:
    """One score of all contenders; None where it was not measured."""

    name: str
    scores: Sequence[Score | None]

    @property
    def floor(self) -> float | None:
        return next((score.floor for score in self.scores if score and score.floor is not None), None)

    @property
    def best(self) -> int | None:
        """The contender whose interval ends before any other's begins, counted from the ideal; None if there is none.

        Where no ideal is known, nearer to the floor is better.
        """
        spans = [(_span(score), place) for place, score in enumerate(self.scores) if score is not None]
        ranked = sorted((span, place) for span, place in spans if span is not None)
        if len(ranked) < 2 or len(ranked) < len(spans):
            return None
        (first, place), *others = ranked
        return place if all(first[1] < other[0] for other, _ in others) else None


def write_comparison(
    path: Path, verdicts: Sequence[Mapping[str, Any]], sheets: Mapping[str, Path], reals: Path | None
) -> Path:
    """One self-contained page; `sheets` are the samples of each by what was judged, `reals` real examples alike.

    Verdicts are the JSON form that lies in scores/ID.json.

    Raises:
        ConfigError: no verdicts, or of several protocols.
    """
    names = _names(verdicts)
    rows = _rows(verdicts)
    title = f"{names[0]} beside {len(names) - 1} other{'s' * (len(names) > 2)}" if len(names) > 1 else names[0]
    against = ", ".join(dict.fromkeys(str(verdict.get("against", "real examples")) for verdict in verdicts))
    header = (
        f'<p class="eyebrow">Comparison</p><h1>{escape(title)}</h1>'
        f'<p class="lead">{escape(" ".join([f"Judged against {against}.", *_won(names, rows)]))}</p>'
    )
    sections = [
        section("samples", "Side by side", *_samples(verdicts, names, sheets, reals)),
        section("scores", "Score by score", dots_key(), *_tables(names, rows)),
        section("how", "How this was measured", *_how(verdicts, names)),
    ]
    footer = "<p>This page is one file and loads nothing from anywhere.</p>"
    write_text(path, page(f"{title}: comparison", header, [part for part in sections if part], footer))
    return path


def comparison_rows(verdicts: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The same as plain texts for a terminal; the first row holds the heads.

    Raises:
        ConfigError: no verdicts, or of several protocols.

    >>> one = {"judged": "a", "scores": [{"name": "coverage", "value": 0.8, "low": 0.78, "high": 0.82, "ideal": 1}]}
    >>> two = {"judged": "b", "scores": [{"name": "coverage", "value": 0.5, "low": 0.48, "high": 0.52, "ideal": 1}]}
    >>> comparison_rows([one, two])[1]
    ['coverage', '0.8 (0.78 to 0.82)', '0.5 (0.48 to 0.52)', '', 'a']
    """
    names = _names(verdicts)
    told = [["score", *names, "floor", "best"]]
    for row in _rows(verdicts):
        cells = [f"{number(s.value)} ({interval(s.low, s.high)})" if s else "not measured" for s in row.scores]
        floor = number(row.floor) if row.floor is not None else ""
        told.append([label(row.name), *cells, floor, UNCLEAR if row.best is None else names[row.best]])
    return told


def _names(verdicts: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was judged, with the step or a number where two would be called the same."""
    protocols = list(dict.fromkeys(str(verdict.get("protocol_id", "")) for verdict in verdicts))
    if len(protocols) != 1:
        raise ConfigError(
            f"A comparison needs scores of one protocol, and these have {len(protocols)} ({', '.join(protocols)}). "
            "Judge all of them again together: mintage compare A B --against REAL."
        )
    names = [str(verdict.get("judged", "unnamed")) for verdict in verdicts]
    for more in ([f"step {verdict.get('step')}" for verdict in verdicts], [str(n) for n in range(1, len(names) + 1)]):
        counts = Counter(names)
        names = [f"{name}, {part}" if counts[name] > 1 else name for name, part in zip(names, more, strict=True)]
    return names


def _rows(verdicts: Sequence[Mapping[str, Any]]) -> list[_Row]:
    found = [{score.name: score for score in scores_of(verdict)} for verdict in verdicts]
    names = dict.fromkeys(name for scores in found for name in scores)
    return [_Row(name, [scores.get(name) for scores in found]) for name in names]


def _span(score: Score) -> tuple[float, float] | None:
    """How far the interval lies from the ideal: at least, at most."""
    target = score.ideal if score.ideal is not None else score.floor
    if target is None or score.low is None or score.high is None or not math.isfinite(score.value):
        return None
    ends = sorted((abs(score.low - target), abs(score.high - target)))
    return (0.0 if score.low <= target <= score.high else ends[0], ends[1])


def _won(names: Sequence[str], rows: Sequence[_Row]) -> list[str]:
    """Who is clearly best in how many scores, parts of a score not counted."""
    whole = [row for row in rows if "/" not in row.name]
    if len(names) < 2 or not whole:
        return []
    wins = Counter(names[row.best] for row in whole if row.best is not None)
    said = [f"{name} is clearly best in {count} of {len(whole)} scores." for name, count in wins.most_common()]
    return said or ["No score has a clear winner: the intervals overlap."]


def _samples(
    verdicts: Sequence[Mapping[str, Any]], names: Sequence[str], sheets: Mapping[str, Path], reals: Path | None
) -> list[str]:
    figures = []
    if reals is not None and reals.is_file():
        figures.append(_sheet(reals, "A sheet of real examples", "Real", "Examples to compare with."))
    for index, (verdict, name) in enumerate(zip(verdicts, names, strict=True), 1):
        sheet = sheets.get(name) or sheets.get(str(verdict.get("judged", "")))
        if sheet is not None and sheet.is_file():
            words = "Nothing was picked or sorted."
            figures.append(_sheet(sheet, f"A sheet of samples of {name}", f"{index} · {name}", words))
    return [f'<div class="pair">{"".join(figures)}</div>'] if figures else []


def _sheet(path: Path, alternative: str, name: str, words: str) -> str:
    if path.suffix == ".txt":
        return passages_block(path, name, words)
    return figure(picture(path, alternative), name, words)


def _tables(names: Sequence[str], rows: Sequence[_Row]) -> list[str]:
    """The scores, and folded below them those that are parts of one, class by class."""
    caption = (
        "Values with their 95 % intervals. One is called best only where its interval touches no other's; distance "
        "from the ideal counts, or from the floor where no ideal is known."
    )
    tables = [_table(names, [row for row in rows if "/" not in row.name], caption)]
    for name in dict.fromkeys(row.name.partition("/")[0] for row in rows if "/" in row.name):
        heading = f"{label(name)[:1].upper()}{label(name)[1:]}, part by part"
        inside = _table(names, [row for row in rows if row.name.startswith(f"{name}/")], heading)
        tables.append(f"<details><summary>{escape(heading)}</summary>{inside}</details>")
    return tables


def _table(names: Sequence[str], rows: Sequence[_Row], caption: str) -> str:
    heads = ["Score", *(f"{index} · {name}" for index, name in enumerate(names, 1)), "On one axis"]
    return framed_table(heads, "".join(_table_row(names, row) for row in rows), caption, "scores")


def _table_row(names: Sequence[str], row: _Row) -> str:
    cells = []
    for place, score in enumerate(row.scores):
        if score is None:
            cells.append("<td>not measured</td>")
            continue
        value = number(score.value)
        value = f"<b>{value}</b> best" if place == row.best else value
        cells.append(f'<td>{value}<span class="words">{interval(score.low, score.high)}</span></td>')
    measured = [(str(place), score) for place, score in enumerate(row.scores, 1) if score is not None]
    drawing = dots([score for _, score in measured], [place for place, _ in measured])
    told = [f"floor {number(row.floor)}"] if row.floor is not None else []
    told += [UNCLEAR] if row.best is None and len(names) > 1 else []
    words = "".join(f'<span class="words">{text}</span>' for text in told)
    name = label(row.name)
    head = f'<th scope="row">{escape(name[:1].upper() + name[1:])}{words}</th>'
    return f"<tr>{head}{''.join(cells)}<td>{drawing}</td></tr>"


def _how(verdicts: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    return [f"<h3>{escape(name)}</h3>{protocol_details(v)}" for name, v in zip(names, verdicts, strict=True)]
