"""The client of benchmarks/serving.py: asks for pictures of seeds over HTTP/1.1, as cheaply as Python allows.

It shares two cores with the server that it measures, so what it costs is taken from the server: connections are bare
protocols that are kept and used again, without a task or a future for each request.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

SEEDS = 100
SOON = 0.1  # seconds: a person does not notice that they waited
TIMEOUT = 10.0  # seconds after which a client gives up
KEPT = 4_000  # pictures of a load that are compared

try:
    from uvloop import new_event_loop
except ModuleNotFoundError:  # Windows
    from asyncio import new_event_loop


@dataclass
class Load:
    """What came of requests: seconds of those answered with 200, other statuses, and pictures by seed."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    pictures: list[tuple[int, bytes]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)  # seconds by which the client itself was behind
    without_retry_after: int = 0
    wall: float = 0.0
    ends: float = float("inf")  # by time.perf_counter: what arrives later is no goodput of this window
    within: int = 0
    soon: int = 0  # of those, answered within `SOON`

    @property
    def goodput(self) -> float:
        """Pictures a second."""
        return self.within / self.wall

    def count(self, status: str) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def told(self) -> dict[str, Any]:
        """In figures."""
        cut = quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [float("nan")] * 99
        late = quantiles(self.late, n=100)[94] if len(self.late) > 1 else 0.0
        return {
            "goodput": round(self.goodput, 1), "within_100_ms": round(self.soon / self.wall, 1),
            "p50_ms": round(1000 * cut[49], 2), "p95_ms": round(1000 * cut[94], 2), "p99_ms": round(1000 * cut[98], 2),
            "client_late_p95_ms": round(1000 * late, 2), "statuses": self.statuses,
        }  # fmt: skip


class Connection(asyncio.Protocol):
    """One connection, which asks again as soon as it has been answered and there is something to ask."""

    def __init__(self, client: Client) -> None:
        self.client, self.seed, self.due, self.sent, self.held = client, -1, 0.0, 0.0, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.write()

    def ask(self, due: float, seed: int) -> None:
        self.due, self.seed = due, seed

    def write(self) -> None:
        body = b'{"seed": %d}' % self.seed
        self.sent = time.perf_counter()
        self.transport.write(self.client.head + b"%d\r\n\r\n" % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.held[:end].lower()
        at = head.find(b"content-length: ")
        length = int(head[at + 16 :].partition(b"\r\n")[0]) if at >= 0 else 0
        if len(self.held) < end + 4 + length:
            return
        body, self.held = self.held[end + 4 :], b""
        self.client.answered(self, head, body)

    def connection_lost(self, error: Exception | None) -> None:
        self.client.lost(self)


class Client:
    """All connections to a port, and what came of what was asked."""

    def __init__(self, port: int, keep: int = KEPT) -> None:
        self.port, self.keep, self.load = port, keep, Load()
        self.head = (
            f"POST /v1/generate HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
            "accept: image/png\r\ncontent-length: "
        ).encode()
        self.free: list[Connection] = []
        self.busy: set[Connection] = set()
        self.again: Callable[[Connection], None] = self.free.append  # what a connection does after an answer
        self.replace: Callable[[Connection], None] = lambda connection: None  # and what follows one that is lost

    def ask(self, due: float, seed: int) -> None:
        """Ask on a free connection, or on a new one."""
        if self.free:
            connection = self.free.pop()
            connection.ask(due, seed)
            self.busy.add(connection)
            connection.write()
            return
        connection = Connection(self)
        connection.ask(due, seed)
        self.busy.add(connection)
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.create_connection(lambda: connection, "127.0.0.1", self.port))  # type: ignore
        task.add_done_callback(lambda done: self.lost(connection) if done.exception() else None)

    def answered(self, connection: Connection, head: bytes, body: bytes) -> None:
        if connection not in self.busy:
            return  # it was given up
        self.busy.discard(connection)
        load, status = self.load, head[9:12].decode()
        load.count(status)
        load.late.append(connection.sent - connection.due)
        if status == "200":
            now = time.perf_counter()
            load.seconds.append(now - connection.due)
            load.within += now <= load.ends
            load.soon += now <= load.ends and now - connection.due <= SOON
            if len(load.pictures) < self.keep:
                load.pictures.append((connection.seed, body))
        elif b"\r\nretry-after: " not in head:
            load.without_retry_after += 1
        if b"\r\nconnection: close" in head:
            connection.transport.close()
        else:
            self.again(connection)

    def lost(self, connection: Connection) -> None:
        if connection in self.busy:
            self.busy.discard(connection)
            self.load.count("lost")
            self.replace(connection)
        elif connection in self.free:
            self.free.remove(connection)

    async def finish(self) -> None:
        """Wait for what is under way, as long as a client would, and close."""
        self.replace = lambda connection: None
        deadline = time.perf_counter() + TIMEOUT
        while self.busy and time.perf_counter() < deadline:
            await asyncio.sleep(0.005)
        for _ in range(len(self.busy)):
            self.load.count("timeout")
        left, self.busy = [*self.busy, *self.free], set()
        self.free.clear()
        for connection in left:
            if hasattr(connection, "transport"):
                connection.transport.close()


def run(work: Any) -> Any:
    """A coroutine to its end, on a quick loop."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


async def open_loop(port: int, rate: float, seconds: float, seed: int) -> Load:
    """Requests at random moments, so many a second on average, whatever becomes of them."""
    client, rng = Client(port), random.Random(seed)
    started = due = time.perf_counter()
    client.load.wall, client.load.ends = seconds, started + seconds
    while True:
        due += rng.expovariate(rate)
        if due >= started + seconds:
            break
        while (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        client.ask(due, rng.randrange(SEEDS))
        if wait < -0.002:
            await asyncio.sleep(0)  # behind: answers come first all the same
    await client.finish()
    return client.load


async def closed_loop(port: int, count: int, clients: int) -> Load:
    """So many requests by clients that each wait for their answers."""
    client, left, done = Client(port, min(count, KEPT)), count, asyncio.Event()
    started = time.perf_counter()

    def go_on(connection: Connection) -> None:
        nonlocal left
        if left <= 0:
            client.free.append(connection)
            if not client.busy:
                done.set()
            return
        left -= 1
        connection.ask(time.perf_counter(), left % SEEDS)
        client.busy.add(connection)
        connection.write()

    def go_on_anew(connection: Connection) -> None:
        nonlocal left
        left -= 1
        client.ask(time.perf_counter(), left % SEEDS)

    client.again, client.replace = go_on, go_on_anew
    for number in range(min(clients, count)):
        left -= 1
        client.ask(time.perf_counter(), number % SEEDS)
    await done.wait()
    client.load.wall = time.perf_counter() - started
    await client.finish()
    return client.load
