"""The generators that a studio holds open: the last few that were used, each with a thread of its own."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file

from mintage.directions import Directions, find_directions
from mintage.errors import MintageError, RunError
from mintage.run import RunDirectory
from mintage.storage import new_file
from mintage.trained import Trained
from mintage.training.checkpoint import Checkpoint, Checkpoints

__all__ = ["Busy", "Generators", "NoRun", "Opened"]

T = TypeVar("T")

_MOST_OPEN = 4
_MOST_BYTES = 1_500_000_000  # of weights, over all that are open; one is always allowed
_MOST_WAITING = 32
_NAME = re.compile(r"\w[\w.\-]{0,199}")


class NoRun(RunError):
    """No run has this name."""

    status = 404


class Busy(MintageError):
    """Too many wait for one generator."""

    status = 503


@dataclass(eq=False)
class Opened:
    """A generator, the thread that it works in, and its directions once they are known."""

    trained: Trained
    kept: Path  # where its directions lie
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "generator"))
    waiting: int = 0
    _directions: Directions | None = None

    @property
    def bytes(self) -> int:
        """Of its weights."""
        module: Any = self.trained.sampler
        return sum(one.numel() * one.element_size() for one in module.state_dict().values())

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
                self._open[key] = Opened(await asyncio.to_thread(Trained.open, run, checkpoint.step), kept)
            self._open.move_to_end(key)
            self._close_some()
        return self._open[key]

    async def call(self, name: str, step: int | None, work: Callable[[Opened], T]) -> T:
        """Do some work in the thread of a generator.

        Raises:
            Busy: too much waits for it already.
            MintageError: as of `open`, and of the work.
        """
        opened = await self.open(name, step)
        with _place(opened):
            return await asyncio.get_running_loop().run_in_executor(opened.thread, work, opened)

    async def stream(self, name: str, step: int | None, work: Callable[[Opened], Iterator[T]]) -> AsyncIterator[T]:
        """What work in the thread of a generator yields; it ends when nobody listens any more.

        Raises:
            Busy, MintageError: as of `call`.
        """
        opened = await self.open(name, step)
        loop, gone = asyncio.get_running_loop(), Event()
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

        def run() -> None:
            told = lambda *message: loop.call_soon_threadsafe(queue.put_nowait, message)  # noqa: E731
            try:
                for one in work(opened):
                    if gone.is_set():
                        return
                    told("next", one)
                told("end", None)
            except Exception as error:
                told("error", error)

        with _place(opened):
            done = loop.run_in_executor(opened.thread, run)
            try:
                while (message := await queue.get())[0] == "next":
                    yield message[1]
                if message[0] == "error":
                    raise message[1]
            finally:
                gone.set()
                await asyncio.shield(done)

    def _close_some(self) -> None:
        while len(self._open) > 1 and (
            len(self._open) > _MOST_OPEN or sum(one.bytes for one in self._open.values()) > _MOST_BYTES
        ):
            _, oldest = self._open.popitem(last=False)
            oldest.thread.shutdown(wait=False)


class _place:
    """One of the places in a generator's queue."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened

    def __enter__(self) -> None:
        if self.opened.waiting >= _MOST_WAITING:
            raise Busy("This generator has much to do already. Try again in a moment.")
        self.opened.waiting += 1

    def __exit__(self, *_: object) -> None:
        self.opened.waiting -= 1


def _checkpoint(run: RunDirectory, step: int | None) -> Checkpoint:
    kept = Checkpoints(run.checkpoints)
    if step is None:
        found = kept.best()
    else:
        found = next((one for one in kept.all() if one.step == step), None)
    if found is None:
        known = ", ".join(str(one.step) for one in kept.all())
        which = "no checkpoint yet" if step is None else f"no checkpoint of step {step} any more"
        raise RunError(f"{run.path.name} has {which}{f'; it has {known}' if known else ''}.")
    return found
