"""Copied text: spans of what was written that stand word for word in the training text, beside those of unseen text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.copying import Copying, calibrate, copying, longest_copies

__all__ = ["CopiedText"]

_FEWEST = 10  # passages of a kind
_QUOTED = 90  # characters


class CopiedText(Settings):
    """The longest copied span, and the share of characters in spans longer than unseen real text has them.

    A suffix automaton (Blumer et al., 1985) finds for each character the longest span that ends there and stands in
    the training text. Real text repeats itself too, by idiom and quotation, so the length that counts as copied is set
    on the held-out text: at most one in a thousand of its characters ends a longer span. That calibrates each language
    and each corpus on its own; the floor is what the held-out text itself then has.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("text",)

    quantile: float = Field(0.999, gt=0.5, lt=1)
    """Share of the held-out characters that end no copied span, by definition."""
    most_train: int = 50_000_000
    """Characters of the training text that are searched; half a minute for each ten million."""

    def lacks(self, evidence: Evidence) -> str:
        """Passages made and held out, and what was learned from."""
        if evidence.texts is None:
            return "it reads text"
        fewest = min(len(evidence.texts.made), len(evidence.texts.real))
        return f"{fewest} passages of a kind, {_FEWEST} are needed" if fewest < _FEWEST else ""

    def measure(self, evidence: Evidence) -> Findings:
        """Scores copied_share, passages_with_copies and longest_copy."""
        texts = evidence.texts
        assert texts is not None
        count = min(len(texts.made), len(texts.real))  # as many of both: the longest span grows with the text
        made, real = texts.made[:count], texts.real[:count]
        searched = _Searched(texts.train(), self.most_train)
        lengths = longest_copies([*made, *real], searched)
        threshold = calibrate(lengths[count:], self.quantile)
        found, usual = copying(lengths[:count], threshold), copying(lengths[count:], threshold)
        remarks = [f"searched in the first {self.most_train:,} characters of the training text"] * searched.is_cut
        counts = {"passages": count, "characters": sum(map(len, made))}
        scores = [_share(found, usual, counts, remarks), _spans(found, usual, counts), _longest(found, usual, made)]
        return Findings(scores)


class _Searched:
    """The training text up to so many characters."""

    def __init__(self, documents: Iterable[str | Iterable[str]], most: int) -> None:
        self.documents, self.left, self.is_cut = documents, most, False

    def __iter__(self) -> Iterator[Iterable[str]]:
        for document in self.documents:
            if self.left <= 0:
                self.is_cut = True
                return
            yield self._pieces([document] if isinstance(document, str) else document)

    def _pieces(self, pieces: Iterable[str]) -> Iterator[str]:
        for piece in pieces:
            if self.left <= 0:
                self.is_cut = True
                return
            self.left -= len(piece)
            yield piece


def _share(found: Copying, usual: Copying, counts: dict[str, int], remarks: list[str]) -> Score:
    low, high = found.interval
    return Score(
        name="copied_share",
        value=found.share,
        low=low,
        high=high,
        floor=usual.share,
        ideal=None,
        counts=counts,
        words=f"{found.share:.2%} of what it wrote ({low:.2%} to {high:.2%}) stands in spans of more than "
        f"{found.threshold} characters that the training text has word for word; of unseen real text it is "
        f"{usual.share:.2%}.",
        remarks=remarks,
    )


def _spans(found: Copying, usual: Copying, counts: dict[str, int]) -> Score:
    share, (low, high) = found.share_of_texts
    of_real = usual.texts / usual.of_texts
    return Score(
        name="passages_with_copies",
        value=share,
        low=low,
        high=high,
        floor=of_real,
        counts=counts,
        words=f"{found.spans:,} copied spans longer than {found.threshold} characters stand in {found.texts:,} of "
        f"{found.of_texts:,} passages; in as many of unseen real text {usual.spans:,}, in {usual.texts:,}.",
    )


def _longest(found: Copying, usual: Copying, made: Iterable[str]) -> Score:
    quote = found.quote(list(made))
    shown = " ".join(quote[:_QUOTED].split()) + ("..." if len(quote) > _QUOTED else "")
    return Score(
        name="longest_copy",
        value=float(found.longest),
        floor=float(usual.longest),
        counts={"passages": found.of_texts},
        words=f"The longest span that it shares with the training text has {found.longest:,} characters: "
        f"“{shown}”; that of unseen real text has {usual.longest:,}.",
        remarks=["a longest span has no interval: it grows with the number of passages"],
    )
