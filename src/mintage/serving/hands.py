"""Who does an engine's work: a thread of this process, or a process of its own that may die without taking us along."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mintage.errors import MintageError
from mintage.serving.frames import HEAD, Frame, lengths, pack, raised, unpack

__all__ = ["Hand", "InProcess", "InThread", "Lost", "pieces_of"]

T = TypeVar("T")

AT_ONCE = 0.01  # seconds of a text's pieces that are heard together
BETWEEN = 1.0  # seconds between two starts


class Lost(MintageError):
    """The process that worked is gone; it is started again."""


class Hand(Protocol):
    """One worker, which does one thing after another."""

    async def do(self, orders: Sequence[Any]) -> tuple[Sequence[Any], float]:
        """What comes of each order, or its exception, and the seconds that they took. Raises: Lost."""

    async def next(self, mark: Any) -> tuple[Sequence[Any], bool]:
        """The next pieces of what an order began to write, and whether it has ended. Raises: Lost."""

    async def drop(self, mark: Any) -> None:
        """Nobody listens to it any more. Raises: Lost."""

    async def close(self) -> None:
        """End it."""


def pieces_of(pieces: Iterator[Any]) -> tuple[list[Any], bool]:
    """What comes within `AT_ONCE` seconds, one piece at least, and whether that was the end."""
    ends, found = time.perf_counter() + AT_ONCE, []
    for piece in pieces:
        found.append(piece)
        if time.perf_counter() >= ends:
            return found, False
    return found, True


class InThread:
    """A thread; orders are functions of nothing, and what is written is an iterator."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def do(self, orders: Sequence[Callable[[], Any]]) -> tuple[Sequence[Any], float]:
        """As of `Hand`."""

        def work() -> tuple[Sequence[Any], float]:
            started = time.perf_counter()
            return [_outcome(order) for order in orders], time.perf_counter() - started

        return await self.run(work)

    async def next(self, mark: Iterator[Any]) -> tuple[Sequence[Any], bool]:
        """As of `Hand`."""
        return await self.run(lambda: pieces_of(mark))

    async def drop(self, mark: Any) -> None:
        """As of `Hand`."""
        if hasattr(mark, "close"):
            await self.run(mark.close)

    async def close(self) -> None:
        """As of `Hand`."""
        await asyncio.to_thread(self._pool.shutdown)

    async def run(self, work: Callable[[], T]) -> T:
        """What work comes to in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _outcome(order: Callable[[], Any]) -> Any:
    try:
        return order()
    except Exception as error:
        return error


class InProcess:
    """A process that owns a run's generator (`serving.worker`); orders and answers are frames on its pipes.

    If it dies, what it was doing is lost, and the next order starts another one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.about: Mapping[str, Any] = {}  # what the worker said of its generator
        self._process: asyncio.subprocess.Process | None = None
        self._begun = -BETWEEN
        self._life = 0  # which process: a text that was being written in another one is lost
        self._promises: deque[asyncio.Future[Frame]] = deque()  # answers that will come, in order
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Start it, and wait until its generator is loaded.

        Raises:
            MintageError: the run cannot be loaded.
        """
        await asyncio.sleep(max(0.0, self._begun + BETWEEN - time.monotonic()))
        self._begun = time.monotonic()
        words = [sys.executable, "-m", "mintage.serving.worker", str(self.path)]
        process = await asyncio.create_subprocess_exec(
            *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=2**22
        )
        hello = asyncio.get_running_loop().create_future()
        self._process, self._promises = process, deque([hello])
        self._hearing = asyncio.ensure_future(self._hear(process, self._promises))
        said = (await hello).said
        if "error" in said:
            await self.close()
            raise raised(said)
        self.about = said

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return self._process.pid if self._process else None

    async def do(self, orders: Sequence[Frame]) -> tuple[Sequence[Any], float]:
        """As of `Hand`: a frame for each order, or its error."""
        answer = await self._ask("do", {"orders": [order.said for order in orders]}, [_blob(order) for order in orders])
        found, first = list[Any](), 0
        for said in answer.said["answers"]:
            if "error" in said:
                found.append(raised(said))
                continue
            found.append(Frame(said, answer.blobs[first : first + said["blobs"]]))
            first += said["blobs"]
        return found, answer.said["seconds"]

    async def next(self, mark: Frame) -> tuple[Sequence[Any], bool]:
        """As of `Hand`; `mark` is the answer to the order that began it."""
        said = (await self._of("next", mark)).said
        if "error" in said:
            raise raised(said)
        return said["pieces"], said["ended"]

    async def drop(self, mark: Frame) -> None:
        """As of `Hand`."""
        await self._of("drop", mark)

    async def close(self) -> None:
        """As of `Hand`: it ends when nothing more can come."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 5.0)
                return
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _of(self, verb: str, mark: Frame) -> Frame:
        if mark.said["life"] != self._life:
            raise Lost("The text was being written by a process that is gone. Ask again.")
        return await self._ask(verb, {"stream": mark.said["stream"]}, [])

    async def _ask(self, verb: str, said: dict[str, Any], blobs: Sequence[bytes]) -> Frame:
        async with self._starting:
            if self._process is None:
                await self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        promise = asyncio.get_running_loop().create_future()
        self._promises.append(promise)
        self._process.stdin.writelines(pack(Frame({"verb": verb, "life": self._life, **said}, blobs)))
        answer: Frame = await promise
        return answer

    async def _hear(self, process: asyncio.subprocess.Process, promises: deque[asyncio.Future[Frame]]) -> None:
        """Keep promises in their order, until the process ends; those that are left then are lost."""
        assert process.stdout is not None
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                said, blobs = lengths(await process.stdout.readexactly(HEAD))
                frame = unpack(await process.stdout.readexactly(said), await process.stdout.readexactly(blobs))
                promise = promises.popleft()
                if not promise.done():
                    promise.set_result(frame)
        with suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
        if self._process is process:
            self._process, self._life = None, self._life + 1
        for promise in promises:
            if not promise.done():
                promise.set_exception(Lost(f"The process of {self.path.name} ended ({code}), and is started again."))


def _blob(order: Frame) -> bytes:
    return order.blobs[0] if order.blobs else b""
