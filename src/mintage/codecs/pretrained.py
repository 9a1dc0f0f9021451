"""Text as the tokens of a pretrained language model: its folder's own tokenizer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Makes, TensorSpec
from mintage.errors import ConfigError
from mintage.hugging_face.folder import read_tokenizer
from mintage.hugging_face.tokenizer import HuggingFaceTokenizer

__all__ = ["PretrainedCodec"]

_SAID = ("model_type", "vocab_size", "bos_token_id", "eos_token_id")
_LONGEST = ("n_positions", "max_position_embeddings")


class PretrainedCodec(Settings):
    """Strings as the tokens that the language model of a local folder was trained on.

    Choose it for fine-tuning, and only there: the numbers of its tokens mean something to that model alone. The
    tokenizer is kept with a run whole, so its texts can be read when the folder is gone. Documents are parted by the
    token that ends a text, and by the one that begins a text where the model has two.

    Shape: encoded (T,) int64.
    """

    base: Path | None = None
    """The folder with config.json and tokenizer.json."""
    tokenizer: str | None = None
    """What tokenizer.json says."""
    config: dict[str, Any] = {}
    """What config.json says of tokens and of the context."""
    has_separator: bool = False
    """Whether documents are parted; fixed when the data is packed."""

    makes: ClassVar[Makes] = "text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".md", ".text")
    fitted: ClassVar[tuple[str, ...]] = ("has_separator", "tokenizer", "config")
    tokens: ClassVar[str] = "pretrained"

    @classmethod
    def read(cls, values: Mapping[str, Any], where: str = "") -> Self:
        """Validate plain values; a codec that is named by its base alone gets its tokenizer from there.

        Raises:
            ConfigError: as `Settings.read`; or the base is not named, not there, or damaged.
        """
        codec = super().read(values, where)
        if codec.tokenizer is not None:
            return codec
        if codec.base is None:
            raise ConfigError("Name the folder of the model that is to learn: base=FOLDER, with its config.json.")
        tokenizer, config = read_tokenizer(codec.base)
        said = {key: config[key] for key in (*_SAID, *_LONGEST) if config.get(key) is not None}
        codec = codec.model_copy(update={"tokenizer": tokenizer, "config": said})
        assert codec._own.num_tokens  # a tokenizer that cannot be used is refused before the data is read
        return codec

    @property
    def spec(self) -> TensorSpec:
        """What a model sees: any number of tokens."""
        return self._own.spec

    @property
    def num_tokens(self) -> int:
        """How many different tokens the model knows, those without a text among them."""
        return self._own.num_tokens

    @property
    def longest(self) -> int | None:
        """Tokens that the base looks back at."""
        return next((int(self.config[key]) for key in _LONGEST if key in self.config), None)

    @property
    def separator(self) -> int | None:
        """The token that ends a text, where documents are parted."""
        return self._own.separator if self.has_separator else None

    @property
    def between(self) -> tuple[int, ...]:
        """What stands before each document: what ends the one before it, and what begins this."""
        if self.separator is None:
            return ()
        return tuple(dict.fromkeys((self.separator, self.beginning)))

    @property
    def beginning(self) -> int:
        """The token that a text without a prompt goes on from."""
        return self._own.beginning

    def fit(self, pieces: Iterable[str]) -> Self:
        """Itself: what it knows it has from its base."""
        return self

    def with_separator(self, wanted: bool = True) -> Self:
        """The same with documents parted, if the base has a token for that, or not."""
        parted = wanted and self._own.separator is not None
        return type(self)(**{**self.model_dump(), "has_separator": parted})

    def encode(self, raw: str, *, begins: bool = True) -> Tensor:
        """The tokens of a string, without special ones around them. Shape: (T,) int64.

        `begins` is False for what goes on from text before it.
        """
        return self._own.encode(raw, begins=begins)

    def expand(self, stored: Tensor) -> Tensor:
        """What a model reads. Shape: (B, T) of any integers -> (B, T) int64."""
        return stored.long()

    def decode(self, x: Tensor) -> str:
        """The string of some tokens; special ones are nothing, bytes that are no UTF-8 become U+FFFD. Shape: (T,)."""
        return self._own.decode(x)

    def pieces_of(self) -> list[bytes]:
        """The bytes of each token, which may be a part of a character; none of special ones."""
        return self._own.pieces_of()

    def bytes_of(self) -> Tensor:
        """UTF-8 bytes of each token, for bits per byte. Shape: (V,)."""
        return self._own.bytes_of()

    def write(self, samples: Sequence[Any], path: Path, *, names: Sequence[str] | None = None) -> Path:
        """Save samples (tensors or strings) as .txt files, UTF-8 with their own line ends, in the folder `path`."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        for number, sample in enumerate(samples):
            text = self.decode(sample) if isinstance(sample, Tensor) else str(sample)
            name = names[number] if names else f"{number:06d}"
            (path / f"{name}.txt").write_text(text, "utf-8", newline="")
        return path

    def tokenizer_json(self) -> str:
        """The base's tokenizer.json."""
        return self.tokenizer or ""

    def state(self) -> dict[str, Any]:
        """All settings and the whole tokenizer, JSON-ready."""
        return self.model_dump(mode="json")

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The codec of a state."""
        return cls.read(state, "codec")

    @cached_property
    def _own(self) -> HuggingFaceTokenizer:
        return HuggingFaceTokenizer(self.tokenizer or "", self.config)
