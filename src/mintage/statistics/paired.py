"""Scores of pictures that each have their own right answer: what was made beside what simple means make of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from mintage.contracts import Score
from mintage.statistics.intervals import normal

__all__ = ["paired_score"]


def paired_score(
    name: str,
    made: Tensor,
    simple: Mapping[str, Tensor],
    *,
    words: str,
    higher_is_better: bool,
    ideal: float | None = None,
    remarks: Sequence[str] = (),
) -> Score:
    """The mean over pictures with its interval, and how many of them are better than by the best of the simple means.

    `words` begin the sentence: "The made pictures agree with the true ones to {value} decibels".

    Shape: (N,), two or more, and the same of each simple means.
    """
    value = float(made.double().mean())
    low, high = normal(value, float(made.double().var()) / len(made))
    sentence = f"{words.format(value=f'{value:.3g}')} ({low:.3g} to {high:.3g})"
    means = {other: float(values.double().mean()) for other, values in simple.items()}
    if simple:
        best = (max if higher_is_better else min)(means, key=means.__getitem__)
        better = int((made > simple[best]).sum() if higher_is_better else (made < simple[best]).sum())
        sentence += (
            f"; {better:,} of {len(made):,} are better than by {best} ({means[best]:.3g}), the best simple means"
        )
    return Score(
        name=name, value=value, low=low, high=high, ideal=ideal, baselines=means, counts={"pairs": len(made)},
        words=f"{sentence}.", remarks=remarks,
    )  # fmt: skip
