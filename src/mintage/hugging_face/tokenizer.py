"""The tokenizer of a folder of transformers: text to tokens and back, and the bytes that each token stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

import torch
from torch import Tensor

from mintage.contracts import TensorSpec
from mintage.errors import ConfigError

__all__ = ["HuggingFaceTokenizer"]

_SPACE = "▁"  # how tokenizers of sentencepiece's kind write a space
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")  # and a byte that belongs to no token


class HuggingFaceTokenizer:
    """A tokenizer.json, read by the tokenizers package; byte-level BPE, or sentencepiece's kind.

    Args:
        tokenizer_json: The content of the file.
        config: The config.json beside it: "vocab_size", which may be more than the tokenizer has, "bos_token_id" and
            "eos_token_id".

    Raises:
        ConfigError: the package is not installed, the file is damaged, or its tokens cannot be told as bytes.
    """

    def __init__(self, tokenizer_json: str, config: Mapping[str, Any] | None = None) -> None:
        self._json, config = tokenizer_json, config or {}
        self._tokenizer = _opened(tokenizer_json)
        self._firsts = _numbers(config.get("bos_token_id"))
        self.ends: tuple[int, ...] = tuple(_numbers(config.get("eos_token_id")))
        self.num_tokens: int = max(int(config.get("vocab_size") or 0), self._highest() + 1)
        self._pieces = self._all_pieces()
        self._before = b"".join(self._pieces[token] for token in self._ids("a")) == b" a"

    @property
    def spec(self) -> TensorSpec:
        """What a model sees: any number of tokens."""
        return TensorSpec(shape=(None,), classes=self.num_tokens)

    @property
    def separator(self) -> int | None:
        """The token between documents: the one that ends a text, else the one that begins it, else None."""
        return next(iter([*self.ends, *self._firsts]), None)

    @property
    def beginning(self) -> int:
        """The token that a text without a prompt goes on from: one that begins texts, else the separator, else \\n."""
        if self._firsts or self.ends:
            return [*self._firsts, *self.ends][0]
        return self._pieces.index(b"\n") if b"\n" in self._pieces else 0

    def encode(self, raw: str, *, begins: bool = True) -> Tensor:
        """The tokens of a text, without special ones around them. Shape: -> (T,) int64.

        `begins` is False for what goes on from text before it: a tokenizer of sentencepiece's kind then puts no space
        before it.
        """
        tokens = self._ids(raw)
        if self._before and not begins:
            start, longer = self._ids("\n"), self._ids("\n" + raw)
            tokens = longer[len(start) :] if longer[: len(start)] == start else tokens
        return torch.tensor(tokens, dtype=torch.int64)

    def expand(self, stored: Tensor) -> Tensor:
        """What a model reads. Shape: (B, T) of any integers -> (B, T) int64."""
        return stored.long()

    def decode(self, x: Tensor) -> str:
        """The text of some tokens; special ones say nothing. Shape: (T,)."""
        raw = b"".join(self._pieces[token] for token in x.tolist())
        text = raw.decode("utf-8", "replace")
        return text.removeprefix(" ") if self._before else text

    def pieces_of(self) -> list[bytes]:
        """The bytes that each token adds to a text: none for special ones and for numbers that no token has.

        A tokenizer of sentencepiece's kind puts a space before a text, which is in the piece of the first token and
        which `decode` leaves out.
        """
        return list(self._pieces)

    def bytes_of(self) -> Tensor:
        """How many bytes each token adds to a text, for bits per byte. Shape: -> (V,) int64."""
        return torch.tensor([len(piece) for piece in self._pieces], dtype=torch.int64)

    def state(self) -> dict[str, Any]:
        """JSON-ready; `from_state` makes the same tokenizer of it."""
        ids = {"bos_token_id": self._firsts, "eos_token_id": list(self.ends)}
        return {"tokenizer": self._json, "config": {"vocab_size": self.num_tokens, **ids}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The tokenizer whose `state` this is."""
        return cls(state["tokenizer"], state["config"])

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _highest(self) -> int:
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)

    def _all_pieces(self) -> list[bytes]:
        said = json.loads(self._json)
        kinds = {part.get("type") for part in _parts(said.get("decoder"))}
        added = {entry["id"]: entry for entry in said.get("added_tokens", [])}
        if "ByteLevel" in kinds:
            turned = {letter: number for number, letter in _letters().items()}

            def bytes_in(token: str) -> bytes:
                known = all(letter in turned for letter in token)
                return bytes(turned[letter] for letter in token) if known else token.encode()
        elif kinds & {"ByteFallback", "Metaspace"} or {"Replace", "Fuse"} <= kinds:

            def bytes_in(token: str) -> bytes:
                if byte := _BYTE.fullmatch(token):
                    return bytes([int(byte[1], 16)])
                return token.replace(_SPACE, " ").encode()
        else:
            raise ConfigError(
                f"Mintage knows the bytes of byte-level and of sentencepiece's tokens, but this tokenizer decodes by "
                f"{', '.join(sorted(filter(None, kinds))) or 'nothing'}. Choose another checkpoint."
            )
        pieces = [b""] * self.num_tokens
        for token, number in self._tokenizer.get_vocab(with_added_tokens=True).items():
            if number not in added:
                pieces[number] = bytes_in(token)
            elif not added[number].get("special"):
                pieces[number] = token.encode()
        return pieces


def _opened(tokenizer_json: str) -> Any:
    try:
        from tokenizers import Tokenizer  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ConfigError(
            'The tokenizer of this folder needs the package tokenizers. Install it: pip install "mintage[text]"'
        ) from error
    try:
        tokenizer = Tokenizer.from_str(tokenizer_json)
    except Exception as error:  # the package raises Exception itself
        raise ConfigError(f"This tokenizer.json cannot be read ({error}). Get it anew.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # "<|endoftext|>" in a text is text, not the end of it
    return tokenizer


def _letters() -> dict[int, str]:
    """The letter that byte-level tokenizers write for each byte (Radford et al., 2019): itself where it can be seen."""
    seen = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    unseen = [number for number in range(256) if number not in seen]
    return {number: chr(number if number in seen else 256 + unseen.index(number)) for number in range(256)}


def _parts(decoder: Mapping[str, Any] | None) -> Iterable[Mapping[str, Any]]:
    if not decoder:
        return []
    return decoder["decoders"] if decoder.get("type") == "Sequence" else [decoder]


def _numbers(id: Any) -> list[int]:
    return [] if id is None else [int(number) for number in (id if isinstance(id, list) else [id])]
