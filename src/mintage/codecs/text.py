"""Text, both ways: any string becomes integer tokens - characters, bytes, or learned pieces of words - and back."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Makes, TensorSpec
from mintage.errors import ConfigError, DataError

__all__ = ["TextCodec"]

_FEW_CHARACTERS, _FEW_DISTINCT = 2_000_000, 8_000
_SIZES = ((2_000_000, 2_048), (10_000_000, 4_096), (50_000_000, 8_192))  # (UTF-8 bytes of the corpus, vocabulary)
_LARGEST = 16_384
_SAMPLE = 100_000_000  # UTF-8 bytes that a BPE is trained on
_CHUNK = 2_000  # characters that a BPE is trained on at once
_STRETCH = 1 << 16  # characters that it encodes at once
_SEPARATOR = "<|document|>"  # what other programs show for it
_UNICODE = 0x110000
# Contractions, words, up to two digits, other signs, line ends, spaces; Han runs before all, at most four signs long,
# because a language without spaces would otherwise make words as long as its sentences.
_HAN = r"\p{Han}{1,4}"
_WORDS = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
_LINE_START = re.compile(r"(?<=\n)(?=\S)")


class TextCodec(Settings):
    """Strings as tokens without loss: `char`, `byte` (UTF-8), or `bpe` (byte-level; Sennrich et al., 2016).

    Characters suit small corpora of any language, since a small network need not learn spelling; pieces of words suit
    large ones; bytes need no fitting and know every text. Decoding what a model made up, bytes that are no UTF-8
    become U+FFFD. Where a corpus has several documents, the token `separator` of no bytes begins each.

    Shape: encoded (T,) int64.

    >>> codec = TextCodec(tokens="char").fit(["to be or not"])
    >>> codec.decode(codec.encode("not to be")), codec.num_tokens
    ('not to be', 7)
    """

    tokens: Literal["char", "byte", "bpe"] | None = None
    """What a token is; unset: char for fewer than 2 million characters of which at most 8,000 are different, else bpe
    if the package tokenizers is there, else byte."""
    vocabulary: int | None = Field(None, ge=257, le=1 << 20)
    """Tokens of a bpe; unset: 2,048 for less than 2 MB of text, 4,096 below 10 MB, 8,192 below 50 MB, else 16,384."""
    has_separator: bool = False
    """Whether a token of its own begins each document; fixed when the data is packed."""
    alphabet: str | None = None
    """The characters of a fitted char codec, in order."""
    tokenizer: str | None = None
    """The tokenizer.json of a fitted bpe codec."""

    makes: ClassVar[Makes] = "text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".md", ".text")
    fitted: ClassVar[tuple[str, ...]] = ("has_separator", "alphabet", "tokenizer")  # of the data; no recipe holds them

    longest: ClassVar[int | None] = None

    @property
    def spec(self) -> TensorSpec:
        """What a model sees: any number of tokens."""
        return TensorSpec(shape=(None,), classes=self.num_tokens)

    @property
    def num_tokens(self) -> int:
        """How many different tokens there are, the separator among them."""
        return len(self._pieces)

    @property
    def separator(self) -> int | None:
        """The token that begins a document: the last one."""
        return self.num_tokens - 1 if self.has_separator else None

    @property
    def between(self) -> tuple[int, ...]:
        """What stands before each document."""
        return () if self.separator is None else (self.separator,)

    @property
    def beginning(self) -> int:
        """The token that a text without a prompt goes on from: the separator, or the end of a line, or the first."""
        if self.separator is not None:
            return self.separator
        return self._pieces.index(b"\n") if b"\n" in self._pieces else 0

    def fit(self, pieces: Iterable[str]) -> Self:
        """Choose what is unset and learn what is needed from the whole corpus, in any pieces; a fitted codec stays.

        In memory at once: a sample of at most 100 MB, and only if a bpe may come of it.

        Raises:
            DataError: there is not one character.
            ConfigError: bpe is asked for without the package tokenizers.
        """
        if self.is_fitted:
            return self
        if self.tokens == "bpe":
            _tokenizers()
        sees = _Corpus(sample=self.tokens == "bpe" or (self.tokens is None and _has_tokenizers()))
        for piece in pieces:
            sees.add(piece)
        if not sees.size:
            raise DataError("There is not one character to learn from.")
        few = sees.size < _FEW_CHARACTERS and sees.distinct <= _FEW_DISTINCT
        kind = self.tokens or ("char" if few else "bpe" if sees.has_sample else "byte")
        if kind == "char":
            return self._with(tokens=kind, alphabet=sees.alphabet())
        if kind == "byte":
            return self._with(tokens=kind)
        size = self.vocabulary or next((size for most, size in _SIZES if sees.num_bytes < most), _LARGEST)
        return self._with(tokens=kind, vocabulary=size, tokenizer=_trained(sees.sample(), size))

    @property
    def is_fitted(self) -> bool:
        """Whether it can encode."""
        return self.tokens == "byte" or (self.alphabet if self.tokens == "char" else self.tokenizer) is not None

    def with_separator(self, wanted: bool = True) -> Self:
        """The same with, or without, a token that begins each document."""
        return self._with(has_separator=wanted)

    def encode(self, raw: str, *, begins: bool = True) -> Tensor:
        """The tokens of a string, without a separator; the same wherever it stands. Shape: (T,) int64.

        Raises:
            ConfigError: a char codec meets characters that its corpus did not have, or any what is half a character.
        """
        try:
            return self._encoded(raw)
        except UnicodeEncodeError as error:
            raise ConfigError(
                f"This text holds half of a surrogate pair, {raw[error.start]!r}, which is no character: it was read "
                "in a wrong encoding. Take it out, or read the text as UTF-8."
            ) from error

    def _encoded(self, raw: str) -> Tensor:
        if self._kind == "byte":
            return torch.from_numpy(np.frombuffer(raw.encode(), np.uint8).astype(np.int64))
        if self._kind == "bpe":
            raw.encode()  # the engine would say less well that it can't
            encodings = self._engine.encode_batch_fast(_stretches(raw), add_special_tokens=False)
            ids = [np.array(one.ids, np.int64) for one in encodings]
            return torch.from_numpy(np.concatenate(ids) if ids else np.empty(0, np.int64))
        points = _points(raw)
        tokens = self._token_of[points]
        if (unknown := tokens < 0).any():
            strangers = [chr(point) for point in dict.fromkeys(points[unknown].tolist())]
            shown = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in strangers[:8])
            raise ConfigError(
                f"{len(strangers)} characters of this text are not in the {len(self.alphabet or ''):,} that the codec "
                f"knows: {shown}{', ...' if len(strangers) > 8 else ''}. Leave them out, or train with "
                "codec.tokens=byte, which knows every character."
            )
        return torch.from_numpy(tokens.astype(np.int64))

    def expand(self, stored: Tensor) -> Tensor:
        """What a model reads. Shape: (B, T) of any integers -> (B, T) int64."""
        return stored.long()

    def decode(self, x: Tensor) -> str:
        """The string of some tokens; separators are nothing, and bytes that are no UTF-8 become U+FFFD. Shape: (T,)."""
        pieces = self._pieces
        return b"".join([pieces[token] for token in x.tolist()]).decode("utf-8", "replace")

    def bytes_of(self) -> Tensor:
        """UTF-8 bytes of each token: over any encoded text they sum to its own, as bits per byte need. Shape: (V,)."""
        return torch.tensor([len(piece) for piece in self._pieces], dtype=torch.int64)

    def pieces_of(self) -> list[bytes]:
        """The bytes of each token, which may be a part of a character."""
        return list(self._pieces)

    def write(self, samples: Sequence[Any], path: Path, *, names: Sequence[str] | None = None) -> Path:
        """Save samples (tensors or strings) as .txt files, UTF-8 with their own line ends, in the folder `path`.

        Names are 000000, 000001, ... if none are given. One sample and a path that ends in .txt: that file.
        """
        path = Path(path)
        alone = len(samples) == 1 and path.suffix.lower() == ".txt"
        (path.parent if alone else path).mkdir(parents=True, exist_ok=True)
        for number, sample in enumerate(samples):
            text = self.decode(sample) if isinstance(sample, Tensor) else str(sample)
            file = path if alone else path / f"{names[number] if names else f'{number:06d}'}.txt"
            file.write_text(text, "utf-8", newline="")
        return path

    def state(self) -> dict[str, Any]:
        """All settings and what was fitted, JSON-ready."""
        return self.model_dump(mode="json")

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The codec of a state."""
        return cls.read(state, "codec")

    def tokenizer_json(self) -> str:
        """The same tokens as a tokenizer.json, which the Hugging Face library `tokenizers` loads.

        It is not needed here. There a char codec drops the characters that it does not know.
        """
        if self._kind == "bpe":
            made = json.loads(self.tokenizer or "")
        elif self._kind == "byte":
            made = _merging_nothing({sign: byte for byte, sign in enumerate(_signs())}, by_bytes=True)
        else:
            made = _merging_nothing({c: place for place, c in enumerate(self.alphabet or "")}, by_bytes=False)
        if self.separator is not None:
            plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            made["added_tokens"] = [{"id": self.separator, "content": _SEPARATOR, **plain}]
        return json.dumps(made, ensure_ascii=False)

    def _with(self, **changes: Any) -> Self:
        return type(self)(**{**self.model_dump(), **changes})  # a copy would keep the tables of the old settings

    @property
    def _kind(self) -> str:
        if not self.is_fitted:
            raise ConfigError("This codec knows no tokens yet. Call fit with the text, or set codec.tokens=byte.")
        return self.tokens or ""

    @cached_property
    def _pieces(self) -> list[bytes]:
        if self._kind == "byte":
            pieces = [bytes([byte]) for byte in range(256)]
        elif self._kind == "char":
            pieces = [character.encode() for character in self.alphabet or ""]
        else:
            byte_of = {sign: byte for byte, sign in enumerate(_signs())}
            known: dict[str, int] = json.loads(self.tokenizer or "")["model"]["vocab"]
            pieces = [bytes(byte_of[sign] for sign in word) for word in sorted(known, key=known.__getitem__)]
        return [*pieces, b""] if self.has_separator else pieces

    @cached_property
    def _token_of(self) -> NDArray[np.int32]:
        """Of every code point; -1 where the alphabet has none."""
        table = np.full(_UNICODE, -1, np.int32)
        points = _points(self.alphabet or "")
        table[points] = np.arange(len(points), dtype=np.int32)
        return table

    @cached_property
    def _engine(self) -> Any:
        return _tokenizers().Tokenizer.from_str(self.tokenizer)


