"""Poems by rule: "5x4" is four lines of five characters, and no token may come that breaks it, whatever the model says.

A small machine reads characters; a token may come if the machine survives all of its bytes, and if what they leave
of an unfinished character can still become one that it would survive.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from mintage.decoding.vocabulary import Vocabulary
from mintage.errors import ConfigError
from mintage.statistics.verses import parse

__all__ = ["State", "Template"]

# Kinds of characters, a letter each: Han and kana, other word characters, marks that stand between word characters,
# ends of lines (of sentences in capitals; ASCII, after which a blank may follow, or full width), and all the rest.
HAN, WORD, JOINER, BLANK, NEWLINE, ASCII, ASCII_FULL, WIDE, WIDE_FULL, OTHER = "hwjbnaAcCx"
MARKS = {" ": BLANK, "\n": NEWLINE}
for _kind, _marks in ((JOINER, "'’-"), (ASCII, ",;:"), (ASCII_FULL, ".!?"), (WIDE, "，；："), (WIDE_FULL, "。？！")):
    MARKS |= dict.fromkeys(_marks, _kind)
HAN_RANGES = ((0x2E80, 0x3200), (0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, 0x40000))
PLACEMENTS = 1_000  # masks kept: bytes by state, so that a large vocabulary and a long form stay small


class State(NamedTuple):
    """Where in the form a text is."""

    line: int  # lines that are done
    letters: int = 0  # word characters of this line
    last: str = ""  # kind of the last character, as far as it says what may follow
    pending: bytes = b""  # of an unfinished character


class Template:
    """Lines of exactly so many characters for any codec: which tokens may come next, as masks.

    A line is so many word characters (letters, Han, digits with their marks; no symbols), then one line end: one of
    ，。？！；：,.!?;: or a line break, or a mark and a line break. Between letters of scripts that have them, single
    blanks, hyphens and apostrophes may stand and count nothing. The last line ends with 。？！.!? or a line break, and
    with that the text. Tokens of many characters, parts of characters, and tokens across line ends are all fine.

    Raises:
        ConfigError: the form is none, or the codec lacks the tokens to keep it at every place.
    """

    def __init__(self, form: str, vocabulary: Vocabulary) -> None:
        self.form = form
        self.lengths = parse(form)
        self._pieces = vocabulary.pieces
        singles = {piece[0] for piece in self._pieces if len(piece) == 1}
        self._bytewise = singles.issuperset(range(0x80, 0xC0))  # every character that is begun can be finished
        self._continuing = [token for token, piece in enumerate(self._pieces) if piece and 0x80 <= piece[0] < 0xC0]
        parts: dict[tuple[str, bytes] | None, int] = {}
        self._part_of = torch.tensor([parts.setdefault(_parsed(piece), len(parts)) for piece in self._pieces])
        self._parts = list(parts)
        self._masks: dict[State, Tensor] = {}
        self._steps: dict[tuple[State, int], State] = {}
        if not {(HAN, b""), (WORD, b"")} & parts.keys():
            raise ConfigError(f"The template {form} needs tokens of one letter, and this codec has none. Leave it out.")
        if not {(kind, b"") for kind in (ASCII_FULL, WIDE_FULL, NEWLINE)} & parts.keys():
            raise ConfigError(
                f"The template {form} needs a token that ends a text (a line break or one of 。？！.!?), and this "
                "codec has none: its corpus never had one. Leave the template out."
            )

    def begin(self, prompt: bytes = b"") -> State:
        """Where a text is after a prompt: its last line counts, titles in lines before it do not.

        Raises:
            ConfigError: that line breaks the form already.
        """
        line = prompt.rpartition(b"\n")[2]
        state = self._after(State(0), line)
        if state is None:
            raise ConfigError(
                f"The prompt's last line, {line.decode('utf-8', 'replace')!r}, does not begin a text of the form "
                f"{self.form}. Make it fit, or end the prompt with a line break."
            )
        return state

    def is_done(self, state: State) -> bool:
        """Whether the last line has ended."""
        return state.line == len(self.lengths)

    def step(self, state: State, token: int) -> State:
        """Where the text is after one more token, which must be one that may come."""
        key = state, token
        if key not in self._steps:
            after = self._after(state, self._pieces[token])
            assert after is not None, f"token {token} breaks the template {self.form}"
            _make_room(self._steps, 100 * PLACEMENTS)
            self._steps[key] = after
        return self._steps[key]

    def mask(self, states: Sequence[State]) -> Tensor:
        """True where a token may come; everywhere for a text that is done. Shape: (len(states), V) bool."""
        return torch.stack([self._mask(state) for state in states])

    def most_tokens(self) -> int:
        """How many tokens such a text can take at most: what to leave room for."""
        width = 4 if self._bytewise else 1
        return sum((2 * length - 1) * width + 3 + 1 for length in self.lengths)

    def _mask(self, state: State) -> Tensor:
        if state not in self._masks:
            if self.is_done(state):
                mask = torch.ones(len(self._pieces), dtype=torch.bool)
            elif state.pending:
                mask = torch.zeros(len(self._pieces), dtype=torch.bool)
                mask[[token for token in self._continuing if self._after(state, self._pieces[token])]] = True
            else:
                mask = torch.tensor([self._survives(state, part) for part in self._parts])[self._part_of]
            _make_room(self._masks, PLACEMENTS)
            self._masks[state] = mask
        return self._masks[state]

    def _after(self, state: State, piece: bytes) -> State | None:
        """The state after bytes, None where they break the form."""
        part = _parsed(state.pending + piece) if piece or state.pending else ("", b"")
        return None if part is None else self._read(state, part)

    def _survives(self, state: State, part: tuple[str, bytes] | None) -> bool:
        return part is not None and self._read(state, part) is not None

    def _read(self, state: State, part: tuple[str, bytes]) -> State | None:
        kinds, tail = part
        place = State(state.line, state.letters, state.last)
        for kind in kinds:
            after = self._next(place, kind)
            if after is None:
                return None
            place = after
        if tail and not (self._bytewise and self._can_finish(place, tail)):
            return None
        return place._replace(pending=tail)

    def _next(self, at: State, kind: str) -> State | None:
        """The form itself: what one more character of a kind does."""
        if at.line == len(self.lengths) or kind == OTHER:
            return None
        length = self.lengths[at.line]
        if kind in (HAN, WORD):
            return State(at.line, at.letters + 1, kind) if at.letters < length else None
        if at.letters == 0:  # after a mark that ended the line before, a line break or a blank may follow
            follows = (kind == NEWLINE and at.last in (ASCII, WIDE)) or (kind == BLANK and at.last == ASCII)
            return State(at.line) if follows else None
        if kind in (JOINER, BLANK):
            return State(at.line, at.letters, JOINER) if at.last == WORD and at.letters < length else None
        is_last = at.line == len(self.lengths) - 1
        if at.letters < length or (is_last and kind in (ASCII, WIDE)):
            return None
        ended = {ASCII_FULL: ASCII, WIDE_FULL: WIDE, NEWLINE: ""}.get(kind, kind)
        return State(at.line + 1, last="" if is_last else ended)

    def _can_finish(self, at: State, tail: bytes) -> bool:
        """Whether an unfinished character can become one that may stand here."""
        if self._next(at, WORD) is not None and _begins_a_word_character(tail):
            return True
        return any(self._next(at, kind) for kind in _begun_marks(tail))


def kind_of(character: str) -> str:
    """The kind of a character, as a letter."""
    if mark := MARKS.get(character):
        return mark
    if unicodedata.category(character)[0] not in "LNM":
        return OTHER
    return HAN if any(low <= ord(character) < high for low, high in HAN_RANGES) else WORD


@lru_cache(1 << 16)
def _parsed(piece: bytes) -> tuple[str, bytes] | None:
    """The kinds of the whole characters of a piece and the bytes of the one it leaves open; None: nothing to read."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        text = decoder.decode(piece)
    except UnicodeDecodeError:
        return None
    kinds, tail = "".join(map(kind_of, text)), decoder.getstate()[0]
    return None if not piece or OTHER in kinds else (kinds, tail)


@cache
def _begun_marks(tail: bytes) -> frozenset[str]:
    """The kinds of the marks whose UTF-8 begins so."""
    return frozenset(kind for mark, kind in MARKS.items() if mark.encode().startswith(tail))


@cache
def _begins_a_word_character(tail: bytes) -> bool:
    """Whether some letter's UTF-8 begins with these one to three bytes, which begin a character's."""
    first = tail[0]
    size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    bits = first & (0x7F >> size)
    for byte in tail[1:]:
        bits = bits << 6 | byte & 0x3F
    span = 1 << 6 * (size - len(tail))
    low = max(bits * span, (0x80, 0x800, 0x10000)[size - 2])
    return any(kind_of(chr(point)) in (HAN, WORD) for point in range(low, min(bits * span + span, 0x40000)))


def _make_room(kept: dict[State, Tensor] | dict[tuple[State, int], State], most: int) -> None:
    if len(kept) >= most:
        kept.clear()
