"""Counted language models: what a text costs when only the last few tokens are known, the baseline of every writer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mintage.errors import ConfigError, DataError

__all__ = ["HIGHEST", "Level", "NgramModel", "Smoothing", "baselines", "nats_elsewhere"]

HIGHEST = 6
Smoothing = Literal["witten-bell", "kneser-ney"]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHUNK = 2**20  # positions that are scored at a time: scoring takes the memory of these, however long the text
_RARE = (0.5, 1.0, 1.5)  # discounts where a table is too small or too regular to say its own


@dataclass(frozen=True, eq=False)
class _Counts:
    """The distinct n-grams of one length, as rows of a trie: a row's number is its n-gram's name one length up."""

    keys: Integers  # (U,) sorted: number of the first n - 1 tokens * num_tokens + the last token
    times: NDArray[np.int32]  # (U,) how often it stands in the text
    befores: NDArray[np.int32]  # (U,) how many different tokens stand before it, the beginning of the text among them


@dataclass(frozen=True, eq=False)
class Level:
    """One length's part in the mixture: p(token | context) = share + rest[context] * p(token | shorter context)."""

    keys: Integers  # (U,)
    shares: Floats  # (U,)
    rest: Floats  # (C,) by the context's number

    @cached_property
    def ends(self) -> Floats:
        """Running sums of the shares: where a uniform number falls says which token follows. Shape: (U + 1,)."""
        return np.concatenate([[0.0], np.cumsum(self.shares)])