class _Corpus:
    """What is seen of a corpus while it goes by: its size, its characters, and a sample spread evenly over it."""

    def __init__(self, *, sample: bool) -> None:
        self.has_sample, self.size, self.num_bytes = sample, 0, 0
        self._seen = np.zeros(_UNICODE, bool)
        self._kept: list[tuple[str, int]] = []  # chunks, and the bytes of each
        self._weight, self._every, self._place = 0, 1, 0

    @property
    def distinct(self) -> int:
        return int(self._seen.sum())

    def add(self, piece: str) -> None:
        points = _points(piece)
        self._seen[points] = True
        self.size += len(points)
        self.num_bytes += len(points) + sum(int((points >= least).sum()) for least in (0x80, 0x800, 0x10000))
        for chunk in _chunks(piece) if self.has_sample else ():
            if self._place % self._every == 0:
                weight = len(chunk.encode())
                self._kept.append((chunk, weight))
                self._weight += weight
                if self._weight > _SAMPLE:
                    self._kept = self._kept[::2]
                    self._every *= 2
                    self._weight = sum(weight for _, weight in self._kept)
            self._place += 1

    def alphabet(self) -> str:
        return "".join(map(chr, np.flatnonzero(self._seen).tolist()))

    def sample(self) -> Iterator[str]:
        return (chunk for chunk, _ in self._kept)


