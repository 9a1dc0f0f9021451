"""What a job is: what was ordered, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from mintage.config import Settings
from mintage.errors import ConfigError

__all__ = ["ENDED", "Job", "Kind", "Order", "State", "check_settings"]

Kind = Literal["train", "generate", "evaluate", "export"]
State = Literal["queued", "running", "pausing", "paused", "done", "failed", "cancelled"]
ENDED = ("done", "failed", "cancelled")

MOST_MADE = 1_000_000


class Order(Settings):
    """What a person asks for."""

    kind: Kind
    """train, generate, evaluate or export."""
    data: str = Field("", max_length=200)
    """Of a training: what it learns from, by its name in the studio."""
    run: str = Field("", max_length=200)
    """Of all others: the run, by the name of its folder."""
    budget: str = Field("", max_length=20)
    """Of a training: time to train, such as "10m"."""
    model: str = Field("", max_length=200)
    """Of a training: the model; unset: chosen for the data."""
    overrides: dict[str, Any] = {}
    """Settings of the recipe, such as {"training": {"steps": 2000}}; of other kinds, those of the verb."""
    count: int = Field(64, ge=1, le=MOST_MADE)
    """How many to generate."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Names everything that is left to chance."""

    @model_validator(mode="after")
    def _names_what_it_works_on(self) -> Order:
        if self.kind == "train" and not self.data:
            raise ValueError("a training needs data to learn from")
        if self.kind != "train" and not self.run:
            raise ValueError(f"to {self.kind}, name a run")
        return self


@dataclass(frozen=True)
class Job:
    """One row of the queue, as pages see it. Times are seconds since 1970; `message` is a short word or an error."""

    id: int
    kind: Kind
    title: str
    state: State
    position: int
    run: str | None
    created: float
    started: float | None
    ended: float | None
    step: int
    steps: int
    eta_seconds: float | None
    message: str
    change: int
    order: dict[str, Any]
    wanted: str = ""  # what a pausing job becomes: "paused" or "cancelled"
    attempts: int = 0  # starts in a row that got no further
    reached: int = 0  # what it had kept when it was last started

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it by itself."""
        return self.state in ENDED

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, without what only the keeper needs."""
        values = asdict(self)
        for inner in ("wanted", "attempts", "reached", "change"):
            del values[inner]
        return values

    def refuse(self, verb: str) -> ConfigError:
        """That this cannot be done to it now."""
        return ConfigError(f"Job {self.id} is {self.state}, so it cannot {verb}.")


def check_settings(overrides: Mapping[str, Any]) -> None:
    """Refuse settings that name files or code of this machine: a page may not reach for those.

    Raises:
        ConfigError: one does.
    """
    for key, value in overrides.items():
        if key in ("path", "origin", "child", "base", "weights"):
            raise ConfigError(f"{key} names a file of this machine, which a page may not: use mintage train for that.")
        if isinstance(value, Mapping):
            check_settings(value)
        elif key in ("name", "source", "embedding", "format") and ":" in str(value):
            raise ConfigError(f"{value!r} names code of this machine, which a page may not run.")
