"""Exact copies: made records that equal a training record in every column."""

from __future__ import annotations

from typing import ClassVar

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.intervals import binomial
from mintage.statistics.record_arrays import records_lack, records_of
from mintage.statistics.record_distances import times_among

__all__ = ["ExactCopies"]

_FEWEST = 20


class ExactCopies(Settings):
    """Share of made records that stand in the training table, value for value, beside the share of unseen ones.

    In a table of few columns and few values everything repeats, and so do unseen records: only what is beyond their
    share, the floor, is copying. Identifiers are not compared.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    def lacks(self, evidence: Evidence) -> str:
        """Made, held-out and training records."""
        return records_lack(evidence, _FEWEST)

    def measure(self, evidence: Evidence) -> Findings:
        """The score exact_copies."""
        parts = records_of(evidence).parts
        made, real = (times_among(parts[part], parts["train"]) for part in ("made", "real"))
        hits, false = int((made > 0).sum()), int((real > 0).sum())
        value, floor = hits / len(made), false / len(real)
        low, high = binomial(hits, len(made))
        verdict = "records are copied" if low > binomial(false, len(real)).high else "no sign of copying"
        return Findings(
            [
                Score(
                    name="exact_copies",
                    value=value,
                    low=low,
                    high=high,
                    floor=floor,
                    counts={part: len(values) for part, values in parts.items()},
                    words=f"{value:.1%} of the made records ({low:.1%} to {high:.1%}) equal a training record in every "
                    f"column; of real records that nobody learned from {floor:.1%} do: {verdict}.",
                    remarks=[f"{int((made == 1).sum()):,} made records equal a training record that occurs only once."],
                )
            ]
        )
