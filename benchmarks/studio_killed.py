"""Kill -9 of a studio and of what works for it, at random moments: is anything lost that it had said was kept?

    python -m benchmarks.studio_killed RUN [--kills 20] [--seed 0]

While a training runs, somebody asks for pictures, one after another. At a random moment the studio, the process of
the training, or both are killed, and a new studio starts on the same folder. Every item that an answer named must be
in the gallery, byte for byte; every job must be in the queue, and the training must end as an unbroken one does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from benchmarks.machine import describe, save
from benchmarks.studio import Studio

import mintage

SETTINGS = {
    "model": {"width": 8, "latent_dim": 16},
    "training": {
        "steps": 3_000, "batch": 16, "checkpoint_every": 100, "frames": 2, "precision": "float32",
        "channels_last": False, "workers": 0,
    },
}  # fmt: skip


def first_picture(home: Path, run: str) -> tuple[Studio, float]:
    """A studio on this folder, and the seconds until it had made a picture."""
    started = time.perf_counter()
    studio = Studio(home)
    while True:
        with suppress(httpx.TransportError):
            if studio.client.post(f"api/create/{run}", json={"count": 1, "seed": 1}).status_code == 200:
                return studio, time.perf_counter() - started
        time.sleep(0.02)


class Person(threading.Thread):
    """Asks for pictures until the studio is gone, and remembers what was promised."""

    def __init__(self, studio: Studio, run: str, seed: int) -> None:
        super().__init__()
        self.studio, self.run_name, self.seed = studio, run, seed
        self.kept: dict[str, str] = {}  # hash of the file by the id of the item

    def run(self) -> None:
        asking = httpx.Client(base_url=self.studio.base, headers=self.studio.headers, timeout=20)
        with suppress(httpx.TransportError), asking as client:
            while True:
                self.seed += 1
                answer = client.post(f"api/create/{self.run_name}", json={"count": 2, "seed": self.seed})
                answer.raise_for_status()
                for item in answer.json()["items"]:
                    self.kept[item["id"]] = ""
                for id in [one for one, known in self.kept.items() if not known]:
                    self.kept[id] = digest(client, id)


def digest(client: httpx.Client, id: str) -> str:
    answer = client.get(f"api/gallery/{id}/file")
    return hashlib.sha256(answer.content).hexdigest() if answer.status_code == 200 else "lost"


def weights(run: Path) -> Any:
    """The hashes of what a run ended with."""
    checkpoint = mintage.load(run).directory.checkpoints / f"{SETTINGS['training']['steps']:07}" / "state.json"
    return json.loads(checkpoint.read_text())["sha256"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chance, kept, seconds = random.Random(asked.seed), dict[str, str](), list[float]()
    killed = {"studio": 0, "training": 0}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(asked.run, home / "runs" / asked.run.name)
        studio, _ = first_picture(home, asked.run.name)
        body = {"kind": "train", "data": "fashion-mnist", "overrides": SETTINGS}
        job = studio.client.post("api/jobs", json=body).json()["id"]
        for number in range(asked.kills):
            person = Person(studio, asked.run.name, 1_000 * (number + 1))
            person.start()
            time.sleep(chance.uniform(0.5, 4.0))
            kill_training = chance.random() < 0.5
            pid = studio.client.get(f"api/jobs/{job}").json().get("pid") or pid_of(home, job)
            if kill_training and pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed["training"] += 1
            studio.process.kill()
            studio.process.wait()
            killed["studio"] += 1
            person.join()
            kept |= person.kept
            studio, took = first_picture(home, asked.run.name)
            seconds.append(round(took, 2))
            assert studio.client.get(f"api/jobs/{job}").status_code == 200
        given_up = 0
        while (state := studio.client.get(f"api/jobs/{job}").json()["state"]) != "done":
            assert state in ("queued", "running", "failed"), state
            if (
                state == "failed"
            ):  # after three kills in a row before anything new was saved: somebody presses Try again
                given_up += 1
                studio.client.post(f"api/jobs/{job}/retry").raise_for_status()
            time.sleep(0.5)
        trained = studio.client.get(f"api/jobs/{job}").json()["run"]
        after = {id: digest(studio.client, id) for id in kept}
        lost = [id for id, known in kept.items() if after[id] == "lost" or (known and after[id] != known)]
        studio.process.send_signal(signal.SIGINT)
        studio.process.wait(30)
        unbroken = mintage.train(
            "dcgan-fashion",
            overrides=SETTINGS,
            out=home / "unbroken",
        )
        same = weights(home / "runs" / trained) == weights(unbroken.path)
    result = {
        "machine": describe(), "killed": killed, "items_promised": len(kept), "items_lost": len(lost), "job": state,
        "tried_again": given_up,
        "weights_are_those_of_the_unbroken_run": same, "seconds_to_the_first_picture_after": seconds,
    }  # fmt: skip
    print(result)
    save("studio_killed", result)


def pid_of(home: Path, job: int) -> int | None:
    """The process of a job, by its folder."""
    with suppress(OSError, ValueError):
        return int(json.loads((home / "studio" / "jobs" / f"{job:06}" / "state.json").read_text()).get("pid") or 0)
    return None


if __name__ == "__main__":
    main()
