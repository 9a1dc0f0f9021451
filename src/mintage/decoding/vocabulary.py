"""What decoding knows of text: the bytes of each token, which token parts documents, and what must not be copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from mintage.decoding.known_spans import KnownSpans
from mintage.errors import ConfigError

__all__ = ["Vocabulary"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The bytes of every token of a codec; all of a text's tokens together are its UTF-8.

    >>> Vocabulary.of(["春", "风", "\\n", ""], separator=3).bytes_of([0, 1])
    b'\\xe6\\x98\\xa5\\xe9\\xa3\\x8e'
    """

    pieces: tuple[bytes, ...]  # by token; b"" of one that stands for no text
    separator: int | None = None  # the token between documents: it ends a text
    beginning: int | None = None  # what a text without a prompt goes on from, where that is not the separator
    known: KnownSpans | None = None  # spans that must not be written

    @classmethod
    def of(cls, pieces: Iterable[str | bytes], separator: int | None = None, beginning: int | None = None) -> Self:
        """From the text of each token, where every token is whole characters, or from its bytes."""
        raw = tuple(piece.encode() if isinstance(piece, str) else bytes(piece) for piece in pieces)
        return cls(raw, separator, beginning)

    def bytes_of(self, tokens: Iterable[int]) -> bytes:
        """What tokens stand for, one after another."""
        return b"".join([self.pieces[token] for token in tokens])

    def text_of(self, tokens: Iterable[int]) -> str:
        """The same as text; bytes that are no UTF-8 become U+FFFD."""
        return self.bytes_of(tokens).decode("utf-8", "replace")

    def document(self, tokens: Sequence[int]) -> Sequence[int]:
        """The tokens after the last separator: those of the text that is being written."""
        for place in range(len(tokens) - 1, -1, -1):
            if tokens[place] == self.separator:
                return tokens[place + 1 :]
        return tokens

    def start(self) -> int:
        """The token that a text without a prompt goes on from.

        Raises:
            ConfigError: there is none.
        """
        token = self.separator if self.beginning is None else self.beginning
        if token is None:
            raise ConfigError(
                "An empty prompt needs a token to go on from, and this codec has none between documents. "
                "Give a prompt, a line break will do, or Vocabulary(beginning=...)."
            )
        return token
