"""Verse form: whether poems keep the line lengths that the real ones have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.intervals import binomial
from mintage.statistics.verses import form, verse

__all__ = ["VerseForm"]

_FEWEST = 10  # poems of a kind
_REGULAR = 0.5  # of the real documents have lines of one length: less is no verse of fixed form
_SHARE = 0.05  # of the regular ones, that a length needs to be one of the forms


class VerseForm(Settings):
    """Share of whole poems whose lines all have one of the lengths that real poems have, as in Chinese regulated verse.

    Only where most of the documents that were learned from are such poems. Titles above the verse are passed over. The
    writer composes freely, from the beginning of a document to its end; the floor is the share of held-out poems.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("text",)

    poems: int = Field(200, ge=_FEWEST)
    """Poems that are composed, at most."""

    def lacks(self, evidence: Evidence) -> str:
        """Documents of fixed form, and a writer that composes some."""
        texts = evidence.texts
        if texts is None:
            return "it reads text"
        if len(texts.learned) < _FEWEST or texts.compose is None:
            return "there are no whole documents to take for poems, or nobody who composes some"
        lengths = _lengths(texts.learned)
        if len(lengths) < _REGULAR * len(texts.learned):
            share = len(lengths) / len(texts.learned)
            return f"the text is no verse of fixed form: in {share:.0%} of its documents all lines are equally long"
        return ""

    def measure(self, evidence: Evidence) -> Findings:
        """The score verse_form."""
        texts = evidence.texts
        assert texts is not None
        assert texts.compose is not None
        found = _lengths(texts.learned)
        forms = sorted(length for length, times in Counter(found).items() if times >= _SHARE * len(found))
        made = texts.compose(self.poems)
        kept, of_real = _kept(made, forms), _kept(texts.documents, forms)
        floor = of_real / len(texts.documents) if texts.documents else None
        low, high = binomial(kept, len(made))
        lengths = " or ".join(str(length) for length in forms)
        beside = "" if floor is None else f"; of real ones {floor:.0%} do"
        return Findings(
            [
                Score(
                    name="verse_form",
                    value=kept / len(made),
                    low=low,
                    high=high,
                    floor=floor,
                    ideal=1.0,
                    counts={"poems": len(made), "real poems": len(texts.documents)},
                    words=f"{kept / len(made):.0%} of its poems ({low:.0%} to {high:.0%}) keep lines of {lengths} "
                    f"letters from beginning to end{beside}.",
                    remarks=["composed freely: a template (--template 5x4) makes it keep a form"],
                )
            ]
        )


def _lengths(documents: Sequence[str]) -> list[int]:
    """The length of the lines of each document that has two or more, all equally long."""
    forms = [form(verse(document)) for document in documents]
    return [lengths[0] for lengths in forms if len(lengths) > 1 and len(set(lengths)) == 1]


def _kept(documents: Sequence[str], forms: Sequence[int]) -> int:
    return sum(length in forms for length in _lengths(documents))
