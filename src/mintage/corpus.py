"""From data settings to text: the source's documents become tokens once, and are cut into parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mintage.contracts import Batch, DataSpec, Makes, TokenCodec
from mintage.data.text_report import TextReport
from mintage.data.text_view import TextView
from mintage.data.tokens import Tokens, pack_tokens, split_tokens
from mintage.errors import ConfigError, DataError
from mintage.recipe import DataSettings
from mintage.statistics.ngrams import NgramModel, nats_elsewhere
from mintage.statistics.verses import ends_line

__all__ = ["Corpus", "open_corpus", "text_spec"]

_FEWEST = 2  # tokens that a part needs to have one that can be foretold


@dataclass(frozen=True)
class Corpus:
    """A text as tokens, how they are read, and which stretches of it are held out."""

    packed: Tokens
    report: TextReport
    codec: TokenCodec
    spec: DataSpec
    train: TextView
    selection: TextView  # held out too: what picks the best checkpoint, and so may not judge the run
    heldout: TextView  # what judges the run in the end
    _counts: dict[int, tuple[NgramModel, NDArray[np.float32]]] = field(default_factory=dict, repr=False)

    makes: ClassVar[Makes] = "text"
    translates = False
    origin_codec = None
    classes = ()

    @property
    def fingerprint(self) -> str:
        """Of all that is learned from."""
        return self.packed.fingerprint

    @property
    def count(self) -> int:
        """How many documents there are."""
        return len(self.packed.starts)

    def fitting(self, context: int) -> int:
        """The context nearest to a wanted one that the text has tokens for, and its codec allows."""
        return min(context, max(self.train.size - 1, 8), self.codec.longest or context)

    def seen_by(self, context: int) -> Corpus:
        """The same text in windows of another length."""
        spec = replace(self.spec, x=replace(self.spec.x, shape=(context + 1,)))
        train, selection, heldout = (
            replace(view, context=context) for view in (self.train, self.selection, self.heldout)
        )
        return replace(self, spec=spec, train=train, selection=selection, heldout=heldout)

    def counts(self, order: int) -> NgramModel:
        """N-grams of what is learned from."""
        return self._counted(order)[0]

    def beside_counts(self, order: int) -> Corpus:
        """The same with what each token that is learned from costs by counting other parts of the text."""
        return replace(self, train=replace(self.train, counted=self._counted(order)[1]))

    def _counted(self, order: int) -> tuple[NgramModel, NDArray[np.float32]]:
        if order not in self._counts:
            tokens = np.concatenate(list(self.train.stretches()))
            model = NgramModel.fit(tokens, order, self.codec.num_tokens)
            nats = nats_elsewhere(tokens, order, self.codec.num_tokens)
            self._counts[order] = model, nats.astype(np.float32)
        return self._counts[order]

    def batches(self, view: TextView, count: int, size: int = 64) -> Iterator[Batch]:
        """The first windows of a part, at most so many, on the CPU."""
        count = min(count, len(view))
        for first in range(0, count, size):
            yield view.batch(first, min(size, count - first))


def open_corpus(
    source: Any,
    settings: DataSettings,
    codec: TokenCodec,
    seed: int,
    reading: tuple[Path, Callable[[int, int], None] | None],
) -> Corpus:
    """Read every document once into the cache, as tokens of a codec.

    Raises:
        DataError: there is nothing to learn from.
        ConfigError: settings that do not fit the text.
    """
    if codec.longest is not None and codec.longest < settings.context:
        raise ConfigError(
            f"data.context = {settings.context} is more than the {codec.longest} tokens that the base looks back at. "
            f"Choose at most {codec.longest}."
        )
    packed, report = pack_tokens(source, codec, *reading)
    parts = split_tokens(packed, settings.heldout, seed)
    train, selection, heldout = (TextView(packed, part, packed.codec, settings.context) for part in parts)
    if train.size < _FEWEST:
        raise DataError(
            f"{source.path} has {len(packed)} tokens, too few to foretell one from another. Give more text."
        )
    if train.length < settings.context:
        told = f"data.context = {settings.context} is more than the {train.size:,} tokens that are learned from."
        raise ConfigError(f"{told} Choose at most {max(train.size - 1, 8)}.")
    if settings.heldout and not heldout.length:
        report = replace(report, remarks=(*report.remarks, "Nothing is held out, for there is too little to share."))
    return Corpus(packed, report, packed.codec, text_spec(settings, packed.codec), train, selection, heldout)


def text_spec(settings: DataSettings, codec: TokenCodec) -> DataSpec:
    """What a model writes: windows of tokens, the one after the context included."""
    x = replace(codec.spec, shape=(settings.context + 1,), start=codec.beginning, ends=_ends(codec))
    return DataSpec(x=x)


def _ends(codec: TokenCodec) -> tuple[int, ...]:
    """Tokens that a line ends with: its end, the marks of Chinese verse, and what stands between documents."""
    pieces = [piece.decode("utf-8", "replace") for piece in codec.pieces_of()]
    return tuple(token for token, piece in enumerate(pieces) if token == codec.separator or ends_line(piece))
