"""A trained writer at work: texts that go on from a prompt, all at once or as they come, and the files they become."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast, overload

import numpy as np
import torch
from torch import Tensor

from mintage.contracts import LanguageModel, TokenCodec
from mintage.corpus import Corpus
from mintage.decoding.choice import Decoding
from mintage.decoding.known_spans import KnownSpans
from mintage.decoding.vocabulary import Vocabulary
from mintage.decoding.writer import CHUNK, Ending, Step, Written, steps, write
from mintage.errors import ConfigError, RunError
from mintage.opening import open_data
from mintage.seeding import generator
from mintage.statistics.verses import parse
from mintage.storage import cache_folder, write_text
from mintage.trained import Trained

__all__ = ["RULE", "Asked", "TextOrigin", "Texts", "Unfolding", "ask", "stream_texts", "write_texts"]

RULE = "\n" + "-" * 40 + "\n"  # between texts that are shown together
_TOKENS_A_CHARACTER = 8  # that a template may take: four bytes, and as many of a mark before it
_MOST_KNOWN = 100_000_000  # tokens of a training text that is held against what is written
_ENDINGS: Mapping[Ending, str] = {
    "separator": "with their document", "stop": "at a stop string", "template": "with the template",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a writer is asked for."""

    prompt: str
    heading: str | None
    decoding: Decoding

    @property
    def opening(self) -> str:
        """What every text begins with."""
        return self.prompt if self.heading is None else f"{self.heading}\n{self.prompt}"


@dataclass(frozen=True, slots=True)
class TextOrigin:
    """Where a text comes from: enough to write it again."""

    run: str
    step: int
    seed: int
    index: int
    prompt: str
    heading: str | None
    decoding: Mapping[str, Any]


