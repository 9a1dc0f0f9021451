"""A generator over HTTP under load: `mintage serve` beside a plain FastAPI endpoint and LitServe, in one run.

    python benchmarks/serving.py RUN [--quick] [--soak 100000]

Requests come as they come (open loop, Poisson): a client that waits for answers before it asks again hides a collapse.
Each asks for one picture of a seed; every picture that arrives is compared with what the run draws of that seed, pixel
by pixel (peers, which draw in other batches, may differ by two grey levels). Latency counts from when the request
should have left. Server and client are processes of one machine and share its cores.

For each server: the latency of single requests, the goodput at rising rates until it no longer follows (the highest is
its peak; beside it the highest of answers that came within 100 ms), then twice that rate. Then a soak and restarts
after kill -9 of ours. Peers: pip install litserve.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from machine import describe, save
from PIL import Image
from serving_load import SEEDS, Load, closed_loop, open_loop
from serving_load import run as run_load

import mintage

CLIENTS = 4  # of a soak: few enough that nobody is refused
PEERS = Path(__file__).with_name("serving_peers.py")


def wrong(load: Load, wanted: list[np.ndarray], tolerance: int) -> int:
    """Pictures that are not those of their seeds."""
    found = 0
    for seed, data in load.pictures:
        with Image.open(io.BytesIO(data)) as image:
            gap = np.abs(np.asarray(image).astype(int) - wanted[seed].astype(int)).max()
        found += int(gap > tolerance)
    return found


class Server:
    """A server process."""

    def __init__(self, kind: str, run: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        ours = [sys.executable, "-m", "mintage", "serve", str(run), "--port", str(self.port)]
        words = ours if kind == "mintage" else [sys.executable, str(PEERS), kind, str(run), str(self.port)]
        address, headers = f"http://127.0.0.1:{self.port}/v1/generate", {"content-type": "application/json"}
        self.first = urllib.request.Request(address, b'{"seed": 0}', headers)
        started = time.perf_counter()
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(words, stdout=quiet, stderr=quiet, start_new_session=True)
        while True:
            with suppress(OSError), urllib.request.urlopen(self.first, timeout=5) as answer:
                if answer.status == 200:
                    break
            if self.process.poll() is not None or time.perf_counter() - started > 120:
                raise SystemExit(f"{kind} does not start: {' '.join(words)}")
            time.sleep(0.02)
        self.seconds_to_first = time.perf_counter() - started

    def memory(self) -> float:
        """Megabytes that this process and its children hold."""
        mine = psutil.Process(self.process.pid)
        return sum(each.memory_info().rss for each in (mine, *mine.children(recursive=True))) / 1e6

    def end(self, how: int = signal.SIGTERM) -> None:
        os.killpg(self.process.pid, how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def measure(kind: str, run: Path, wanted: list[np.ndarray], asked: argparse.Namespace) -> dict[str, Any]:
    """One server: alone, at rising rates, and at twice the rate that it follows."""
    server, tolerance = Server(kind, run), 0 if kind == "mintage" else 2
    try:
        run_load(closed_loop(server.port, 60, 4))  # warm
        alone = run_load(closed_loop(server.port, 200, 1))
        found: dict[str, Any] = {"unloaded": alone.told(), "rising": []}
        rate, peak, checked = 1.5 * alone.goodput, 0.0, wrong(alone, wanted, tolerance)
        behind = 0
        while behind < 2:
            load = run_load(open_loop(server.port, rate, asked.seconds, seed=1))
            checked += wrong(load, wanted, tolerance)
            found["rising"].append({"rate": round(rate, 1), **load.told()})
            goodput = load.goodput
            behind = behind + 1 if goodput < 1.05 * peak else 0
            peak, rate = max(peak, goodput), 1.3 * rate
            print(kind, found["rising"][-1], flush=True)
        windows = []
        for number in range(asked.windows):
            load = run_load(open_loop(server.port, 2 * peak, asked.seconds, seed=2 + number))
            checked += wrong(load, wanted, tolerance)
            windows.append({**load.told(), "without_retry_after": load.without_retry_after})
            print(kind, "twice", windows[-1], flush=True)
        goodput = median(each["goodput"] for each in windows)
        soon = max(each["within_100_ms"] for each in found["rising"])
        return {
            **found, "peak": round(peak, 1), "peak_within_100_ms": soon, "twice": windows, "wrong": checked,
            "goodput_at_twice_of_peak": round(goodput / peak, 3),
            "p95_at_twice_of_unloaded": round(
                median(each["p95_ms"] for each in windows) / found["unloaded"]["p95_ms"], 2
            ),
        }  # fmt: skip
    finally:
        server.end()


def soak(run: Path, count: int) -> dict[str, Any]:
    """Memory before and after so many requests."""
    server = Server("mintage", run)
    try:
        run_load(closed_loop(server.port, max(count // 20, 1_000), CLIENTS))
        before = server.memory()
        load = run_load(closed_loop(server.port, count, CLIENTS))
        after = server.memory()
        told = {"requests": count, "before_mb": round(before, 1), "after_mb": round(after, 1)}
        return {**told, "growth": round(after / before - 1, 4), **load.told()}
    finally:
        server.end()


def restarts(run: Path, times: int) -> list[float]:
    """Seconds from a new start to the first picture, each time after kill -9."""
    found = []
    for _ in range(times):
        server = Server("mintage", run)
        found.append(round(server.seconds_to_first, 2))
        server.end(signal.SIGKILL)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--quick", action="store_true", help="short windows")
    parser.add_argument("--kinds", nargs="*", default=["mintage", "fastapi", "litserve"])
    parser.add_argument("--soak", type=int, default=0, help="requests; 0: none")
    parser.add_argument("--name", default="serving")
    asked = parser.parse_args()
    asked.seconds, asked.windows = (4.0, 1) if asked.quick else (10.0, 3)
    run = mintage.load(asked.run)
    wanted = [np.asarray(run.generate(1, seed=seed)[0]) for seed in range(SEEDS)]  # type: ignore[index]
    gc.collect()
    gc.freeze()  # the client must not pause for what it has imported
    result: dict[str, Any] = {"machine": describe(), "run": asked.run.name, "seconds": asked.seconds, "servers": {}}
    for kind in asked.kinds:
        result["servers"][kind] = measure(kind, asked.run, wanted, asked)
        save(asked.name, result)
    ours = result["servers"].get("mintage")
    for name in ("peak", "peak_within_100_ms"):
        others = {kind: each for kind, each in result["servers"].items() if kind != "mintage"}
        result[f"ratios_of_{name}"] = {kind: round(ours[name] / each[name], 2) for kind, each in others.items()}
    result["seconds_to_first_picture_after_kill"] = restarts(asked.run, 1 if asked.quick else 5)
    if asked.soak:
        result["soak"] = soak(asked.run, asked.soak)
    print({key: value for key, value in result.items() if key != "servers"})
    save(asked.name, result)


if __name__ == "__main__":
    main()
