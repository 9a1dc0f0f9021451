"""Memorisation: which spans of new texts stand word for word in the training text, beside those of unseen real text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError
from mintage.statistics.intervals import Interval, binomial, jackknife
from mintage.statistics.verses import lines, whole_lines

__all__ = ["Copying", "calibrate", "copied_lines", "copied_spans", "copying", "longest_copies"]

Integers = NDArray[np.int64]


def longest_copies(texts: Sequence[str], train: Iterable[str | Iterable[str]]) -> list[Integers]:
    """How long the longest span is that ends at each character and stands in the training text too.

    The few texts become a suffix automaton (Blumer et al., 1985), through which the training text streams once:
    the memory is that of the texts (about 500 bytes a character), however long the training text is. Give the texts
    under suspicion and the unseen real ones, the control, in one call. `train` is documents, each a str or, where it
    is read in pieces, the iterable of its pieces in order: a span may run across pieces, and never across documents.

    Shape: per text of T characters (T,); 0 where the character itself is nowhere in the training text.

    >>> longest_copies(["abXbcd"], [["ab", "cd"], "X"])[0].tolist()
    [1, 2, 1, 1, 2, 3]
    """
    automaton = _Automaton(texts)
    for document in train:
        automaton.read([document] if isinstance(document, str) else document)
    return automaton.lengths()


def copied_spans(lengths: Integers, threshold: int) -> Integers:
    """The spans longer than the threshold that are not part of a longer one; two may overlap.

    Shape: (T,) of `longest_copies` -> (S, 2): where each begins, and where it has ended.

    >>> copied_spans(np.array([1, 2, 1, 1, 2, 3]), threshold=1).tolist()
    [[0, 2], [3, 6]]
    """
    complete = np.append(np.diff(lengths) <= 0, True)[: len(lengths)]
    ends = np.flatnonzero((lengths > threshold) & complete)
    return np.stack([ends + 1 - lengths[ends], ends + 1], axis=1)


def calibrate(control: Sequence[Integers], quantile: float = 0.999) -> int:
    """The threshold: spans beyond it are so long that unseen real text hardly has them, so that they count as copied.

    At most 1 - quantile of the control's characters end a longer span. Each corpus needs its own: 21 characters or
    so in English prose, a handful in Chinese verse.

    Raises:
        DataError: no control to learn from.
    """
    pooled = np.concatenate([np.zeros(0, np.int64), *control])
    if len(pooled) == 0:
        raise DataError("There is no unseen text to calibrate on; hold some documents out of the training.")
    return int(np.quantile(pooled, quantile, method="inverted_cdf"))


@dataclass(frozen=True, slots=True)
class Copying:
    """How much of a number of texts is copied: what stands in spans beyond the threshold."""

    threshold: int  # characters
    longest: int  # characters of the longest span that the training text has too
    where: tuple[int, int, int]  # that span: which text, where it begins, where it has ended
    spans: int  # how many are beyond the threshold
    texts: int  # how many of the texts have such a span
    of_texts: int  # how many were looked at
    share: float  # of all characters, that stand in such spans
    interval: Interval  # of the share, over texts

    @property
    def share_of_texts(self) -> tuple[float, Interval]:
        """The share of texts that have a copied span, with its exact interval."""
        return self.texts / self.of_texts, binomial(self.texts, self.of_texts)

    def quote(self, texts: Sequence[str]) -> str:
        """The longest span in its words."""
        text, start, stop = self.where
        return texts[text][start:stop]


def copying(lengths: Sequence[Integers], threshold: int) -> Copying:
    """Sum up what `longest_copies` found in some texts; do the same for the control, and set the two side by side.

    Cut the control into texts as long as those under suspicion: the longest span grows with the length, and the
    interval is over texts.

    >>> lengths = longest_copies(["abXbcd", "xyz"], ["abcd"])
    >>> found = copying(lengths, threshold=2)
    >>> found.longest, found.quote(["abXbcd", "xyz"]), found.spans, round(found.share, 3)
    (3, 'bcd', 1, 0.333)

    Raises:
        DataError: no texts, or only empty ones.
    """
    sizes = np.array([len(each) for each in lengths])
    if sizes.sum() == 0:
        raise DataError("There are no texts, or only empty ones; at least one character is needed to look for copies.")
    spans = [copied_spans(each, threshold) for each in lengths]
    covered = np.array([_covered(each) for each in spans])
    peaks = [int(each.max(initial=0)) for each in lengths]
    text = int(np.argmax(peaks))
    stop = int(np.argmax(lengths[text])) + 1 if peaks[text] else 0
    return Copying(
        threshold=threshold,
        longest=peaks[text],
        where=(text, stop - peaks[text], stop),
        spans=sum(len(each) for each in spans),
        texts=sum(len(each) > 0 for each in spans),
        of_texts=len(lengths),
        share=float(covered.sum() / sizes.sum()),
        interval=_ratio_interval(covered, sizes),
    )


def copied_lines(texts: Sequence[str], train: Iterable[str | Iterable[str]], run: int = 1) -> list[NDArray[np.bool_]]:
    """Which whole lines of verse stand as whole lines in the training text; run=2 asks for couplets.

    For verse, whose lines are so short that spans of characters say little: a line of five characters is easily met
    again, a couplet hardly. Compare with the control's share. A run of lines is every `run` lines that follow each
    other, wherever they begin. The memory is that of the texts and of one document of `train`, or of one of its pieces
    where it comes in pieces.

    Shape: per text of L lines (max(0, L - run + 1),).

    >>> poem = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
    >>> copied_lines(["疑是地上霜。举头望明月，低头见小鱼。"], [poem], run=2)[0].tolist()
    [True, False]
    """
    asked = [_runs(lines(text), run) for text in texts]
    open_ = {each for text in asked for each in text}
    found: set[tuple[str, ...]] = set()
    for document in train:
        last: list[str] = []
        for read in _whole_lines([document] if isinstance(document, str) else document):
            last = [*last, *read]
            found |= open_.intersection(_runs(last, run))
            last = last[1 - run :] if run > 1 else []
    return [np.array([each in found for each in text], dtype=bool) for text in asked]


def _runs(of: Sequence[str], run: int) -> list[tuple[str, ...]]:
    return list(zip(*(of[start:] for start in range(run)), strict=False))


def _whole_lines(pieces: Iterable[str]) -> Iterator[list[str]]:
    """Lines of a document that comes in pieces; one that a piece breaks off is kept for the next."""
    rest = ""
    for piece in pieces:
        whole, rest = whole_lines(rest + piece)
        yield whole
    yield lines(rest)


def _covered(spans: Integers) -> int:
    """How many characters stand in at least one of the spans, which begin and end in order."""
    if len(spans) == 0:
        return 0
    starts, stops = spans.T
    return int((stops - np.maximum(starts, np.concatenate([[0], stops[:-1]]))).sum())


def _ratio_interval(part: Integers, whole: Integers) -> Interval:
    """Of a share of all characters, by leaving out one of up to 20 groups of texts at a time."""
    total = int(part.sum())
    if total in (0, whole.sum()):  # no text differs: as sure as one can be of a share of texts, each wholly so or not
        return binomial(len(whole) if total else 0, len(whole))
    kept = [whole.sum() - whole[group::20].sum() for group in range(min(20, len(whole)))]
    deleted = [float((total - part[group::20].sum()) / rest) for group, rest in enumerate(kept) if rest]
    if len(deleted) < 2:
        return Interval(0.0, 1.0)
    low, high = jackknife(total / float(whole.sum()), deleted)
    return Interval(max(low, 0.0), min(high, 1.0))


class _Automaton:
    """The smallest machine that knows every span of some texts (Blumer et al., 1985); state 0 is the empty span."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.follow: list[dict[str, int]] = [{}]  # by state: where a character leads
        self.link = [0]  # by state: the state of the longest of its suffixes that is not in it
        self.longest = [0]  # by state: length of the longest span in it
        self.ends: list[list[int]] = []  # by text: the state of all that stands before and at each character
        last = 0
        for text in texts:
            states = []
            for character in text:
                last = self._append(character, last)
                states.append(last)
            self.ends.append(states)
            last = self._append("", last)  # no character of a training text: spans do not run across texts
        self.reached = [0] * len(self.link)  # by state: the longest span in it that was read

    def _append(self, character: str, last: int) -> int:
        follow, link, longest = self.follow, self.link, self.longest
        new = len(link)
        follow.append({})
        link.append(0)
        longest.append(longest[last] + 1)
        state = last
        while character not in follow[state]:
            follow[state][character] = new
            if state == 0:
                return new
            state = link[state]
        target = follow[state][character]
        if longest[target] > longest[state] + 1:  # its longer spans end elsewhere: the shorter ones get their own state
            twin = len(link)
            follow.append(follow[target].copy())
            link.append(link[target])
            longest.append(longest[state] + 1)
            link[target] = twin
            while follow[state].get(character) == target:
                follow[state][character] = twin
                if state == 0:
                    break
                state = link[state]
            target = twin
        link[new] = target
        return new

    def read(self, pieces: Iterable[str]) -> None:
        """Follow a document from its beginning, keeping at every state the longest span that led there."""
        follow, link, longest, reached = self.follow, self.link, self.longest, self.reached
        state = length = 0
        for piece in pieces:
            for character in piece:
                target = follow[state].get(character)
                while target is None and state:
                    state = link[state]
                    length = longest[state]
                    target = follow[state].get(character)
                if target is None:
                    continue
                state = target
                length += 1
                if length > reached[state]:
                    reached[state] = length

    def lengths(self) -> list[Integers]:
        """By text and character, the longest span that ends there and was read."""
        reached, link = self.reached.copy(), self.link
        order = sorted(range(1, len(link)), key=self.longest.__getitem__)
        for state in reversed(order):  # whoever read a span read its suffixes
            if reached[state]:
                reached[link[state]] = self.longest[link[state]]
        for state in order:  # where none of a state's own spans was read, the longest of its suffixes counts
            reached[state] = reached[state] or reached[link[state]]
        return [np.array([reached[state] for state in states], dtype=np.int64) for states in self.ends]
