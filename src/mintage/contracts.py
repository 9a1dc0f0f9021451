"""The contracts between the rooms: read this file and you know the house.

Shapes stand in comments. B batch, C channels, H W D sides, T time or tokens, F features, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn

from mintage.forecasts import Foresight
from mintage.records import Column, Records

T = TypeVar("T")

# --- what flows -------------------------------------------------------------------------------


Makes = Literal["pictures", "text", "records", "series"]  # what a run makes, for those who show and judge it


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """What one encoded sample looks like; `None` marks a ragged axis."""

    shape: tuple[int | None, ...]  # (3, 64, 64) image | (1, 16384) wave | (None,) tokens | (17,) record
    classes: int | None = None  # V of integer tensors; None = real values in [-1, 1]
    start: int = 0  # of tokens: the one that a text begins after
    ends: tuple[int, ...] = ()  # of tokens: those that end a line
    columns: tuple[Column, ...] = ()  # of records, whose shape is (positions,): integer codes


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """What a model must make, and what it is told while making it."""

    x: TensorSpec
    condition: TensorSpec | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of the step's global batch this is: chance is drawn for the whole and cut, so cuts don't matter."""

    first: int
    total: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One draw from the data. Translation, vocoding, class-conditioning: the same three fields."""

    x: Tensor  # (B, *x.shape)
    condition: Tensor | None = None  # (B, *condition.shape): class, source image; nats that text costs by counting
    mask: Tensor | None = None  # (B, T) bool, True where a ragged x is real
    share: Share | None = None  # None: this is the whole batch

    def __len__(self) -> int:
        return len(self.x)

    def cut(self, draw: Callable[[int], Tensor]) -> Tensor:
        """Draw for the global batch, keep this share: (B, ...) that no worker count or micro-batch changes."""
        if self.share is None:
            return draw(len(self))
        return draw(self.share.total)[self.share.first : self.share.first + len(self)]


# --- data: how it is arranged (Source) is not what it is (Codec) ---------------------------------


@dataclass(frozen=True, slots=True)
class Example:
    """One raw example, not yet read."""

    name: str  # what a report calls it: a path, a row number
    x: Any  # a path, bytes, an array, a row, a line: whatever the codec reads
    condition: Any = None  # the index of a class, or a raw example of another codec


class Source(Protocol):
    """Examples in one arrangement: a folder, aligned pairs, two unaligned folders, rows, lines, windows."""

    @property
    def classes(self) -> Sequence[str]: ...  # names behind an integer condition; empty = no condition
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Example: ...
    def fingerprint(self) -> str: ...  # hash of the content: the same data, the same word


class Codec(Protocol):
    """One modality, both ways: raw -> stored tensor -> model's tensor -> something a person can open."""

    makes: ClassVar[Makes]
    suffixes: ClassVar[tuple[str, ...]]

    @property
    def spec(self) -> TensorSpec: ...
    def fit(self, raws: Iterable[Any]) -> Self: ...  # size and channels, vocabulary, column modes
    def encode(self, raw: Any) -> Tensor: ...  # the form that is packed on disk: uint8 pixels, tokens
    def expand(self, stored: Tensor) -> Tensor: ...  # (B, *stored) -> (B, *spec.shape), on any device
    def decode(self, x: Tensor) -> Any: ...  # one sample (*spec.shape) -> PIL image, wave, str, row
    def write(self, samples: Sequence[Any], path: Path) -> Path: ...
    def state(self) -> dict[str, Any]: ...  # JSON-ready: becomes codec.json in the run
    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self: ...


