"""The generators that one server offers, each in its own process, started while it already answers that it lives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mintage.errors import ConfigError, MintageError
from mintage.registry import suggest
from mintage.serving.engine import Engine, Limits
from mintage.serving.hands import InProcess
from mintage.serving.sizes import Sizes

__all__ = ["Caps", "Service"]


@dataclass(frozen=True)
class Caps:
    """The most that one request may ask for."""

    pictures: int = 64
    texts: int = 16
    tokens: int = 4_096
    records: int = 100_000
    seconds: float = 30.0  # until work must have begun, where the request does not say


@dataclass
class Service:
    """Engines by the name of their run; the first one answers where no model is named."""

    paths: Sequence[Path]
    limits: Limits = field(default_factory=Limits)
    caps: Caps = field(default_factory=Caps)
    hire: Callable[[Path], InProcess] = InProcess  # who works for a run
    engines: dict[str, Engine] = field(default_factory=dict)
    failure: str = ""
    draining: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether every generator can be asked."""
        return len(self.engines) == len(self.paths) and not self.draining

    async def open(self) -> None:
        """Load every run; what cannot be loaded is told by `failure`."""
        try:
            names = [path.resolve().name for path in self.paths]
            if twice := next((name for name in names if names.count(name) > 1), ""):
                raise ConfigError(f"Two of the runs are called {twice}: the name is how a program asks.")
            for name, path in zip(names, self.paths, strict=True):
                hand = self.hire(path)
                await hand.start()
                sizes = Sizes({int(size): seconds for size, seconds in hand.about["sizes"]})
                self.engines[name] = Engine(name, hand, sizes, self.limits, hand.about)
        except MintageError as error:
            self.failure = str(error)
            raise

    async def close(self) -> None:
        """Finish what was accepted."""
        self.draining = True
        await asyncio.gather(*(engine.close() for engine in self.engines.values()))

    def find(self, name: str | None) -> Engine:
        """The engine of a model's name; without one, the first.

        Raises:
            KeyError: there is none of this name; its text says what there is.
        """
        if not self.engines:
            raise KeyError("No generator is ready yet. Ask /readyz.")
        if not name:
            return next(iter(self.engines.values()))
        if name not in self.engines:
            raise KeyError(f"There is no model {name!r} here. {suggest(name, list(self.engines))}")
        return self.engines[name]

    @property
    def is_full(self) -> bool:
        """Whether no engine would take one more request."""
        return bool(self.engines) and all(engine.throttle.is_full for engine in self.engines.values())

    def waiting(self) -> Mapping[str, int]:
        """Orders that wait, by engine."""
        return {name: engine.waiting for name, engine in self.engines.items()}
