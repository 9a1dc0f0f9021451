"""What a generator is asked for, as one frozen group of settings: whoever asks for the same gets the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from mintage.config import Settings
from mintage.errors import ConfigError

__all__ = ["How", "Wish", "read_settings"]

How = Literal["draw", "walk", "translate", "write", "records", "scenarios"]
Amount = Annotated[float, Field(ge=-12, le=12)]
Index = Annotated[int, Field(ge=0, lt=1_000)]

_DEEPEST = 24  # variations of variations
_OF_THE_FILE = ("run", "mintage")  # that its settings say besides the wish
_LARGEST_SEED = 2**53 - 1  # a whole number in every language


class Wish(Settings):
    """Everything that decides what is made of a checkpoint."""

    how: How = "draw"
    """What is done: draw, walk between, translate, write, records, scenarios."""
    step: int | None = Field(None, ge=0)
    """The checkpoint; unset: the best."""
    seed: int = Field(0, ge=0, le=_LARGEST_SEED)
    """The same seed names the same samples."""
    first: int = Field(0, ge=0, le=1_000_000)
    """The first sample's number."""
    count: int = Field(1, ge=1, le=100_000)
    """How many samples; of tables how many rows."""
    of: int | str | None = None
    """A class, by name or number; unset: each in turn."""
    truncation: float = Field(1.0, ge=0, le=2)
    """Scales z: below 1 more typical, above 1 more unusual samples (Brock et al., 2019)."""
    at: dict[Index, Amount] = {}
    """How far along which latent directions, in standard deviations."""
    like: Wish | None = None
    """Variations of this one; number 0 is itself."""
    spread: float = Field(0.35, ge=0, le=1)
    """How far variations are."""
    stops: tuple[Wish, ...] = Field((), max_length=24)
    """Of a walk: what it visits."""
    frames: int = Field(24, ge=2, le=120)
    """Of a walk: frames from one stop to the next."""
    source: str = Field("", pattern="^([0-9a-f]{64})?$")
    """Of a translation: the SHA-256 of the picture that it starts from."""
    strength: float = Field(1.0, ge=0, le=1)
    """Of a translation: 0 keeps the picture, 1 is the translator's."""
    prompt: str = Field("", max_length=20_000)
    """What a text goes on from."""
    heading: str | None = Field(None, max_length=1_000)
    """The line over a text."""
    template: str = Field("", max_length=200)
    """Lengths of a text's lines, such as 5,7,5."""
    temperature: float = Field(1.0, ge=0, le=10)
    """Of texts and records: above 1 bolder, below 1 safer."""
    length: int | None = Field(None, ge=1, le=20_000)
    """Tokens of a text at most."""
    decoding: dict[str, Any] = {}
    """Other settings of how tokens are chosen."""
    where: str = Field("", max_length=2_000)
    """Of records: a condition that they meet."""
    balance: str = Field("", max_length=200)
    """Of records: a column whose levels are equally common."""
    no_missing: bool = False
    """Of records: every value is there."""
    horizon: int = Field(20, ge=1, le=10_000)
    """Of scenarios: steps that each goes on."""

    @classmethod
    def asked(cls, values: Any) -> Self:
        """The wish of plain values, say of a page.

        Raises:
            ConfigError: a value that does not fit; or variations of variations of ... without end.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"Settings are a mapping of names and values, not {type(values).__name__}.")
        if _depth(values) > _DEEPEST:
            raise ConfigError(f"Variations of variations go {_DEEPEST} deep at most. Start from a seed again.")
        return cls.read(values)

    def one(self, index: int) -> Self:
        """The wish for the sample of this number alone."""
        return self.model_copy(update={"first": index, "count": 1})

    def settings(self, run: str) -> dict[str, Any]:
        """What a file of this wish carries: the run, and all that is not as it would be anyway."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        if self.at:
            said["at"] = {str(index): amount for index, amount in sorted(self.at.items())}
        return {"run": run, **said}


def read_settings(settings: Mapping[str, Any]) -> tuple[str, Wish]:
    """The run and the wish that a file's settings name.

    Raises:
        ConfigError: they were not written by Mintage, or edited.
    """
    run = settings.get("run")
    if not isinstance(run, str) or not run:
        raise ConfigError("These settings name no run.")
    return run, Wish.asked({key: value for key, value in settings.items() if key not in _OF_THE_FILE})


def _depth(values: Any) -> int:
    """How many layers of `like` and `stops` there are; counted before anything is validated, and never without end."""
    depth, layer = 0, [values]
    while layer and depth <= _DEEPEST:
        inner: list[Any] = []
        for one in layer:
            stops = one.get("stops")
            inner += [one.get("like"), *(stops if isinstance(stops, list | tuple) else ())]
        layer, depth = [one for one in inner if isinstance(one, Mapping)], depth + 1
    return depth
