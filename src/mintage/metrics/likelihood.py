"""Likelihood: what held-out text costs a writer, beside counted models of it, and how much was learned by heart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Foretold, Makes, Score
from mintage.seeding import derive
from mintage.statistics.intervals import Interval
from mintage.statistics.ngrams import HIGHEST, NgramModel
from mintage.statistics.stretches import ratio_interval

__all__ = ["Likelihood"]

Floats = NDArray[np.float64]

_BELL = "5-gram (Witten-Bell)"
_BELL_ORDER = 5


class Likelihood(Settings):
    """Nats a token and bits a byte of held-out text, with n-gram models of the same training text as what to beat.

    Bits a byte compare between vocabularies, nats a token only within one. Every token counts once; intervals draw
    whole stretches of the text again. n-grams are interpolated modified Kneser-Ney (Chen and Goodman, 1999); one is
    Witten-Bell, which many published figures are in. The gap to training text of the same size is what was learned by
    heart; it is not a fault as long as the held-out cost still falls.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("text",)

    highest: int = Field(HIGHEST, ge=1, le=HIGHEST)
    """Longest n-grams that are counted."""

    def lacks(self, evidence: Evidence) -> str:
        """A writer that says how likely each token is."""
        if evidence.texts is None:
            return "it reads text"
        return "the writer of these texts is not at hand" if evidence.texts.foretold is None else ""

    def measure(self, evidence: Evidence) -> Findings:
        """Scores nats_per_token, bits_per_byte and overfitting."""
        assert evidence.texts is not None
        told = evidence.texts.foretold
        assert told is not None
        seed = derive(evidence.seed, "likelihood")
        others = self._counted(told)
        return Findings([_nats_score(told, others, seed), _bits_score(told, others, seed), _gap_score(told, seed)])

    def _counted(self, told: Foretold) -> dict[str, Floats]:
        """Nats of the same tokens by counted models, and by the one that knows nothing. Shape: (N,) each."""
        num_tokens, learned, tokens = len(told.sizes), told.counted.numpy(), told.tokens.numpy()
        costs = {"uniform": np.full(len(tokens), math.log(num_tokens))}
        model = NgramModel.fit(learned, self.highest, num_tokens)
        for order in range(1, self.highest + 1):
            costs["unigram" if order == 1 else f"{order}-gram"] = model.shortened(order).nats(tokens)
        bell = NgramModel.fit(learned, min(_BELL_ORDER, self.highest), num_tokens, "witten-bell")
        return {**costs, _BELL: bell.nats(tokens)}


def _nats_score(told: Foretold, others: Mapping[str, Floats], seed: int) -> Score:
    nats = _floats(told.nats)
    value, ends = float(nats.mean()), ratio_interval(nats, np.ones(len(nats)), seed)
    means = {name: float(costs.mean()) for name, costs in others.items()}
    best = min(means, key=means.__getitem__)
    gain = ratio_interval(others[best] - nats, np.ones(len(nats)), seed)
    return _score(
        "nats_per_token",
        value,
        ends,
        baselines=means,
        counts={"held-out tokens": len(nats), "counted tokens": len(told.counted)},
        words=f"A token of held-out text costs it {value:.3f} nats{_between(ends)}. {_worth(value, best, means, gain)}",
        remarks=[told.stride],
    )


def _worth(value: float, best: str, means: Mapping[str, float], gain: Interval | None) -> str:
    """Whether a network was worth its time."""
    saved = means[best] - value
    beside = f"the best counted model, the {best}, needs {means[best]:.3f}"
    if gain is not None and gain.low > 0:
        return f"Is it worth it? Yes: {beside}, {saved:.3f} more ({gain.low:.3f} to {gain.high:.3f})."
    if gain is not None and gain.high < 0:
        return f"Is it worth it? Not yet: {beside}, {-saved:.3f} less, and is counted in seconds. Train for longer."
    return f"Is it worth it? That is not clear: {beside}, which is no clear difference on this much text."


def _bits_score(told: Foretold, others: Mapping[str, Floats], seed: int) -> Score:
    sizes = told.sizes.numpy()[told.tokens.numpy()].astype(np.float64)
    bits = _floats(told.nats) / math.log(2)
    total = max(float(sizes.sum()), 1.0)
    value, ends = float(bits.sum()) / total, ratio_interval(bits, sizes, seed)
    return _score(
        "bits_per_byte",
        value,
        ends,
        baselines={name: float(costs.sum()) / math.log(2) / total for name, costs in others.items()},
        counts={"held-out bytes": int(total)},
        words=f"Packed with its help, a byte of the held-out text would take {value:.3f} bits{_between(ends)}.",
        remarks=[told.stride],
    )


def _gap_score(told: Foretold, seed: int) -> Score:
    held, learned = _floats(told.nats if told.alone is None else told.alone), _floats(told.train_nats)
    who = "it" if told.alone is None else "its network, without counts,"
    value = float(held.mean() - learned.mean())
    parts = [ratio_interval(x, np.ones(len(x)), seed + place) for place, x in enumerate((held, learned))]
    ends = None
    if parts[0] is not None and parts[1] is not None:  # independent stretches: half widths add in squares
        half = math.hypot(*((part.high - part.low) / 2 for part in parts if part is not None))
        ends = Interval(value - half, value + half)
    share = value / max(float(learned.mean()), 1e-9)
    kept = "hardly anything is learned by heart" if share < 0.1 else "some is learned by heart" if share < 0.4 else (
        "much is learned by heart: more text, dropout or fewer steps help"
    )  # fmt: skip
    words = (
        f"Text that it learned from costs {who} {float(learned.mean()):.3f} nats a token, held-out text {value:+.3f}"
        f"{_between(ends, '+.3f')}: {kept}."
    )
    counts = {"held-out tokens": len(held), "training tokens": len(learned)}
    return _score("overfitting", value, ends, counts=counts, words=words, ideal=0.0)


def _score(name: str, value: float, ends: Interval | None, **more: object) -> Score:
    low, high = (None, None) if ends is None else ends
    return Score(name=name, value=value, low=low, high=high, **more)  # type: ignore[arg-type]


def _between(ends: Interval | None, how: str = ".3f") -> str:
    return "" if ends is None else f" ({ends.low:{how}} to {ends.high:{how}})"


def _floats(x: object) -> Floats:
    return x.double().numpy()  # type: ignore[attr-defined, no-any-return]
