"""Wording: how varied texts are, how often they repeat themselves, and how alike they are to others."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError
from mintage.statistics.intervals import Interval, jackknife, student_quantile

__all__ = ["UNSPACED", "Measured", "Tokens", "bleu", "distinct", "repetition", "self_bleu", "tokenise"]

Tokens = Sequence[Hashable]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_GROUPS = 20  # of texts, of which one is left out at a time
_EPSILON = 0.1  # n-grams that a text without a match is taken to have had: method 1 of Chen and Cherry (2014)

# Scripts that put no spaces between words: their characters stand for themselves. Thai, Lao, Burmese, Khmer; Han and
# its marks; kana; the rarer Han of the higher planes.
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U000323af"
)
# Vowel signs and accents written as characters of their own, which Python does not count as parts of words.
_MARKS = r"\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u200c\u200d"
_LETTER = rf"(?:[^\W_{UNSPACED}]|[{_MARKS}])"
_TOKEN = re.compile(rf"[{UNSPACED}]|{_LETTER}+(?:['’\-]{_LETTER}+)*|[^\w\s]|_")
_WORD = re.compile(rf"[{UNSPACED}]|{_LETTER}+(?:['’\-]{_LETTER}+)*")


def tokenise(text: str, punctuation: bool = True) -> list[str]:
    """Words where a script has spaces, characters where it has none, and marks of punctuation each by itself.

    >>> tokenise("Don't panic: 春风 2026!")
    ["Don't", 'panic', ':', '春', '风', '2026', '!']
    """
    return (_TOKEN if punctuation else _WORD).findall(text)


class Measured(NamedTuple):
    """A mean, and where it would lie for other texts of the same kind."""

    value: float
    interval: Interval  # (0, 1) where there are too few texts to tell


def distinct(texts: Sequence[Tokens], n: int, budget: int) -> Measured:
    """distinct-n: the share of different ones among the n-grams of `budget` tokens (Li et al., 2016); variety.

    It falls as texts get longer, so it can only be compared at the same budget: the texts are laid end to end and cut
    into as many portions of that size as there are, and the mean over the portions is given. N-grams do not run from
    one text into the next.

    Raises:
        DataError: fewer tokens than the budget, or no n-gram among them.

    >>> distinct([["a", "b", "a", "b"], ["a", "c"]], n=2, budget=6).value
    0.75
    """
    ids, owner = _encoded(texts)
    portions = len(ids) // budget
    if portions == 0:
        raise DataError(f"distinct-{n} of {budget:,} tokens was asked of {len(ids):,}: make more texts, or ask less.")
    portion = np.arange(len(ids), dtype=np.int64) // budget
    ids, owner, portion = ids[: portions * budget], owner[: portions * budget], portion[: portions * budget]
    gram, place = _grams(ids, owner * portions + portion, n)[-1]
    return _mean(_variety(gram, portion[place], portions))


def repetition(texts: Sequence[Tokens], n: int = 4) -> Measured:
    """seq-rep-n: the share of a text's n-grams that it has had already (Welleck et al., 2020), averaged over texts.

    Real prose has a few hundredths at n = 4; a writer that is caught in a loop comes near 1. Texts without an n-gram
    do not count.

    Raises:
        DataError: no text with n tokens.

    >>> round(repetition([["la"] * 8, list("abcdefgh")]).value, 2)
    0.4
    """
    ids, owner = _encoded(texts)
    gram, place = _grams(ids, owner, n)[-1]
    return _mean(1 - _variety(gram, owner[place], len(texts)))


def bleu(hypotheses: Sequence[Tokens], references: Sequence[Tokens], n: int = 4) -> Measured:
    """BLEU-n of each hypothesis against all references, averaged (Papineni et al., 2002); fluency: 1 copies them.

    Smoothed by method 1 of Chen and Cherry (2014), so that a text without a single matching n-gram still has a
    score. It rises with the number of references and depends on the lengths: compare at the same number of
    hypotheses and the same references, and show what unseen real text scores.

    Raises:
        DataError: no hypotheses, or no references.

    >>> round(bleu(["the cat sat on the mat".split()], ["the cat sat on a mat".split()]).value, 3)
    0.537
    """
    if not hypotheses or not references:
        raise DataError(f"BLEU of {len(hypotheses)} hypotheses and {len(references)} references: one each is needed.")
    own = len(hypotheses)
    tables = _tables([*hypotheses, *references], n)
    sizes = np.array([len(text) for text in hypotheses])
    hits = np.zeros((n, own), dtype=np.int64)
    for order, table in enumerate(tables):
        most = np.zeros(len(table.gram), dtype=np.int64)
        real = table.text >= own
        np.maximum.at(most, table.gram[real], table.count[real])
        text, clipped = table.text[~real], np.minimum(table.count, most[table.gram])[~real]
        hits[order] = np.bincount(text, clipped, own)
    lengths, times = np.unique([len(text) for text in references], return_counts=True)
    return _mean(_scores(hits, sizes, _nearest(sizes, lengths, times + 1)))


def self_bleu(texts: Sequence[Tokens], n: int = 4) -> Measured:
    """BLEU-n of each text against all the others, averaged (Zhu et al., 2018): near 1, they are all alike.

    Read it beside `bleu`: a lower temperature raises both. It rises with the number of texts: compare equal numbers.
    The interval leaves out groups of texts; drawing them again would compare a text with itself.

    Raises:
        DataError: fewer than two texts.

    >>> round(self_bleu([list("abcde"), list("abcde"), list("vwxyz")]).value, 3)
    0.667
    """
    if len(texts) < 2:
        raise DataError(f"Self-BLEU of {len(texts)} texts: two or more are needed, each is compared with the others.")
    tables = [table.sorted() for table in _tables(texts, n)]
    sizes = np.array([len(text) for text in texts])
    everyone = np.ones(len(texts), dtype=bool)
    value = _self_bleu(tables, sizes, everyone)
    groups = min(_GROUPS, len(texts))
    if len(texts) - math.ceil(len(texts) / groups) < 2:
        return Measured(value, Interval(0.0, 1.0))
    deleted = [_self_bleu(tables, sizes, np.arange(len(texts)) % groups != group) for group in range(groups)]
    return Measured(value, _clipped(jackknife(value, deleted)))


@dataclass(frozen=True, eq=False)
class _Table:
    """How often each n-gram of one length stands in each text, where it does."""

    text: Integers  # (E,)
    gram: Integers  # (E,)
    count: Integers  # (E,)

    def sorted(self) -> _Table:
        """By n-gram, the text that has most of it last."""
        order = np.lexsort((self.count, self.gram))
        return _Table(self.text[order], self.gram[order], self.count[order])


def _self_bleu(tables: Sequence[_Table], sizes: Integers, kept: NDArray[np.bool_]) -> float:
    hits = np.zeros((len(tables), len(sizes)), dtype=np.int64)
    for order, table in enumerate(tables):
        here = kept[table.text]
        text, gram, count = table.text[here], table.gram[here], table.count[here]
        first = np.flatnonzero(np.diff(gram, prepend=-1))
        last = np.append(first[1:], len(gram))[: len(first)] - 1
        most = np.repeat(count[last], last - first + 1)  # in any text, and then in any other one than that
        most[last] = np.where(last > first, count[np.maximum(last - 1, 0)], 0)
        hits[order] = np.bincount(text, np.minimum(count, most), len(sizes))
    lengths, times = np.unique(sizes[kept], return_counts=True)
    own = sizes[kept]
    return float(_scores(hits[:, kept], own, _nearest(own, lengths, times)).mean())


def _scores(hits: Integers, sizes: Integers, nearest: Integers) -> Floats:
    """BLEU from the matching n-grams of length 1 to n. Shape: (n, H), (H,), (H,) -> (H,)."""
    orders = np.arange(len(hits))[:, None]
    grams = np.maximum(sizes - orders, 1)
    precisions = np.where(hits == 0, _EPSILON, hits) / grams
    brevity = np.minimum(1.0, np.exp(1 - nearest / np.maximum(sizes, 1)))
    scores: Floats = np.where(hits[0] > 0, np.exp(np.log(precisions).mean(axis=0)) * brevity, 0.0)
    return scores


def _nearest(sizes: Integers, lengths: Integers, times: Integers) -> Integers:
    """The reference's length nearest to each text's own, the shorter of two; a length that is had once is its own."""
    away = np.abs(sizes[:, None] - lengths).astype(float)
    away[(away == 0) & (times == 1)] = np.inf
    nearest: Integers = lengths[away.argmin(axis=1)]
    return nearest


def _encoded(texts: Sequence[Tokens]) -> tuple[Integers, Integers]:
    """All tokens as numbers, and which text each is in. Shape: (N,), (N,)."""
    names: dict[Hashable, int] = {}
    ids = np.array([names.setdefault(token, len(names)) for token in chain.from_iterable(texts)], dtype=np.int64)
    return ids, np.repeat(np.arange(len(texts), dtype=np.int64), [len(text) for text in texts])


def _grams(ids: Integers, owner: Integers, n: int) -> list[tuple[Integers, Integers]]:
    """For lengths 1 to n the number of the n-gram that begins at each place where one fits, and these places."""
    place = np.arange(len(ids))
    gram = np.zeros(len(ids), dtype=np.int64)
    num_tokens = int(ids.max(initial=0)) + 1
    found = []
    for more in range(n):
        fits = place + more < len(ids)
        fits[fits] = owner[place[fits]] == owner[place[fits] + more]
        place, gram = place[fits], gram[fits]
        gram = np.unique(gram * num_tokens + ids[place + more], return_inverse=True)[1]
        found.append((gram, place))
    return found


def _tables(texts: Sequence[Tokens], n: int) -> list[_Table]:
    ids, owner = _encoded(texts)
    tables = []
    for gram, place in _grams(ids, owner, n):
        kinds = int(gram.max(initial=0)) + 1
        key, count = np.unique(owner[place] * kinds + gram, return_counts=True)
        tables.append(_Table(key // kinds, key % kinds, count))
    return tables


def _variety(gram: Integers, owner: Integers, owners: int) -> Floats:
    """The share of different n-grams among those of each owner that has any."""
    kinds = int(gram.max(initial=0)) + 1
    total = np.bincount(owner, minlength=owners)
    if not total.any():
        raise DataError("No text is long enough to have an n-gram of the length asked for: take longer texts.")
    different = np.bincount(np.unique(owner * kinds + gram) // kinds, minlength=owners)
    variety: Floats = different[total > 0] / total[total > 0]
    return variety


def _mean(values: Floats) -> Measured:
    """Of a value per text; a share, so that the interval ends at 0 and 1."""
    value = float(values.mean())
    if len(values) < 2:
        return Measured(value, Interval(0.0, 1.0))
    half = student_quantile(0.975, len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Measured(value, _clipped(Interval(value - half, value + half)))


def _clipped(interval: Interval) -> Interval:
    return Interval(max(interval.low, 0.0), min(interval.high, 1.0))