def _points(text: str) -> NDArray[np.uint32]:
    """Its code points. Shape: (characters,)."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _chunks(text: str) -> Iterator[str]:
    """At most 2,000 characters each, cut before a space or a line end if there is one in the last half."""
    first = 0
    while first < len(text):
        stop = first + _CHUNK
        if stop < len(text):
            space = max(text.rfind(" ", first + _CHUNK // 2, stop), text.rfind("\n", first + _CHUNK // 2, stop))
            stop = space if space > first else stop
        yield text[first:stop]
        first = stop


def _stretches(text: str) -> list[str]:
    """Cut before lines that begin with no space, where no token goes on: so the tokens are those of the whole."""
    if len(text) <= _STRETCH:
        return [text] if text else []
    stretches, first = [], 0
    while first < len(text):
        found = _LINE_START.search(text, first + _STRETCH)
        stop = found.start() if found else len(text)
        stretches.append(text[first:stop])
        first = stop
    return stretches


def _tokenizers() -> Any:
    try:
        return importlib.import_module("tokenizers")
    except ImportError as error:
        raise ConfigError(
            "codec.tokens=bpe needs a package: pip install tokenizers. Or choose codec.tokens=byte, which needs none."
        ) from error


def _has_tokenizers() -> bool:
    return importlib.util.find_spec("tokenizers") is not None


def _trained(chunks: Iterator[str], size: int) -> str:
    """The tokenizer.json of a byte-level BPE; its words do not cross what `_WORDS` tells apart."""
    hf = _tokenizers()
    made = hf.Tokenizer(hf.models.BPE())
    steps = [hf.pre_tokenizers.Split(hf.Regex(pattern), "isolated") for pattern in (_HAN, _WORDS)]
    steps.append(hf.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
    made.pre_tokenizer = hf.pre_tokenizers.Sequence(steps)
    made.decoder = hf.decoders.ByteLevel()
    alphabet = hf.pre_tokenizers.ByteLevel.alphabet()
    trainer = hf.trainers.BpeTrainer(vocab_size=size, min_frequency=2, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(chunks, trainer)
    return str(made.to_str())


def _merging_nothing(vocab: Mapping[str, int], *, by_bytes: bool) -> dict[str, Any]:
    """The tokenizer.json of a BPE without merges: its tokens are single signs."""
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": r"[\s\S]"}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": level if by_bytes else split,
        "post_processor": None,
        "decoder": level if by_bytes else {"type": "Fuse"},
        "model": {"type": "BPE", "vocab": dict(vocab), "merges": []},
    }


def _signs() -> list[str]:
    """The printable sign that stands for each byte in a byte-level BPE (Radford et al., 2019): 256 of them."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
