"""Writes on from a prompt: a language model and uniform numbers in, tokens and text out, step by step or all at once.

Sample i of a seed is the same text whatever is written beside it: which rows are computed together depends on their
places alone. The first is computed by itself, since one text is what is asked for most and padding it to a chunk costs
twice the time; all others in whole chunks of one size.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

import torch
from torch import Tensor, nn

from mintage.contracts import LanguageModel
from mintage.decoding.choice import Decoding, choose
from mintage.decoding.stream import TextStream
from mintage.decoding.template import State, Template
from mintage.decoding.vocabulary import Vocabulary
from mintage.errors import ConfigError, RunError
from mintage.layers.memory import Memory

__all__ = ["CHUNK", "Ending", "Step", "Written", "steps", "write"]

CHUNK = 8
NAMELESS = Vocabulary(())  # of a model whose tokens nobody reads

Ending = Literal["length", "separator", "stop", "template"]


@dataclass(frozen=True, slots=True)
class Step:
    """What one step added to each row."""

    tokens: list[int | None]  # by row; None: it has ended
    texts: list[str]  # by row: what may be shown now; "" without a vocabulary


@dataclass(frozen=True, slots=True)
class Written:
    """Texts of one prompt, ragged, without the prompt."""

    tokens: list[Tensor]  # by row: (t,) int64, without the separator, with the token that completed a stop string
    texts: list[str]  # by row, ended before a stop string; "" without a vocabulary
    endings: list[Ending]  # by row: why it ended
    remarks: tuple[str, ...] = ()  # what should be said: the prompt was cut, a template did not get its room


@dataclass(slots=True, eq=False)
class _Row:
    """One text that is being written."""

    stream: TextStream
    form: State | None
    tokens: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ending: Ending | None = None
    tail: bytes = b""  # of what stands so far, prompt and all: as much as a known span may reach back


@dataclass(frozen=True, slots=True, eq=False)
class _Opening:
    """A prompt as a model has read it: what every row goes on from."""

    prompt: Tensor  # (P,) int64, on the model's device
    memory: Memory  # of one row
    logits: Tensor  # (1, V)
    form: State | None
    remarks: tuple[str, ...]


def write(
    model: LanguageModel,
    prompt: Tensor,
    noise: Tensor,
    decoding: Decoding,
    vocabulary: Vocabulary = NAMELESS,
    *,
    chunk: int = CHUNK,
    alone: bool = True,
) -> Written:
    """Go on from a prompt, one text for each row of uniform numbers, chunk after chunk.

    No span of `vocabulary.known` is written, unless nothing else may come. Choose `alone=False`, the first row in a
    chunk as well, where there are always many: eight rows take 0.7 of the time then.

    A text has at most `decoding.length` tokens, and no more than there are numbers. A prompt that is longer than the
    model's context keeps its last part; an empty one starts from `vocabulary.start()`. When the context is full, its
    last half is read again from its beginning: dropping the oldest tokens instead breaks models that rest on their
    first one (attention sinks, Xiao et al., 2024).

    Shape: prompt (P,) int64, noise (n, T) in [0, 1).

    Raises:
        ConfigError: a template or a stop string without a vocabulary, a prompt that breaks the template, none at all.
        RunError: the model says what is no number.
    """
    rows: list[_Row] = []
    with _Writing(model, prompt, decoding, vocabulary) as writing:
        for some, size in _chunks(noise, chunk, alone):
            mine = writing.rows(len(some))
            rows += mine
            for _ in writing.steps(mine, some, size):
                pass
        return writing.written(rows)


def steps(
    model: LanguageModel,
    prompt: Tensor,
    noise: Tensor,
    decoding: Decoding,
    vocabulary: Vocabulary = NAMELESS,
    *,
    chunk: int = CHUNK,
    alone: bool = True,
) -> Generator[Step, None, Written]:
    """The same texts as they come: what each step adds to every row; what `write` returns is the generator's value.

    It keeps the memories of all chunks, where `write` keeps one.

    Shape, Raises: as of `write`.
    """
    with _Writing(model, prompt, decoding, vocabulary) as writing:
        parts = [(writing.rows(len(some)), some, size) for some, size in _chunks(noise, chunk, alone)]
        ended = [Step([None] * len(rows), [""] * len(rows)) for rows, _, _ in parts]
        for those in zip_longest(*(writing.steps(*part) for part in parts)):
            news = [now or idle for now, idle in zip(those, ended, strict=True)]
            yield Step([t for new in news for t in new.tokens], [t for new in news for t in new.texts])
        return writing.written([row for rows, _, _ in parts for row in rows])


class _Writing:
    """A prompt that has been read, and the steps that go on from it; the model is in evaluation mode meanwhile."""

    def __init__(self, model: LanguageModel, prompt: Tensor, decoding: Decoding, vocabulary: Vocabulary) -> None:
        if not vocabulary.pieces and (decoding.template or decoding.stop or vocabulary.known):
            raise ConfigError("Templates, stop strings and known spans need the vocabulary: the text of each token.")
        self.model, self.decoding, self.vocabulary = model, decoding, vocabulary
        self.template = Template(decoding.template, vocabulary) if decoding.template else None
        settings = (decoding.repetition_penalty != 1, decoding.frequency_penalty, decoding.presence_penalty)
        self.looks_back = any(settings) or decoding.no_repeat_ngram > 0
        self.given, self.known = prompt, vocabulary.known

    def __enter__(self) -> _Writing:
        assert isinstance(self.model, nn.Module)
        self.was_training = self.model.training
        self.model.eval()
        self.opening = self._open(self.given)
        return self

    def __exit__(self, *error: object) -> None:
        assert isinstance(self.model, nn.Module)
        self.model.train(self.was_training)

    @torch.inference_mode()
    def _open(self, prompt: Tensor) -> _Opening:
        memory: Memory = self.model.memory(1)
        given = prompt.to(memory.tokens.device)
        if not len(given):
            given = given.new_tensor([self.vocabulary.start()])
        kept, form, remarks = given[-self.model.context :], None, list[str]()
        if len(kept) < len(given):
            remarks.append(
                f"The prompt has {len(given)} tokens and the model looks back at {self.model.context}: "
                "only its last part counts."
            )
        if self.template:
            said = prompt.tolist()  # not the token that an empty prompt starts from
            form = self.template.begin(self.vocabulary.bytes_of(self.vocabulary.document(said)))
        return _Opening(given, memory, _sound(self.model.read(kept[None], memory)), form, tuple(remarks))

    def rows(self, count: int) -> list[_Row]:
        """So many texts of which nothing is written yet."""
        form = self.opening.form
        ending: Ending | None = "template" if self.template and form and self.template.is_done(form) else None
        tail = self.vocabulary.bytes_of(self.vocabulary.document(self.given.tolist())) if self.known else b""
        return [_Row(TextStream(self.decoding.stop), form, ending=ending, tail=tail) for _ in range(count)]

    @torch.inference_mode()
    def steps(self, rows: Sequence[_Row], noise: Tensor, size: int) -> Iterator[Step]:
        """Write one chunk: up to `size` rows, with copies of the last one where some are missing."""
        memory = self.opening.memory.repeated(size)
        logits = self.opening.logits.expand(size, -1)
        start, length = len(self.opening.prompt), min(self.decoding.length, noise.shape[1])
        chance = noise[:, :length].to(memory.tokens.device)
        chance = torch.cat([chance, chance[-1:].expand(size - len(chance), -1)]).T.contiguous()
        history = memory.tokens.new_empty(size, start + length)
        history[:, :start] = self.opening.prompt
        if all(row.ending for row in rows):
            return  # the prompt filled the template
        for t in range(length):
            past = history[:, : start + t] if self.looks_back else None
            tokens = self._choose(rows, logits, chance[t], past, self._allowed(rows, history))
            history[:, start + t] = tokens
            said = tokens.tolist()
            if max(said) >= self.model.num_tokens:  # what is chosen where nothing is a number
                _sound(logits)
            yield self._take(rows, said, is_last=t == length - 1)
            if t == length - 1 or all(row.ending for row in rows):
                break
            if memory.length < memory.capacity:
                logits = self.model.read(tokens[:, None], memory)
            else:
                memory.clear()
                kept = max(1, self.model.context // 2)
                logits = self.model.read(history[:, start + t + 1 - kept : start + t + 1], memory)
        _sound(logits)

    def _allowed(self, rows: Sequence[_Row], like: Tensor) -> Tensor | None:
        if not self.template:
            return None
        forms = [row.form for row in rows if row.form is not None]
        return self.template.mask(forms + forms[-1:] * (len(like) - len(forms))).to(like.device)

    def _choose(
        self, rows: Sequence[_Row], logits: Tensor, chance: Tensor, past: Tensor | None, allowed: Tensor | None
    ) -> Tensor:
        """The next token of each row; one that would complete a known span gives way to another."""
        tokens = choose(logits, chance, self.decoding, past, allowed)
        if self.known is None:
            return tokens
        if allowed is None:
            allowed = torch.ones_like(logits, dtype=torch.bool)
        while True:
            said = tokens.tolist()
            banned = [
                place
                for place, row in enumerate(rows)
                if not row.ending and self._copies(row, said[place]) and allowed[place].sum() > 1
            ]
            if not banned:
                return tokens
            for place in banned:
                allowed[place, said[place]] = False
            again = choose(logits, chance, self.decoding, past, allowed)
            tokens[banned] = again[banned]

    def _copies(self, row: _Row, token: int) -> bool:
        assert self.known is not None
        piece = self.vocabulary.pieces[token] if token < len(self.vocabulary.pieces) else b""
        return bool(piece) and self.known.ends_in((row.tail + piece).decode("utf-8", "ignore"), len(piece))

    def _take(self, rows: Sequence[_Row], tokens: Sequence[int], is_last: bool) -> Step:
        """Give each row its token; those that it ends show what they held back."""
        news = Step([None] * len(rows), [""] * len(rows))
        pieces, separator = self.vocabulary.pieces, self.vocabulary.separator
        for place, (row, token) in enumerate(zip(rows, tokens, strict=False)):
            if row.ending:
                continue
            if token == separator:
                row.ending = "separator"
            else:
                row.tokens.append(token)
                news.tokens[place] = token
                if self.known is not None:
                    row.tail = (row.tail + pieces[token])[-4 * self.known.length :]  # a character has up to four bytes
                shown = row.stream.feed(pieces[token]) if pieces else ""
                if row.stream.stopped:
                    row.ending = "stop"
                elif self.template and row.form is not None:
                    row.form = self.template.step(row.form, token)
                    if self.template.is_done(row.form):
                        row.ending = "template"
                news.texts[place] = shown
            if row.ending or is_last:
                row.ending = row.ending or "length"
                news.texts[place] += row.stream.end()
            row.texts.append(news.texts[place])
        return news

    def written(self, rows: Sequence[_Row]) -> Written:
        """What has come of rows."""
        remarks, endings = self.opening.remarks, [row.ending or "length" for row in rows]
        if self.template and "length" in endings:
            remarks += (
                f"{endings.count('length')} of {len(rows)} texts end before the template {self.template.form} is "
                f"filled: give them length = {self.template.most_tokens()}, and as many uniform numbers.",
            )
        tokens = [torch.tensor(row.tokens, dtype=torch.int64) for row in rows]
        return Written(tokens, ["".join(row.texts) for row in rows], endings, remarks)


def _chunks(noise: Tensor, size: int, alone: bool) -> list[tuple[Tensor, int]]:
    """The rows that are computed together, and as how many."""
    first = min(1, len(noise)) if alone else 0
    single = [(noise[:1], 1)] if first else []
    return single + [(noise[start : start + size], size) for start in range(first, len(noise), size)]


def _sound(logits: Tensor) -> Tensor:
    """The logits, if they are numbers."""
    if logits.isnan().any() or (logits == torch.inf).any():
        raise RunError(
            "The model's logits are not numbers: its weights diverged or are damaged. Take an earlier checkpoint."
        )
    return logits