@dataclass(frozen=True, eq=False)
class NgramModel:
    """What follows the last order - 1 tokens, by counting: interpolated Witten-Bell or modified Kneser-Ney.

    Choose "kneser-ney" (modified and interpolated: Chen and Goodman, 1999), the better one on words and on
    characters, which also gains from every further order; "witten-bell" (Bell, Cleary and Witten, 1990) is what many
    published figures are in, and has no discounts to estimate, so that it takes the smallest text.

    All n-grams are counted exactly, none is hashed or pruned, so memory grows with the text: 32 bytes for each
    distinct n-gram of each length. A token of English characters takes 60 bytes while it is counted and 2 afterwards
    (5-grams of 4 million); the worst, where no n-gram comes twice, 40 * order. Give a sample of a corpus that is too
    large for that.

    >>> tokens = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    >>> model = NgramModel.fit(tokens, order=2, num_tokens=3, smoothing="witten-bell")
    >>> model.probabilities([0]).round(3).tolist()  # 1 follows 0 three times of three
    [0.091, 0.841, 0.068]
    """

    order: int
    num_tokens: int  # V
    smoothing: Smoothing
    _counts: tuple[_Counts, ...]
    levels: tuple[Level, ...]

    @staticmethod
    def fit(tokens: NDArray[Any], order: int, num_tokens: int, smoothing: Smoothing = "kneser-ney") -> NgramModel:
        """Count a text whose tokens are 0 to num_tokens - 1.

        Shape: (N,) integers, N >= 1.

        Raises:
            ConfigError: an order outside of 1 to 6, no tokens to choose from, or a smoothing of another name.
            DataError: no text, or tokens outside of the vocabulary.
        """
        if not 1 <= order <= HIGHEST:
            raise ConfigError(f"An n-gram model of order {order}: 1 to {HIGHEST} is needed.")
        tokens = _checked(tokens, num_tokens)
        if len(tokens) == 0:
            raise DataError("An n-gram model was given no tokens; at least one is needed.")
        return _assembled(tuple(_counted(tokens, order, num_tokens)), num_tokens, smoothing)

    def shortened(self, order: int) -> NgramModel:
        """The model of a lower order from the same counts: what `fit` would give, without counting again.

        Raises:
            ConfigError: an order above this model's, or below 1.
        """
        if not 1 <= order <= self.order:
            raise ConfigError(f"A model of order {self.order} cannot be shortened to {order}: 1 to {self.order}.")
        return _assembled(self._counts[:order], self.num_tokens, self.smoothing)

    def nats(self, tokens: NDArray[Any]) -> Floats:
        """What each token of a text costs, given those before it; the first ones are known by fewer.

        Shape: (T,) integers -> (T,) nats.

        Raises:
            DataError: tokens outside of the vocabulary.
        """
        tokens = _checked(tokens, self.num_tokens)
        costs = np.empty(len(tokens))
        for start in range(0, len(tokens), _CHUNK):
            seen = min(start, self.order - 1)
            costs[start : start + _CHUNK] = self._costs(tokens[start - seen : start + _CHUNK])[seen:]
        return costs

    def probabilities(self, context: Sequence[int] | NDArray[Any]) -> Floats:
        """How likely each token is to follow; only the last order - 1 tokens of the context count.

        Shape: (T,) integers, T >= 0 -> (V,), which sum to 1.

        Raises:
            DataError: tokens outside of the vocabulary.
        """
        tokens = _checked(np.asarray(context, dtype=np.int64), self.num_tokens)
        chances = np.full(self.num_tokens, 1 / self.num_tokens)
        for level, number in zip(self.levels, self._contexts(tokens[None]), strict=True):
            if (row := int(number[0])) >= 0:
                chances *= level.rest[row]
                follow = slice(*np.searchsorted(level.keys, [row * self.num_tokens, (row + 1) * self.num_tokens]))
                chances[level.keys[follow] - row * self.num_tokens] += level.shares[follow]
        return chances

    def sample(self, count: int, length: int, rng: np.random.Generator) -> Integers:
        """Draw texts as the model would write them, from an empty beginning: what a writer must be better than.

        One uniform number a token: it says whether the longest context decides or a shorter one, and then for what.

        Shape: -> (count, length).
        """
        texts = np.zeros((count, length), dtype=np.int64)
        noise = rng.random((count, length))
        for place in range(length):
            before = texts[:, max(0, place - self.order + 1) : place]
            texts[:, place] = self._chosen(self._contexts(before), noise[:, place])
        return texts

    def _costs(self, tokens: Integers) -> Floats:
        chances = np.full(len(tokens), 1 / self.num_tokens)
        numbers = np.zeros(len(tokens), dtype=np.int64)  # of the context before each token; -1: it was never seen
        for level in self.levels:
            rows, found = _find(level.keys, numbers * self.num_tokens + tokens)
            seen = numbers >= 0
            chances[seen] *= level.rest[numbers[seen]]
            chances[found] += level.shares[rows[found]]
            numbers = np.concatenate([[-1], np.where(found, rows, -1)[:-1]])
        costs: Floats = -np.log(chances)
        return costs

    def _contexts(self, before: Integers) -> list[Integers]:
        """Numbers of the last 0, 1, ... order - 1 tokens of each row, -1 where unseen. Shape: (B, T) -> (B,) each."""
        numbers = []
        for known in range(self.order):
            number = np.full(len(before), 0 if known <= before.shape[1] else -1, dtype=np.int64)
            for level, token in zip(self.levels, before.T[before.shape[1] - known :], strict=False):
                rows, found = _find(level.keys, number * self.num_tokens + token)
                number = np.where(found & (number >= 0), rows, -1)
            numbers.append(number)
        return numbers

    def _chosen(self, contexts: Sequence[Integers], noise: Floats) -> Integers:
        """The token that each uniform number falls on, from the longest context down. Shape: (B,) -> (B,)."""
        noise, chosen = noise.copy(), np.full(len(noise), -1, dtype=np.int64)
        for level, numbers in zip(reversed(self.levels), reversed(contexts), strict=True):
            at = np.flatnonzero((chosen < 0) & (numbers >= 0))
            rest = level.rest[numbers[at]]
            own = noise[at] >= rest
            noise[at[~own]] /= rest[~own]
            at, rest = at[own], rest[own]
            row = numbers[at]
            start = np.searchsorted(level.keys, row * self.num_tokens)
            stop = np.searchsorted(level.keys, (row + 1) * self.num_tokens)
            share = (noise[at] - rest) / (1 - rest)
            level_at = level.ends[start] + share * (level.ends[stop] - level.ends[start])
            follow = np.searchsorted(level.ends, level_at, side="right") - 1
            chosen[at] = level.keys[np.clip(follow, start, stop - 1)] - row * self.num_tokens
        uniform = np.minimum((noise * self.num_tokens).astype(np.int64), self.num_tokens - 1)
        return np.where(chosen < 0, uniform, chosen)


def nats_elsewhere(tokens: NDArray[Any], order: int, num_tokens: int, folds: int = 4) -> Floats:
    """What each token of a text costs by a model of the other parts of it: as unseen text does, about.

    Parts are stretches, since a text repeats itself near by: with many short ones it would look easier than it is.

    Shape: (N,) integers -> (N,) nats.
    """
    cuts = np.linspace(0, len(tokens), min(folds, len(tokens)) + 1).astype(int)
    parts = []
    for start, stop in itertools.pairwise(cuts.tolist()):
        others = np.concatenate([tokens[:start], tokens[stop:]])
        model = NgramModel.fit(others, order, num_tokens) if len(others) else None
        flat = np.full(stop - start, np.log(num_tokens))
        parts.append(flat if model is None else model.nats(tokens[start:stop]))
    return np.concatenate(parts)


