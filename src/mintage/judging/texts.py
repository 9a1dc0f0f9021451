"""The evidence in a judgement of text: passages of equal length, made and real, and what unseen text costs."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mintage.contracts import Examples, Foretold, LanguageModel, Texts
from mintage.corpus import Corpus
from mintage.data.text_view import TextView
from mintage.data.tokens import TokenPart
from mintage.decoding.choice import Decoding
from mintage.decoding.sampler import Priced
from mintage.decoding.vocabulary import Vocabulary
from mintage.decoding.writer import write
from mintage.errors import ConfigError, DataError
from mintage.judging.likelihood import token_nats
from mintage.judging.made import Made
from mintage.judging.reals import FEWEST, Reals, check_unchanged
from mintage.opening import open_data
from mintage.sampling import noise_of
from mintage.seeding import generator
from mintage.storage import cache_folder
from mintage.trained import CPU, Trained

__all__ = ["passages_of_run", "written_by_run"]

_LONGEST = {"bpe": 128}  # tokens of a passage, at most; of other codecs:
_LONG, _SHORT = 256, 16
_WANTED = 50  # passages that short texts are cut into shorter ones for
_DRAWN = 100_000  # tokens that are written, at temperature 1
_CHUNK = 32  # passages that are written at once
_FORETOLD = 200_000  # held-out tokens whose cost is measured
_COUNTED = 5_000_000  # tokens of the training text that baselines are counted on, and passages are taken from
_TRAIN = 4_000  # passages of the training text
_PIECES = 16  # stretches that a large text is sampled in
_DRIFT = (
    "The end of one text is held out: where it differs from the rest, the floors of distances, which are of passages "
    "that were learned from, are no better than what is written."
)
_POEMS, _ROOM = 300, 512  # whole documents of each part; tokens of a composed one, at most

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Passages:
    """How passages are cut: all of one length, where the token before them allows."""

    length: int
    first: int  # what written ones go on from
    remark: str = ""

    @classmethod
    def fitting(cls, corpus: Corpus, context: int) -> _Passages:
        codec, view = corpus.codec, corpus.heldout
        longest = min(context, _LONGEST.get(corpus.report.kind, _LONG))
        length = max(_SHORT, min(longest, view.size // _WANTED))
        tokens, line = _tokens(view), codec.pieces_of()
        for first in dict.fromkeys([codec.beginning, *([line.index(b"\n")] if b"\n" in line else [])]):
            if len(_after(tokens, first, length)) >= max(FEWEST, len(tokens) // length // 4):
                return cls(length, first)
        told = "Written passages go on from the beginning of a text, real ones begin anywhere, which scores can see."
        return cls(length, codec.beginning, told)

    def cut(self, tokens: Indices, most: int, seed: int) -> Tensor:
        """Passages that don't overlap, spread over a text, in a drawn order. Shape: (T,) -> (N, length) int64."""
        starts = np.arange(0, max(0, len(tokens) - self.length + 1), self.length)
        if not self.remark:
            starts = _after(tokens, self.first, self.length)
        order = torch.randperm(len(starts), generator=generator(seed, "passages"))[:most].numpy()
        return torch.from_numpy(tokens[starts[order][:, None] + np.arange(self.length)])


