"""Chooses which figures of a log stand together in a chart, and says how each chart is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mintage.watching.curves import svg_curves
from mintage.watching.progress import early_stop, progress
from mintage.watching.words import label, number, probability

__all__ = ["charts"]

Row = Mapping[str, Any]
FIGURES = {
    "real",
    "fake",
    "score_real",
    "score_fake",
    "heldout",
    "recognition",
    "augment_p",
}  # what a stake shows; all else with a slash is paid
MOST_CURVES = 6


def charts(rows: Sequence[Row], events: Sequence[Row]) -> list[str]:
    """The charts of a run as HTML figures, from its measured rows and its events; empty without rows."""
    if not rows:
        return []
    alarms = [
        (float(event.get("step", 0)), str(event.get("name", "alarm")).replace("_", " "))
        for event in events
        if event.get("event") == "diagnosis"
    ]
    paid = sorted({key for row in rows for key in row if "/" in key and key.split("/")[-1] not in FIGURES})
    losses = [key for key in paid if key.endswith("/adversarial")] or paid
    extra = [key for key in paid if key not in losses]
    p = _points(rows, "discriminator/augment_p")
    made = [
        _chart(
            "Losses",
            "What each player pays. In an adversarial game nobody should win: level lines are good news.",
            {_said(key): _points(rows, key) for key in losses[:MOST_CURVES]}, alarms=alarms,
        ),
        _chart(
            "D(real) and D(fake)",
            "How sure the discriminator is that an example is real: the logistic function of its mean logit.",
            _opinions(rows), y_range=(0, 1), marks={"undecided": 0.5}, alarms=alarms,
        ),
        _chart(
            "Recognition",
            "How often the discriminator picks the real one of a real and a generated example.",
            {"recognition": _points(rows, "discriminator/recognition")},
            y_range=(0, 1), marks={"chance": 0.5}, alarms=alarms,
        ),
        _chart(
            "Other terms",
            "Penalties and whatever else the players pay.",
            {_said(key): _points(rows, key) for key in extra[:MOST_CURVES]},
        ),
        _chart(
            "Augmentation probability",
            "How often the discriminator looks through an augmentation; it rises while the discriminator is too sure.",
            {"p": p} if len({y for _, y in p}) > 1 else {}, y_range=(0, 1),
        ),
        *_score_charts(events),
        _chart("Speed", "Samples a second.", {"samples a second": _points(rows, "rate")}),
    ]  # fmt: skip
    shown = [chart for chart in made if chart]
    return [f'<div class="pair">{"".join(shown)}</div>'] if shown else []


def _chart(
    name: str,
    words: str,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    *,
    y_range: tuple[float, float] | None = None,
    marks: Mapping[str, float] | None = None,
    alarms: Sequence[tuple[float, str]] = (),
    stars: Sequence[tuple[float, float, str]] = (),
) -> str:
    if all(len(points) < 2 for points in curves.values()):
        return ""
    svg = svg_curves(curves, title=name, y_range=y_range, marks=marks, events=alarms, stars=stars)
    return f'<figure><h3>{escape(name)}</h3><p class="eyebrow">{escape(words)}</p>{svg}</figure>'


def _opinions(rows: Sequence[Row]) -> dict[str, list[tuple[float, float]]]:
    keys = {"D(real)": "real", "D(fake)": "fake", "D(held-out real)": "heldout"}
    return {n: [(x, probability(y)) for x, y in _points(rows, f"discriminator/{key}")] for n, key in keys.items()}


def _score_charts(events: Sequence[Row]) -> list[str]:
    stopped = early_stop(events)
    ends = [] if stopped is None else [(float(stopped), "stopped early")]
    made = []
    for score in progress(events):
        plain = label(score.name)
        words = "Measured on samples during training."
        stars = []
        if score.best is not None:
            step, value = score.best
            words += f" Best at step {step:,}: {number(value)}."
            stars = [(float(step), value, "best")]
        points = [(float(step), value) for step, value in score.points]
        made.append(_chart(plain[:1].upper() + plain[1:], words, {plain: points}, alarms=ends, stars=stars))
    return made


def _points(rows: Sequence[Row], key: str) -> list[tuple[float, float]]:
    return [(float(row["step"]), float(row[key])) for row in rows if _is_number(row.get(key)) and "step" in row]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _said(key: str) -> str:
    player, _, term = key.partition("/")
    return player if term == "adversarial" else f"{player} {term}".replace("_", " ")