class TokenCodec(Codec, Protocol):
    """A codec of text: any string becomes integer tokens, each of which stands for some bytes of it."""

    fitted: ClassVar[tuple[str, ...]]  # settings that come from the data, or from elsewhere: no recipe holds them

    @property
    def tokens(self) -> str | None: ...  # their kind: "char", "byte", "bpe", "pretrained"; None: not chosen yet
    @property
    def num_tokens(self) -> int: ...  # V
    @property
    def longest(self) -> int | None: ...  # the context that they were made for; None: any
    @property
    def has_separator(self) -> bool: ...
    @property
    def separator(self) -> int | None: ...  # the token between documents: it ends a text
    @property
    def between(self) -> tuple[int, ...]: ...  # what stands before each document: nothing, or the separator, ...
    @property
    def beginning(self) -> int: ...  # what a text without a prompt goes on from
    def with_separator(self, wanted: bool = True) -> Self: ...
    def encode(self, raw: str, *, begins: bool = True) -> Tensor: ...  # (T,) int64; False: text stands before it
    def decode(self, x: Tensor) -> str: ...  # (T,)
    def pieces_of(self) -> list[bytes]: ...  # the bytes of each token; b"" of one that stands for no text
    def bytes_of(self) -> Tensor: ...  # (V,): how many these are
    def tokenizer_json(self) -> str: ...  # the same tokens, as other programs read them


class Augmentation(Protocol):
    """Changes samples as rows of uniform numbers say: deterministic, differentiable, one row a sample."""

    num_draws: int
    harmless_when: ClassVar[str]  # for a person: the data that this leaves true

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor: ...  # (B, *x), (B, num_draws) -> (B, *x)


class Degradation(Protocol):
    """Spoils a target into what its restorer is shown, as rows of uniform numbers say: one row a sample."""

    num_draws: int

    def spec(self, x: TensorSpec) -> TensorSpec: ...  # of what it makes of such samples
    def __call__(self, x: Tensor, chance: Tensor) -> Tensor: ...  # (B, *x), (B, num_draws) -> (B, *spec.shape)


# --- learning: a game has players; a turn says who moves and what it pays -------------------------

Terms = Mapping[str, Tensor]  # named scalars


@dataclass(frozen=True, slots=True)
class Stake:
    """What a turn costs its player, and what it lets us see."""

    pays: Terms  # weighted; the player moves to lower their sum
    shows: Terms = field(default_factory=dict)  # detached figures for watching: D(real), D(fake), ADA's p