def passages_of_run(trained: Trained, samples: int) -> Reals:
    """The text of a run, in passages: its held-out part is the reference, the rest what it learned from.

    Raises:
        DataError: the text is gone, has changed, or holds too little out.
    """
    recipe = trained.recipe
    corpus, _, _ = open_data(recipe.data, recipe.codec, recipe.seed, cache_folder())
    assert isinstance(corpus, Corpus)
    check_unchanged(trained, corpus.fingerprint)
    passages = _Passages.fitting(corpus, recipe.data.context)
    reference = passages.cut(_tokens(corpus.heldout), samples, recipe.seed)
    if len(reference) < FEWEST:
        raise DataError(
            f"{trained.run.path} holds out {corpus.heldout.size:,} tokens, which are {len(reference)} passages of "
            f"{passages.length}; {FEWEST} are needed to judge it. Give more text, or train with data.heldout = 0.1."
        )
    train = passages.cut(_tokens(_some(corpus.train, _COUNTED)), _TRAIN + len(reference), recipe.seed)
    # what an embedding learns from lies farther apart in it than anything else, the control would too
    control = train[: min(len(reference), len(train) // 2)]
    return Reals(
        name=f"held-out part of {recipe.data.path.name if recipe.data.path else recipe.data.source}",
        codec=corpus.codec,
        classes=(),
        reference=Examples(reference),
        control=Examples(control),
        train=Examples(train[len(control) :]),
        train_is_known=True,
        split="held-out",
        remarks=[*([passages.remark] if passages.remark else []), *([_DRIFT] if corpus.count == 1 else [])],
        corpus=corpus,
        first=passages.first,
    )


def written_by_run(trained: Trained, reals: Reals, samples: int, seed: int) -> Made:
    """Passages that a run writes by plain sampling (temperature 1), and what it says of the held-out text.

    Raises:
        ConfigError: it reads other tokens than the real passages are in.
    """
    corpus, name = reals.corpus, trained.run.path.name
    if corpus is None or not trained.writes:
        raise ConfigError(f"{name} and {reals.name} do not compare: one is text and the other is not.")
    if trained.codec.state() != corpus.codec.state():
        raise ConfigError(
            f"{name} reads other tokens than those of {reals.name} are, so their passages do not compare. Train both "
            "with the same codec: settings."
        )
    length = reals.reference.x.shape[1]
    pen = _Pen(trained, corpus, length, reals.first, seed)
    x = pen.passages(max(FEWEST, min(samples, len(reals.reference), _DRAWN // length)))
    reader = _Reader(corpus)
    learned = _documents(corpus, corpus.train)
    texts = Texts(
        made=reader.each(x),
        real=reader.each(reals.reference.x),
        train=lambda: reader.documents(corpus.train),
        documents=_documents(corpus, corpus.heldout),
        foretold=_foretold(trained, corpus),
        write=lambda count, temperature: reader.each(pen.passages(count, temperature)),
        compose=pen.documents if learned else None,
        learned=learned,
    )
    return Made(name, Examples(x), trained.checkpoint.step, texts=texts)


@dataclass(frozen=True, eq=False)
class _Pen:
    """A writer, and the chance that it writes by: a seed names its passages at every temperature."""

    trained: Trained
    corpus: Corpus
    length: int
    first: int
    seed: int

    @property
    def model(self) -> LanguageModel:
        return cast(LanguageModel, _writer(self.trained))

    def passages(self, count: int, temperature: float = 1.0) -> Tensor:
        """Passages 0 .. count - 1 of the seed, which run on over the ends of documents. Shape: (count, length)."""
        noise = noise_of(self.trained.sampler, 0, count, self.seed)[:, : self.length]
        if noise.shape[1] < self.length:  # its own context is shorter than the passages that it is compared by
            noise = torch.rand(count, self.length, generator=generator(self.seed, "passages"))
        decoding = Decoding(temperature=temperature, length=self.length)
        with self.trained.numbers.autocast(CPU):
            written = write(self.model, torch.tensor([self.first]), noise, decoding, chunk=_CHUNK, alone=False)
        return torch.stack(written.tokens)

    def documents(self, count: int) -> list[str]:
        """Whole documents, each from its beginning to its end."""
        codec, room = self.corpus.codec, self._room
        noise = torch.rand(count, room, generator=generator(self.seed, "documents"))
        vocabulary = Vocabulary.of(codec.pieces_of(), codec.separator, codec.beginning)
        nothing = torch.empty(0, dtype=torch.int64)
        with self.trained.numbers.autocast(CPU):
            return write(self.model, nothing, noise, Decoding(length=room), vocabulary, chunk=_CHUNK).texts

    @cached_property
    def _room(self) -> int:
        """Tokens that nearly every document fits in."""
        sizes = np.diff(np.append(self.corpus.packed.starts, len(self.corpus.packed)))
        return int(min(_ROOM, 1.5 * np.quantile(sizes, 0.99) + 1))


class _Reader:
    """Tokens as text, documents parted by an empty line."""

    def __init__(self, corpus: Corpus) -> None:
        self.pieces = corpus.codec.pieces_of()
        if corpus.codec.separator is not None:
            self.pieces[corpus.codec.separator] = b"\n\n"

    def bytes(self, tokens: Iterable[int]) -> bytes:
        return b"".join([self.pieces[token] for token in tokens])

    def each(self, x: Tensor) -> list[str]:
        return [self.bytes(row).decode("utf-8", "replace") for row in x.tolist()]

    def documents(self, view: TextView) -> Iterator[Iterator[str]]:
        """The stretches of a part, each in pieces."""
        for start, stop in view.part.ranges.tolist():
            yield self._pieces(TextView(view.tokens, TokenPart(np.array([[start, stop]])), view.codec, view.context))

    def _pieces(self, view: TextView) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for tokens in view.stretches():
            yield decoder.decode(self.bytes(tokens.tolist()))
        yield decoder.decode(b"", final=True)


def _foretold(trained: Trained, corpus: Corpus) -> Foretold:
    writer, held = _writer(trained), corpus.heldout
    stride = max(1, held.length // 2)
    cost = token_nats(writer, held, stride=stride, most=_FORETOLD)
    learned = token_nats(writer, _some(corpus.train, len(cost.tokens) + 1), stride=stride, most=_FORETOLD)
    return Foretold(
        nats=cost.nats,
        tokens=cost.tokens,
        alone=cost.alone if isinstance(writer, Priced) else None,
        train_nats=learned.alone,  # counts know it by heart
        counted=torch.from_numpy(_tokens(_some(corpus.train, _COUNTED))),
        sizes=corpus.codec.bytes_of(),
        stride=f"windows of {held.length} tokens, one every {stride}: each token counts once and is told by the "
        f"{held.length - stride} to {held.length} before it, but for the first window",
    )


def _writer(trained: Trained) -> nn.Module:
    writer: nn.Module = trained.sampler.writer  # type: ignore[attr-defined]
    return writer


def _tokens(view: TextView) -> Indices:
    return np.concatenate([np.empty(0, np.int64), *view.stretches()])


def _some(view: TextView, most: int) -> TextView:
    """About so many tokens of a part, in stretches that are spread over it; all if it has no more."""
    if view.size <= most:
        return view
    edges = np.concatenate([[0], np.cumsum(view.part.ranges[:, 1] - view.part.ranges[:, 0])])
    kept = []
    for piece in range(_PIECES):
        first = piece * view.size // _PIECES
        last = first + -(-most // _PIECES)
        for (start, stop), edge in zip(view.part.ranges.tolist(), edges.tolist(), strict=False):
            low, high = max(start, start + first - edge), min(stop, start + last - edge)
            kept += [[low, high]] if low < high else []
    return replace(view, part=TokenPart(np.array(kept, np.int64)))


def _after(tokens: Indices, first: int, length: int) -> Indices:
    """Places right after a token, from which passages do not overlap."""
    found, free = [], 0
    for place in (np.flatnonzero(tokens[:-1] == first) + 1).tolist():
        if place >= free and place + length <= len(tokens):
            found.append(place)
            free = place + length
    return np.array(found, np.int64)


def _documents(corpus: Corpus, view: TextView) -> Sequence[str]:
    """Some whole documents of a part, where a token parts them."""
    packed, ranges = corpus.packed, view.part.ranges
    if corpus.codec.separator is None or not len(ranges):
        return ()
    stops = np.append(packed.starts[1:], len(packed))
    place = np.searchsorted(ranges[:, 0], packed.starts, side="right") - 1
    whole = np.flatnonzero((place >= 0) & (stops <= ranges[np.maximum(place, 0), 1]))
    shown = whole[:: max(1, len(whole) // _POEMS)][:_POEMS]
    return [
        corpus.codec.decode(torch.from_numpy(packed.x[packed.starts[d] : stops[d]].astype(np.int64))) for d in shown
    ]
