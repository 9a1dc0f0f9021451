"""The generators that a studio holds open: the last few that were used, each behind an engine of the service."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mintage.directions import Directions, find_directions
from mintage.errors import RunError
from mintage.run import RunDirectory
from mintage.serving.engine import Engine, Limits
from mintage.serving.hands import InThread
from mintage.serving.measuring import draw_in, measure
from mintage.serving.sizes import Sizes
from mintage.storage import new_file
from mintage.trained import Trained
from mintage.training.checkpoint import Checkpoint, Checkpoints

__all__ = ["PATIENCE", "Generators", "NoRun", "Opened"]

T = TypeVar("T")

_MOST_OPEN = 4
_MOST_BYTES = 1_500_000_000  # of weights, over all that are open; one is always allowed
_LIMITS = Limits(batches=200, waiting=64)  # one person waits longer than a program would
PATIENCE = 120.0  # seconds until work must have begun
_NAME = re.compile(r"\w[\w.\-]{0,199}")


class NoRun(RunError):
    """No run has this name."""

    status = 404


@dataclass(eq=False)
class Opened:
    """A generator that a thread owns, the engine before it, and its directions once they are known."""

    engine: Engine
    trained: Trained
    kept: Path  # where its directions lie
    _directions: Directions | None = None

    @property
    def bytes(self) -> int:
        """Of its weights."""
        module: Any = self.trained.sampler
        return sum(one.numel() * one.element_size() for one in module.state_dict().values())

    def draw(self, noise: Tensor, told: Tensor | None) -> Tensor:
        """The samples of noise, as soon as they can be had. To be called in its thread. Shape: as of `Trained.draw`."""
        return draw_in(self.trained, self.engine.sizes, noise, told)

    def directions(self) -> Directions:
        """Those of this checkpoint, found once and kept. To be called in its thread.

        Raises:
            ConfigError: it draws no pictures from noise.
        """
        if self._directions is None:
            with suppress(OSError, ValueError, KeyError, RuntimeError):
                found = load_file(self.kept)
                self._directions = Directions(found["vectors"], tuple(found["shares"].tolist()))
        if self._directions is None:
            self._directions = find_directions(self.trained)
            shares = torch.tensor(self._directions.shares, dtype=torch.float64)
            self.kept.parent.mkdir(parents=True, exist_ok=True)
            with new_file(self.kept) as temporary:
                save_file({"vectors": self._directions.vectors.contiguous(), "shares": shares}, temporary)
        return self._directions


class Generators:
    """Opens runs when they are first asked for, and closes those that were not used for longest."""

    def __init__(self, runs: Path, kept: Path) -> None:
        self.runs, self.kept = runs, kept
        self._open: OrderedDict[tuple[str, int], Opened] = OrderedDict()
        self._opening = asyncio.Lock()
        self._closing: set[asyncio.Future[None]] = set()

    def directory(self, name: str) -> RunDirectory:
        """A run by the name of its folder.

        Raises:
            NoRun: there is none.
        """
        path = self.runs / name
        if not _NAME.fullmatch(name) or not (path / "recipe.toml").is_file():
            raise NoRun(f"There is no run {name[:80]!r} in {self.runs}.")
        return RunDirectory.open(path)

    async def open(self, name: str, step: int | None = None) -> Opened:
        """The generator of a run as the best checkpoint has it, or that of a step.

        Raises:
            NoRun, RunError: there is none, or its checkpoint is gone or damaged.
        """
        run = self.directory(name)
        checkpoint = await asyncio.to_thread(_checkpoint, run, step)
        key = (name, checkpoint.step)
        async with self._opening:
            if key not in self._open:
                mark = str(checkpoint.state.get("sha256", {}).get("sampler.safetensors", ""))[:12]
                kept = self.kept / f"{name}-{checkpoint.step:07}-{mark}.safetensors"
                self._open[key] = await _opened(run, checkpoint.step, kept)
            self._open.move_to_end(key)
            self._close_some()
            return self._open[key]

    async def call(self, name: str, step: int | None, work: Callable[[Opened], T]) -> T:
        """Do some work in the thread of a generator.

        Raises:
            Overloaded, TooLate: too much waits for it already.
            MintageError: as of `open`, and of the work.
        """
        opened = await self.open(name, step)
        result: T = await opened.engine.call(lambda: work(opened), time.monotonic() + PATIENCE)
        return result

    async def stream(self, name: str, step: int | None, work: Callable[[Opened], Iterator[str]]) -> AsyncGenerator[str]:
        """Pieces that work in the thread of a generator yields; it ends when nobody listens any more.

        Raises:
            MintageError: as of `call`.
        """
        opened = await self.open(name, step)
        async for piece in opened.engine.stream(lambda: work(opened), time.monotonic() + PATIENCE):
            yield piece

    def _close_some(self) -> None:
        while len(self._open) > 1 and (
            len(self._open) > _MOST_OPEN or sum(one.bytes for one in self._open.values()) > _MOST_BYTES
        ):
            _, oldest = self._open.popitem(last=False)
            closing = asyncio.ensure_future(oldest.engine.close())  # what it was asked for, it still does
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


async def _opened(run: RunDirectory, step: int, kept: Path) -> Opened:
    """Load a checkpoint in the thread that will own it."""

    def load() -> tuple[Trained, Sizes]:
        trained = Trained.open(run, step)
        return trained, measure(trained)

    hand = InThread(run.path.name)
    try:
        trained, sizes = await hand.run(load)
    except BaseException:
        await hand.close()
        raise
    return Opened(Engine(run.path.name, hand, sizes, _LIMITS), trained, kept)


def _checkpoint(run: RunDirectory, step: int | None) -> Checkpoint:
    kept = Checkpoints(run.checkpoints)
    found = kept.best() if step is None else next((one for one in kept.all() if one.step == step), None)
    if found is None:
        known = ", ".join(str(one.step) for one in kept.all())
        which = "no checkpoint yet" if step is None else f"no checkpoint of step {step} any more"
        raise RunError(f"{run.path.name} has {which}{f'; it has {known}' if known else ''}.")
    return found