class Texts(Sequence[str]):
    """Texts with their prompt, in order, and of each where it comes from and what ended it."""

    def __init__(
        self, texts: Sequence[str], origins: Sequence[TextOrigin], endings: Sequence[Ending], remarks: Sequence[str]
    ) -> None:
        self.texts, self.origins = list(texts), list(origins)
        self.endings, self.remarks = list(endings), list(dict.fromkeys(remarks))

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self.texts[index]

    def __str__(self) -> str:
        return RULE.join(self.texts)

    def told(self) -> list[str]:
        """What ended the texts, and what else should be said, in sentences."""
        counts = Counter(self.endings)
        most = f"after {self.origins[0].decoding['length']:,} tokens" if self.origins else ""
        ended = ", ".join(f"{count} {_ENDINGS.get(ending, most)}" for ending, count in counts.most_common())
        return [f"{'1 text' if len(self) == 1 else f'{len(self)} texts'}; ended: {ended}.", *self.remarks]

    def save(self, folder: str | Path) -> Path:
        """Write 00000.txt, 00001.txt, ..., then texts.jsonl with each text, its origin and what ended it."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        lines = []
        for index, (text, origin, ending) in enumerate(zip(self.texts, self.origins, self.endings, strict=True)):
            name = f"{index:05}.txt"
            write_text(path / name, text)
            row = {"file": name, "text": text, **asdict(origin), "ending": ending}
            lines.append(json.dumps(row, ensure_ascii=False) + "\n")
        write_text(path / "texts.jsonl", "".join(lines))
        return path


class Unfolding(Iterator[str]):
    """Texts as they are decided: pieces that, put together, are `str(made)`; `made` is there at the end."""

    def __init__(self, pieces: Generator[str, None, Texts]) -> None:
        self.made: Texts | None = None
        self._pieces = pieces

    def __next__(self) -> str:
        try:
            return next(self._pieces)
        except StopIteration as end:
            self.made = self.made or end.value
            raise

    def close(self) -> None:
        """Write no more."""
        self._pieces.close()


def ask(
    prompt: str, heading: str | None, decoding: Decoding | Mapping[str, Any] | None, settings: Mapping[str, Any]
) -> Asked:
    """What is asked for, from plain values; a template that names no length gets the room that it may need.

    Raises:
        ConfigError: a setting that does not fit, or a heading of several lines.
    """
    if heading is not None and (not heading.strip() or len(heading.splitlines()) > 1):
        raise ConfigError(f"A heading is the first line of a text, and {heading!r} is not one line.")
    given = decoding.model_dump(exclude_unset=True) if isinstance(decoding, Decoding) else dict(decoding or {})
    read = Decoding.read({**given, **settings}, "decoding")
    if read.template and "length" not in read.model_fields_set:
        room = _TOKENS_A_CHARACTER * sum(parse(read.template))
        read = read.model_copy(update={"length": max(read.length, room)})
    return Asked(prompt, heading, read)


def write_texts(trained: Trained, asked: Asked, n: int, seed: int) -> Texts:
    """The first texts of a seed: the same however many are written, and whatever their length.

    Raises:
        ConfigError: the run wrote no text, or the codec does not know the prompt's characters.
        RunError: the model says what is no number.
    """
    desk = _Desk(trained, asked, n, seed)
    return desk.made([write(desk.model, desk.prompt, desk.noise, asked.decoding, desk.vocabulary)])


def stream_texts(trained: Trained, asked: Asked, n: int, seed: int) -> Unfolding:
    """The same texts as they come, one after another, with a rule between them; those behind are written meanwhile.

    Raises:
        ConfigError, RunError: as of `write_texts`.
    """
    return Unfolding(_in_order(_Desk(trained, asked, n, seed), asked))


class _Desk:
    """Everything that writing needs."""

    def __init__(self, trained: Trained, asked: Asked, n: int, seed: int) -> None:
        self.trained, self.asked, self.seed = trained, asked, seed
        self.model = _model_of(trained)
        codec = cast(TokenCodec, trained.codec)
        self.vocabulary = Vocabulary.of(codec.pieces_of(), codec.separator, codec.beginning)
        self.prompt = _tokens_of(asked, codec)
        if asked.decoding.no_copy:
            most, kept = asked.decoding.no_copy, trained.once("spans", dict[int, KnownSpans])
            if most not in kept:
                kept.clear()  # they are large: of one length at a time
                kept[most] = _learned_spans(trained, most)
            self.vocabulary = replace(self.vocabulary, known=kept[most])
        length = asked.decoding.length
        # A generator for each text: so one does not depend on how many there are, nor its beginning on its length.
        self.noise = torch.stack([torch.rand(length, generator=generator(seed, "text", k)) for k in range(n)])

    def made(self, parts: Sequence[Written]) -> Texts:
        name, step, asked = self.trained.run.path.name, self.trained.checkpoint.step, self.asked
        decoding = asked.decoding.model_dump(mode="json")
        texts = [asked.opening + text for part in parts for text in part.texts]
        remarks = [remark for part in parts for remark in part.remarks]
        if asked.heading is not None and self.trained.recipe.data.heading is None:
            remarks.append("This run learned texts without headings (data.heading): the line is only a prompt.")
        origins = [
            TextOrigin(name, step, self.seed, index, asked.prompt, asked.heading, decoding)
            for index in range(len(texts))
        ]
        return Texts(texts, origins, [ending for part in parts for ending in part.endings], remarks)


def _model_of(trained: Trained) -> LanguageModel:
    if not trained.writes:
        raise ConfigError(f"{trained.run.path} makes pictures: leave out what is asked of texts, such as a prompt.")
    writer = getattr(trained.sampler, "writer", None)
    if writer is None:
        raise ConfigError(f"The model {trained.recipe.model['name']} draws whole passages and goes on from nothing.")
    return writer  # type: ignore[no-any-return]


def _learned_spans(trained: Trained, most: int) -> KnownSpans:
    """The spans of the training text that are one character longer than may be copied."""
    recipe = trained.recipe
    corpus, _, _ = open_data(recipe.data, recipe.codec, recipe.seed, cache_folder())
    if trained.run.read_facts()["data"]["fingerprint"] != corpus.fingerprint:
        raise RunError(f"The text that {trained.run.path} learned from has changed: what copies it cannot be told.")
    assert isinstance(corpus, Corpus)
    if corpus.train.size > _MOST_KNOWN:
        raise ConfigError(
            f"no_copy keeps the spans of the training text in memory, and {corpus.train.size:,} tokens are too many: "
            f"{_MOST_KNOWN:,} are the most."
        )
    return KnownSpans.of(
        [corpus.codec.decode(torch.from_numpy(np.concatenate(list(corpus.train.stretches()))))], most + 1
    )


def _tokens_of(asked: Asked, codec: TokenCodec) -> Tensor:
    """The tokens that a text goes on from; none: from where documents begin. Shape: (P,).

    A heading begins a document, so the token before documents comes first. A prompt alone may stand anywhere in one.
    """
    try:
        prompt = codec.encode(asked.prompt, begins=asked.heading is None)
        if asked.heading is None:
            return prompt
        heading = codec.encode(f"{asked.heading}\n")
    except ConfigError as error:
        raise ConfigError(f"The prompt cannot be read. {error}") from error
    return torch.cat([torch.tensor(codec.between, dtype=torch.int64), heading, prompt])


def _in_order(desk: _Desk, asked: Asked) -> Generator[str, None, Texts]:
    parts: list[Written] = []
    for first in [0, *range(1, len(desk.noise), CHUNK)]:  # as `write` takes them together
        some = desk.noise[first : first + CHUNK if first else 1]
        if parts:
            yield RULE
        writing = steps(desk.model, desk.prompt, some, asked.decoding, desk.vocabulary, alone=not parts)
        parts.append((yield from _one_by_one(writing, len(some), asked.opening)))
    return desk.made(parts)


def _one_by_one(writing: Generator[Step, None, Written], count: int, opening: str) -> Generator[str, None, Written]:
    """Rows that are written together, shown one after another: what comes of later ones waits for its turn."""
    held, current = [opening, *[RULE + opening] * (count - 1)], 0
    if opening:
        yield opening
        held[0] = ""
    while True:
        try:
            step = next(writing)
        except StopIteration as end:
            yield "".join(held[current:])
            return end.value  # type: ignore[no-any-return]
        held = [kept + text for kept, text in zip(held, step.texts, strict=True)]
        while current < count - 1 and step.tokens[current] is None:
            held[current + 1], held[current] = held[current] + held[current + 1], ""
            current += 1
        if held[current]:
            yield held[current]
            held[current] = ""