def baselines(
    train: NDArray[Any],
    heldout: NDArray[Any],
    num_tokens: int,
    highest: int = 5,
    smoothing: Smoothing = "kneser-ney",
) -> Mapping[str, float]:
    """Mean nats a token of an unseen text, by counted models from "unigram" to "5-gram": is a network worth its time?

    Shape: (N,), (T,) integers, one or more each.

    Raises:
        ConfigError: a highest order outside of 1 to 6.
        DataError: an empty text, or tokens outside of the vocabulary.
    """
    if len(heldout) == 0:
        raise DataError("The held-out text is empty; it must have at least one token for models to be compared on it.")
    model = NgramModel.fit(train, highest, num_tokens, smoothing)
    orders = range(1, highest + 1)
    return {
        "unigram" if order == 1 else f"{order}-gram": float(model.shortened(order).nats(heldout).mean())
        for order in orders
    }


def _checked(tokens: NDArray[Any], num_tokens: int) -> Integers:
    if num_tokens < 1:
        raise ConfigError(f"A vocabulary of {num_tokens} tokens: at least one is needed.")
    if tokens.ndim != 1 or (len(tokens) and tokens.dtype.kind not in "iu"):
        raise DataError(f"Tokens of shape {tokens.shape} and type {tokens.dtype}: a flat array of integers is needed.")
    if len(tokens) and not 0 <= int(tokens.min()) <= int(tokens.max()) < num_tokens:
        raise DataError(
            f"Tokens go from {tokens.min()} to {tokens.max()}, but the vocabulary has 0 to {num_tokens - 1}. "
            "Give num_tokens of the codec that made them."
        )
    return tokens.astype(np.int64, copy=False)


def _counted(tokens: Integers, order: int, num_tokens: int) -> list[_Counts]:
    """The tables of n-grams of length 1, 2, ... order."""
    tables: list[_Counts] = []
    rows = np.zeros(len(tokens) + 1, dtype=np.int64)  # number of the n-gram that ends at each place which has one
    for length in range(1, order + 1):
        keys = rows[:-1] * num_tokens + tokens[length - 1 :]
        distinct, place, longer, times = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        if tables:  # an n-gram stands after as many tokens as there are longer ones that end in it
            befores = np.bincount(rows[place + 1], minlength=len(tables[-1].keys)).astype(np.int32)
            befores[rows[:1]] += 1
            tables[-1] = replace(tables[-1], befores=befores)
        tables.append(_Counts(distinct, times.astype(np.int32), times.astype(np.int32)))
        rows = longer
    return tables


def _assembled(counts: tuple[_Counts, ...], num_tokens: int, smoothing: Smoothing) -> NgramModel:
    levels: list[Level] = []
    contexts = 1
    for length, table in enumerate(counts, start=1):
        of = table.keys // num_tokens  # the context of each n-gram
        if smoothing == "witten-bell":
            kinds = np.bincount(of, minlength=contexts)
            totals = np.bincount(of, table.times, contexts) + kinds
            shares, rest = table.times / totals[of], _ratio(kinds, totals)
        elif smoothing == "kneser-ney":
            times = table.times if length == len(counts) else table.befores
            totals = np.bincount(of, times, contexts)
            less = _discounts(times)[np.minimum(times, 3)]
            shares, rest = (times - less) / totals[of], _ratio(np.bincount(of, less, contexts), totals)
        else:
            raise ConfigError(f"No smoothing is called {smoothing!r}; there are 'witten-bell' and 'kneser-ney'.")
        levels.append(Level(table.keys, shares, rest))
        contexts = len(table.keys)
    return NgramModel(len(counts), num_tokens, smoothing, counts, tuple(levels))


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """A context that nothing followed, such as the last words of the text, leaves all to the shorter one."""
    ratio: Floats = np.divide(part, whole, out=np.ones(len(whole)), where=whole > 0)
    return ratio


def _discounts(times: NDArray[np.int32]) -> Floats:
    """What is taken off n-grams seen 0, 1, 2, 3 or more times (Chen and Goodman, 1999, equation 26)."""
    n = np.bincount(np.minimum(times, 5), minlength=6).astype(float)
    if n[1:5].all():
        y = n[1] / (n[1] + 2 * n[2])
        found = tuple(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))
        if min(found) > 0:
            return np.array([0.0, *found])
    return np.array([0.0, *_RARE])


def _find(keys: Integers, wanted: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Rows of the wanted keys, and which of them are there."""
    rows = np.searchsorted(keys, wanted)
    rows[rows == len(keys)] = 0
    return rows, keys[rows] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