@dataclass(frozen=True, slots=True)
class Turn:
    """One player's move in a step: who, for what stake, how often."""

    player: str  # key of Game.players
    stake: Callable[[Batch], Stake]
    every: int = 1  # moves when step % every == 0: n_critic = 5, lazy R1 = 16
    awake: tuple[str, ...] = ()  # idle players whose samples keep their graph, for their own turn later in the step


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters of a player that learn alike; a player without `groups()` is one group that learns by Adam."""

    parameters: Sequence[Tensor]
    rule: Literal["adam", "muon", "rows"] = "adam"  # "rows": tables with sparse gradients
    rate: float = 1.0  # times the player's learning rate
    passes: float | None = None  # they learn in the last so many passes over the data alone; None: always


class Sampler(Protocol):
    """What outlives training. All chance enters as one tensor, so seeds, exports and sliders agree."""

    def noise(self, n: int, rng: torch.Generator) -> Tensor: ...  # (n, *noise_shape)
    def __call__(self, noise: Tensor, condition: Tensor | None = None) -> Tensor: ...  # (n, *x.shape)


class LanguageModel(Protocol):
    """Says what comes next: an nn.Module that looks back at no more than `context` tokens."""

    num_tokens: int  # V
    context: int

    def __call__(self, tokens: Tensor) -> Tensor: ...  # (B, T) int64, T <= context -> (B, T, V) float32 logits
    def memory(self, rows: int) -> Any: ...  # an empty layers.memory.Memory with room for `context` tokens a row
    def read(self, tokens: Tensor, memory: Any) -> Tensor: ...  # (B, T) after those in memory -> (B, V): what is next


class Game(Protocol):
    """Who plays, in what order, for what stake. One player: likelihood. Two: adversarial.

    An nn.Module, so that one state_dict() is the whole of it: players, running means, ADA's p.
    Its chance is a function of (seed, step); its buffers move only in the turn of the player they belong to.
    """

    players: Mapping[str, nn.Module]
    sampler: Sampler  # an nn.Module too: training averages a copy of it

    def turns(self, step: int, seed: int) -> Sequence[Turn]: ...
    def examine(self, batch: Batch) -> Terms: ...  # figures on samples that nobody learns from; moves nothing
    def state_dict(self) -> Mapping[str, Tensor]: ...
    def load_state_dict(self, state_dict: Mapping[str, Tensor], /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Rung:
    """One size of a model, and how many training images it takes before this size pays."""

    settings: Mapping[str, Any]
    images: int  # of a writer: windows
    context: int | None = None  # of a writer: tokens that it looks back at


class Model(Protocol):
    """A frozen settings class of hyper-parameters that builds its game for one kind of data."""

    habits: ClassVar[Mapping[str, Any]]  # the training settings it learns best with; a recipe overrides them
    ladder: ClassVar[tuple[Rung, ...]]  # from small to large: what a time budget chooses from

    def build(self, spec: DataSpec) -> Game: ...  # raises SpecError: what it needs, what it was given


class Update(Protocol):
    """Makes one player move: plain, mixed-precision, or differentially private."""

    def __call__(self, turn: Turn, batches: Sequence[Batch]) -> Stake: ...  # detached; reading waits for the device


class Callback(Protocol):
    """Watches the loop; never changes what it learns."""

    def on_step(self, step: int, seen: Mapping[str, Tensor]) -> None: ...  # step: how many are done


# --- judging and leaving ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples in the form that is packed on disk: what a score sees is what a person would open, after 8 bits."""

    x: Tensor  # (N, *stored): pixels (N, H, W, C) uint8 | passages (N, T) int64 tokens
    labels: Tensor | None = None  # (N,) int64: the class that each is of, or was asked to be

    def __len__(self) -> int:
        return len(self.x)

    def rows(self, places: Tensor | slice) -> Examples:
        """Some of them."""
        return Examples(self.x[places], None if self.labels is None else self.labels[places])


class Embedder(Protocol):
    """Examples as points among which near means alike; ready to use."""

    identity: str  # "domain-5c0a81e2": name and hash of the weights, a part of every protocol id
    dim: int

    def __call__(self, x: Tensor) -> Tensor: ...  # (N, *stored) -> (N, F) float32, block by block


class Embedding(Protocol):
    """A frozen settings class that gets an embedder ready: finds its weights, or learns them from real examples."""

    def prepare(self, reals: Examples, cache: Path) -> Embedder: ...  # raises ConfigError: what is missing, what to do


@dataclass(frozen=True, kw_only=True, eq=False)
class Foretold:
    """What a stretch of text costs a writer, token by token, and the same stretch for others to foretell."""

    nats: Tensor  # (N,) float32
    tokens: Tensor  # (N,) int64
    train_nats: Tensor  # (M,) of about as many tokens that it learned from
    counted: Tensor  # (K,) int64: tokens of the training text, in order, that baselines are counted on
    sizes: Tensor  # (V,) UTF-8 bytes of each token
    stride: str  # how windows lie, in words
    alone: Tensor | None = None  # (N,) of a writer that stands beside counts: by its network alone, as train_nats are


