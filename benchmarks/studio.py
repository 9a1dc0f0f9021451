"""What watching costs: the speed of a training with ten viewers and with none, in turns; catching up; bytes of a page.

    python -m benchmarks.studio                 # a few minutes, alone on the machine
    python -m benchmarks.studio --rounds 3 --seconds 6

One `mintage studio` trains on the built-in images. Rounds without viewers and rounds with ten take turns in that
one training; a viewer is what a page opens: the run's events and the queue's. The speed of a round is that of the rows
which the training itself wrote.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from benchmarks.machine import describe, save

VIEWERS = 10
SETTINGS = {
    "model": {"width": 16},
    "training": {"steps": 1_000_000, "batch": 16, "precision": "float32", "channels_last": False},
}
_IMPORT = re.compile(r"""(?:from|import\()\s*["'](\.[^"']+\.js)["']""")


class Studio:
    """A studio in its own process, with one training in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        command = [sys.executable, "-m", "mintage", "studio", "--no-open", "--port", "0"]
        command += ["--home", str(home / "studio"), "--runs", str(home / "runs")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        address = re.search(r"http://\S+", self.process.stdout.readline())
        assert address is not None
        self.base, _, token = address[0].partition("?token=")
        self.headers = {"authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=self.base, headers=self.headers, timeout=60)

    def train(self) -> None:
        body = {"kind": "train", "data": "fashion-mnist", "overrides": SETTINGS}
        self.job = self.client.post("api/jobs", json=body).json()["id"]
        self.run = ""
        while not self.run or len(self.rows()) < 5:
            time.sleep(0.5)
            job = self.client.get(f"api/jobs/{self.job}").json()
            assert job["state"] in ("queued", "running"), job["message"]
            self.run = job["run"] or ""

    @property
    def log(self) -> Path:
        return self.home / "runs" / self.run / "log.jsonl"

    def rows(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().split("\n")[:-1] if self.log.is_file() else []
        return [row for row in map(json.loads, lines) if "event" not in row]

    def end(self) -> None:
        self.client.post(f"api/jobs/{self.job}/cancel")
        while self.client.get(f"api/jobs/{self.job}").json()["state"] != "cancelled":
            time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


def speed(studio: Studio, first: float, last: float) -> float:
    """Steps a second by the rows that were written between two moments of the training's own clock."""
    rows = [row for row in studio.rows() if first <= row["seconds"] <= last]
    return (rows[-1]["step"] - rows[0]["step"]) / (rows[-1]["seconds"] - rows[0]["seconds"])


async def watch(client: httpx.AsyncClient, path: str, heard: list[int]) -> None:
    async with client.stream("GET", path, timeout=None) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                heard.append(int(line[4:]))


async def view(studio: Studio, seconds: float) -> int:
    """Ten pages that watch for so long; how many events they heard."""
    heard: list[int] = []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=studio.base, headers=studio.headers, limits=limits) as client:
        paths = [f"api/runs/{studio.run}/events", "api/jobs/events"] * VIEWERS
        tasks = [asyncio.create_task(watch(client, path, heard)) for path in paths]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return len(heard)


def busy(process: int) -> float:
    """Seconds of the processor that a process has used: what does not depend on who else is at work."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def turns(studio: Studio, rounds: int, seconds: float) -> dict[str, Any]:
    found: dict[str, list[float]] = {"alone": [], "viewed": []}
    server: dict[str, list[float]] = {"alone": [], "viewed": []}
    events = 0
    for number in range(rounds):
        for name in ("alone", "viewed") if number % 2 else ("viewed", "alone"):
            first = studio.rows()[-1]["seconds"]
            used, began = busy(studio.process.pid), time.perf_counter()
            if name == "viewed":
                events += asyncio.run(view(studio, seconds))
            else:
                time.sleep(seconds)
            share = (busy(studio.process.pid) - used) / (time.perf_counter() - began)
            server[name].append(round(share, 4))
            while studio.rows()[-1]["seconds"] <= first:  # a machine where others are at work
                time.sleep(0.5)
            found[name].append(speed(studio, first, studio.rows()[-1]["seconds"]))
            time.sleep(0.5)
    ratios = [viewed / alone for viewed, alone in zip(found["viewed"], found["alone"], strict=True)]
    middle, spread = statistics.median(ratios), statistics.stdev(ratios) / len(ratios) ** 0.5 if rounds > 1 else 0.0
    return {
        "viewers": VIEWERS, "rounds": rounds, "seconds_a_round": seconds, "events_heard": events,
        "steps_a_second": {name: [round(one, 2) for one in values] for name, values in found.items()},
        "server_share_of_a_core": server,
        "ratios": [round(one, 4) for one in ratios], "ratio": round(middle, 4), "standard_error": round(spread, 4),
    }  # fmt: skip


def catch_up(studio: Studio, after: int) -> dict[str, float]:
    """Seconds from the connection to the newest row that was there when it was made."""
    size = studio.log.stat().st_size
    started = time.perf_counter()
    headers = {"last-event-id": str(after)} if after else {}
    with studio.client.stream("GET", f"api/runs/{studio.run}/events", headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: ") and int(line[4:]) >= size:
                break
    return {"bytes": size - after, "seconds": round(time.perf_counter() - started, 3)}


def catching_up(studio: Studio) -> dict[str, Any]:
    half = studio.log.read_bytes().find(b"\n", studio.log.stat().st_size // 2) + 1
    found = {"half_of_the_log": [catch_up(studio, half) for _ in range(5)]}
    found["all_of_the_log"] = [catch_up(studio, 0) for _ in range(5)]
    return found


def first_page(studio: Studio) -> dict[str, int]:
    """Bytes of everything that the first page fetches, by following its imports."""
    found: dict[str, int] = {}
    waiting = ["", "style.css", "icon.svg", "app.js", "views/home.js", "words/en/shell.json", "words/en/home.json"]
    page = studio.client.get("").text
    waiting += re.findall(r'(?:src|href)="(?!data:|#)([^"]+)"', page)
    while waiting:
        path = waiting.pop()
        path = urljoin(studio.base, path).removeprefix(studio.base)
        if path in found:
            continue
        answer = studio.client.get(path)
        if answer.status_code != 200:
            continue
        found[path] = len(answer.content)
        if path.endswith(".js"):
            imported = [one for one in _IMPORT.findall(answer.text) if "vendor" not in one]
            waiting += [urljoin(f"/{path}", one).lstrip("/") for one in imported]
    return {"files": len(found), "bytes": sum(found.values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--name", default="studio", help="of the result")
    asked = parser.parse_args()
    machine = describe()
    os.environ.setdefault("OMP_NUM_THREADS", str(machine["cores"]))
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        try:
            page = first_page(studio)
            studio.train()
            watched, late = turns(studio, asked.rounds, asked.seconds), catching_up(studio)
        finally:
            studio.end()
    result = {"machine": machine, "watched": watched, "catching_up": late, "first_page": page}
    result["holds"] = {
        "loses_less_than_2_percent": watched["ratio"] > 0.98,
        "catches_up_within_a_second": max(one["seconds"] for ones in late.values() for one in ones) < 1,
        "first_page_under_300_kB": page["bytes"] < 300_000,
    }
    save(asked.name, result)


if __name__ == "__main__":
    main()
