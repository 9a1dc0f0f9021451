"""The privacy audits of a verdict as one table: what an attacker tries, how often it works, and what it gains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

from mintage.contracts import Score
from mintage.watching.dots import dots
from mintage.watching.page import framed_table
from mintage.watching.verdicts import scores_of
from mintage.watching.words import interval, label, number, percent

__all__ = ["privacy_parts"]

COPIES = ("exact_copies", "closest_record", "closest_distance")
ATTACKS = ("singling_out", "linkability", "inference")


def privacy_parts(verdict: Mapping[str, Any]) -> list[str]:
    """Sentences about copies and a table of the attacks; empty where nothing of it was measured."""
    scores = {score.name: score for score in scores_of(verdict)}
    copies = [scores[name] for name in COPIES if name in scores]
    attacks = [score for score in scores.values() if score.name.partition("/")[0] in ATTACKS]
    if not copies and not attacks:
        return []
    alarms = sum(_alarming(score) for score in [*copies, *attacks])
    of = len(copies) + len(attacks)
    heading, kind = ("No audit found a leak", "note") if not alarms else ("Some audits found a leak", "note alarm")
    words = (
        f"{alarms} of {of} audits rise above chance. Passing them is no proof of privacy, and never a legal opinion."
    )
    parts = [f'<div class="{kind}"><h3>{heading}</h3><p>{words}</p></div>']
    if copies:
        parts.append('<ul class="plain">' + "".join(f"<li>{escape(score.words)}</li>" for score in copies) + "</ul>")
    if attacks:
        heads = ["Attack", "Risk", "Where it lies", "Training records", "Unseen records", "Guessing"]
        parts.append(framed_table(heads, "".join(_row(score) for score in attacks), "Attacks on the records", "scores"))
    return parts


def _alarming(score: Score) -> bool:
    """Whether it lies beyond what unseen records, whose own figure is about as unsure, or a fair share would give."""
    if score.low is None or score.high is None or score.floor is None:
        return False
    if score.ideal is not None:
        return score.low > score.ideal
    if score.name == "closest_distance":
        return score.floor - score.value > math.sqrt(2) * (score.high - score.value)
    return score.value - score.floor > math.sqrt(2) * (score.value - score.low)


def _row(score: Score) -> str:
    hits = (score.baselines.get(f"hits {who}") for who in ("on training", "on unseen", "by guessing"))
    cells = "".join(f"<td>{'not given' if share is None else percent(share)}</td>" for share in hits)
    name = label(score.name)
    return (
        f'<tr><th scope="row">{escape(name[:1].upper() + name[1:])}</th><td><b>{number(score.value)}</b>'
        f'<span class="words">{interval(score.low, score.high)}</span></td><td>{dots([score])}</td>{cells}</tr>'
    )