@dataclass(frozen=True, kw_only=True, eq=False)
class Texts:
    """The same evidence in letters, where examples are passages of text; what a foreign text lacks is None."""

    made: Sequence[str]  # row by row as in Evidence.fake
    real: Sequence[str]  # as in Evidence.real
    train: Callable[[], Iterable[str | Iterable[str]]]  # documents of the training text, each whole or in its pieces
    documents: Sequence[str] = ()  # some that were held out whole
    foretold: Foretold | None = None
    write: Callable[[int, float], Sequence[str]] | None = None  # so many passages at a temperature
    compose: Callable[[int], Sequence[str]] | None = None  # so many whole documents
    learned: Sequence[str] = ()  # some whole documents of the training text


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What every metric of one judgement sees: made examples, and real ones in separate parts."""

    fake: Examples
    real: Examples  # the reference: real ones that nobody learned from
    control: Examples  # other real ones: what they score against the reference is the floor
    train: Examples  # what the generator learned from, as far as is known; of pictures its `control` is part
    embedder: Embedder
    classes: Sequence[str] = ()  # names behind the labels
    seed: int = 0
    train_is_known: bool = True  # False: `train` is `real` and `control` together, for want of anything better
    logits: Callable[[Examples], Tensor] | None = None  # the run's own discriminator: N examples -> (N,)
    inputs: Examples | None = None  # of a translation: what each fake was made from, row by row
    truth: Examples | None = None  # what each fake should be, row by row, where pairs are known
    returned: Examples | None = None  # each fake translated back, where the model goes both ways
    texts: Texts | None = None  # of a text: its passages in letters, and what its writer says of them
    records: Records | None = None  # of a table: its records as tables
    series: Foresight | None = None  # of time lines: forecasts beside what came, and stretches
    baselines: Mapping[str, Examples] = field(default_factory=dict)  # what simple means make of the same inputs
    _once: dict[str, Any] = field(default_factory=dict, repr=False)

    def points(self, part: str) -> Tensor:
        """The embedded "fake", "real", "control" or "train", computed once. Shape: (N, F) float32."""
        return self.once(f"points/{part}", lambda: self.embedder(getattr(self, part).x))

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What several metrics share and is dear to make: made for the first that asks, kept under a name for it."""
        if key not in self._once:
            self._once[key] = make()
        return self._once[key]  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number with what it takes to believe it."""

    name: str  # "frechet_distance"; a score of one class is "class_distance/bag"
    value: float
    low: float | None = None  # 95 % interval of the value at these counts
    high: float | None = None
    floor: float | None = None  # what the control scores against the reference: as good as real
    ideal: float | None = None  # what a perfect generator's value would be, where that is known: 0, 0.5, 1
    baselines: Mapping[str, float] = field(default_factory=dict)  # what simple means score: {"copy of the input": 0.4}
    counts: Mapping[str, int] = field(default_factory=dict)  # {"fake": 5000, "real": 5000}
    words: str = ""  # the same in a sentence for a person who knows no statistics
    remarks: Sequence[str] = ()  # what limits it: fallbacks, too few examples


@dataclass(frozen=True, slots=True)
class Pair:
    """A made example beside the training example that it is nearest to."""

    fake: int  # rows of Evidence.fake and Evidence.train
    train: int
    closeness: float  # 1 = as near as the nearest hundredth of unseen real ones; smaller is nearer
    words: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a metric found: scores, and what should be looked at instead of read."""

    scores: Sequence[Score]
    pairs: Sequence[Pair] = ()


class Metric(Protocol):
    """One score, or a few that are measured together; a frozen settings class."""

    reads: ClassVar[tuple[Makes, ...]]  # whose evidence it knows how to read

    def lacks(self, evidence: Evidence) -> str: ...  # why it can't be measured on this, in words; "" if it can
    def measure(self, evidence: Evidence) -> Findings: ...


class Exporter(Protocol):
    """A sampler as a file or a folder that other programs open; a frozen settings class."""

    def lacks(
        self, sampler: Sampler, codec: Codec
    ) -> str: ...  # why this one can't be exported, in words; "" if it can
    def export(self, sampler: Sampler, codec: Codec, path: Path) -> Path: ...  # raises ConfigError: something is there
    def load(self, path: Path) -> Callable[[Tensor], Tensor]: ...  # what was written, run again: for the parity test
