"""Variety of texts: how much they repeat themselves and each other, and what a temperature buys of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.errors import DataError
from mintage.statistics.wording import Measured, Tokens, bleu, distinct, repetition, self_bleu, tokenise

__all__ = ["Variety"]

_FEWEST = 10  # passages of a kind
_GRAM = 4
_PLAIN = 1.0


class Variety(Settings):
    """distinct-n (Li et al., 2016), repetition (Welleck et al., 2020), and BLEU against self-BLEU (Zhu et al., 2018).

    BLEU of held-out text says how fluent passages are, self-BLEU how alike. A temperature trades one for the other, so
    neither means much at a single one: over a sweep they draw a frontier (Caccia et al., 2020), on whose better side
    real text lies. Equal numbers of passages of equal length, the same references for all; words where a script has
    spaces, characters where it has none.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("text",)

    passages: int = Field(250, ge=_FEWEST)
    """Passages of each temperature, and held-out ones, of which as many again are what BLEU compares with."""
    temperatures: tuple[float, ...] = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
    """Of the sweep."""

    def lacks(self, evidence: Evidence) -> str:
        """Passages made, and held-out ones of which half are references."""
        if evidence.texts is None:
            return "it reads text"
        if (fewest := self._count(evidence)) < _FEWEST:
            return f"{fewest} passages to compare with {fewest} others, {_FEWEST} of each are needed"
        return ""

    def measure(self, evidence: Evidence) -> Findings:
        """distinct_2, distinct_3, repetition, bleu and self_bleu, these two at each temperature of the sweep too."""
        texts = evidence.texts
        assert texts is not None
        count = self._count(evidence)
        words = [tokenise(text) for text in texts.real[: 2 * count]]
        references, real = words[::2][:count], words[1::2][:count]
        made = [tokenise(text) for text in texts.made[:count]]
        counts = {"passages": count, "references": count}
        scores = [*_distinct_scores(made, real, counts), _repetition_score(made, real, counts)]
        floors = bleu(real, references).value, self_bleu(real).value
        scores += _pair_of_scores("", made, references, floors, counts)
        if texts.write is not None:
            for temperature in self.temperatures:
                warm = made if temperature == _PLAIN else [tokenise(text) for text in texts.write(count, temperature)]
                scores += _pair_of_scores(f"/{temperature:g}", warm, references, floors, counts)
        return Findings(scores)

    def _count(self, evidence: Evidence) -> int:
        assert evidence.texts is not None
        return min(self.passages, len(evidence.texts.made), len(evidence.texts.real) // 2)


def _distinct_scores(made: Sequence[Tokens], real: Sequence[Tokens], counts: dict[str, int]) -> list[Score]:
    budget = min(sum(map(len, side)) for side in (made, real)) // 5
    scores = []
    for n in (2, 3):
        try:
            here, there = (distinct(side, n, budget) for side in (made, real))
        except (DataError, ZeroDivisionError):
            continue
        scores.append(
            _score(
                f"distinct_{n}",
                here,
                there.value,
                {**counts, "words at a time": budget},
                f"Of the runs of {n} words in {budget:,} words that it wrote {here.value:.0%} are different ones; in "
                f"real text {there.value:.0%}.",
            )
        )
    return scores


def _repetition_score(made: Sequence[Tokens], real: Sequence[Tokens], counts: dict[str, int]) -> Score:
    here, there = repetition(made, _GRAM), repetition(real, _GRAM)
    words = (
        f"{here.value:.1%} of the runs of {_GRAM} words in a passage stand in it a second time; in a real one "
        f"{there.value:.1%}."
    )
    return _score("repetition", here, there.value, counts, words)


def _pair_of_scores(
    place: str,
    made: Sequence[Tokens],
    references: Sequence[Tokens],
    floors: tuple[float, float],
    counts: dict[str, int],
) -> list[Score]:
    fluent, alike = bleu(made, references), self_bleu(made)
    at = f" at temperature {place[1:]}" if place else ""
    return [
        _score(
            f"bleu{place}", fluent, floors[0], counts,
            f"Passages{at} share wording with held-out text to {fluent.value:.3f} of 1, real ones to {floors[0]:.3f}.",
        ),
        _score(
            f"self_bleu{place}", alike, floors[1], counts,
            f"Passages{at} share wording with each other to {alike.value:.3f} of 1, real ones to {floors[1]:.3f}.",
        ),
    ]  # fmt: skip


def _score(name: str, here: Measured, floor: float, counts: dict[str, int], words: str) -> Score:
    low, high = here.interval
    unsure = (low, high) == (0.0, 1.0)
    return Score(
        name=name,
        value=here.value,
        low=None if unsure else min(low, here.value),
        high=None if unsure else max(high, here.value),
        floor=floor,
        counts=counts,
        words=words,
    )
