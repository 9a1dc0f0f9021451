"""Keeps the queue moving: starts processes, follows them, finds them again after its own death, revives the killed."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mintage.errors import ConfigError
from mintage.jobs.expecting import expected
from mintage.jobs.folder import JobFolder, lock
from mintage.jobs.job import Job, Order
from mintage.jobs.store import Store

__all__ = ["MOST_ATTEMPTS", "Keeper", "refuse_second"]

MOST_ATTEMPTS = 3  # starts in a row that got no further
TURN = 0.2  # seconds between two looks
NAG, PATIENCE = 10.0, 120.0  # seconds after which a process is told to end again, and after which it is ended


class Keeper:
    """One queue in one folder; `at_once` is how many jobs run together.

    Nothing that matters is in its memory: jobs are in the database, and what their processes do is in their folders.
    So another keeper takes over where this one died, and the processes notice neither.
    """

    def __init__(self, home: Path, runs: Path, *, at_once: int = 1) -> None:
        self.home, self.runs, self.at_once = home, runs, at_once
        self.store = Store(home / "jobs.sqlite")
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._told: dict[int, tuple[float, float]] = {}  # when it was first and last told to end
        self._guard = threading.RLock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look after the queue from now on, in a thread."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._keep, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no longer; processes that run go on."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self.store.close()

    def folder(self, number: int) -> JobFolder:
        """Where a job works."""
        return JobFolder(self.home / f"{number:06}")

    def order(self, order: Order, title: str, more: Mapping[str, Any]) -> Job:
        """Put a job into the queue; `more` is what its process must know besides."""
        with self._guard:
            job = self.store.add(order, title, order.run or None)
            self.folder(job.id).create({**order.model_dump(mode="json"), "runs": str(self.runs), **more})
            return job

    def pause(self, number: int) -> Job:
        """Let it save and end; it can be resumed."""
        with self._guard:
            job = self.store.get(number)
            if job.state == "queued":
                return self.store.update(number, state="paused", message="", eta_seconds=None)
            if job.state != "running":
                raise job.refuse("be paused")
            return self._end(job, "paused")

    def resume(self, number: int) -> Job:
        """Go on with what was paused."""
        with self._guard:
            job = self.store.get(number)
            if job.state != "paused":
                raise job.refuse("be resumed")
            return self.store.update(number, state="queued", attempts=0, message="", wanted="")

    def cancel(self, number: int) -> Job:
        """End it for good; what it has made so far stays."""
        with self._guard:
            job = self.store.get(number)
            if job.has_ended:
                raise job.refuse("be cancelled")
            if job.state in ("running", "pausing"):
                return self._end(job, "cancelled")
            return self.store.update(number, state="cancelled", ended=time.time(), message="", eta_seconds=None)

    def retry(self, number: int) -> Job:
        """Put what failed or was cancelled into the queue again; a training goes on from its last checkpoint."""
        with self._guard:
            job = self.store.get(number)
            if job.state not in ("failed", "cancelled"):
                raise job.refuse("be tried again")
            return self.store.update(number, state="queued", attempts=0, ended=None, message="", wanted="")

    def move(self, number: int, before: int | None) -> Job:
        """Change the order of what waits."""
        with self._guard:
            return self.store.move(number, before)

    def remove(self, number: int) -> None:
        """Take an ended job off the list; its folder and its run stay."""
        with self._guard:
            job = self.store.get(number)
            if not job.has_ended:
                raise job.refuse("be removed")
            self.store.remove(number)

    def living(self) -> Sequence[Job]:
        """Jobs that have a process now."""
        return [job for job in self.store.in_state("running", "pausing") if self._lives(job.id)]

    def _keep(self) -> None:
        while not self._ending.wait(TURN):
            try:
                with self._guard:
                    self.turn()
            except Exception:  # a full disk must not end the queue
                logging.getLogger(__name__).exception("The queue could not be looked after; trying again.")
                self._ending.wait(2.0)

    def turn(self) -> None:
        """One look at everything."""
        for job in self.store.in_state("running", "pausing"):
            self._follow(job)
        free = self.at_once - len(self.store.in_state("running", "pausing"))
        for job in self.store.in_state("queued")[: max(free, 0)]:
            self._begin(job)
        for number, eta in expected(self.store, self.at_once).items():
            self.store.update(number, eta_seconds=eta)

    def _begin(self, job: Job) -> None:
        folder = self.folder(job.id)
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.begin()
        self.store.update(
            job.id, state="running", started=job.started or time.time(), message="starting", wanted="",
            attempts=job.attempts + 1, reached=self._kept(job),
        )  # fmt: skip
        with folder.open_lock() as held, folder.words.open("ab") as words:
            if not lock(held):
                return  # its process lives: a keeper died between two writes
            handed: Sequence[int] = () if sys.platform == "win32" else (held.fileno(),)  # it holds the lock from birth
            command = [sys.executable, "-m", "mintage.jobs.child", str(folder.path), *map(str, handed)]
            self._processes[job.id] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True, pass_fds=handed
            )

    def _follow(self, job: Job) -> None:
        folder = self.folder(job.id)
        lives = self._lives(job.id)  # before its words are read: what a process wrote last counts
        state = folder.state()
        seen = {"run": state.get("run") or job.run, "step": state.get("step", 0), "steps": state.get("steps", 0)}
        if not lives:
            self._settle(self.store.update(job.id, **seen), folder)
            return
        message = job.message if job.state == "pausing" else state.get("message", job.message)
        self.store.update(job.id, **seen, eta_seconds=state.get("eta"), message=message)
        if job.state == "pausing":
            self._nag(job)

    def _settle(self, job: Job, folder: JobFolder) -> None:
        """Its process is gone: say how it ended, or put it back into the queue."""
        self._processes.pop(job.id, None)
        self._told.pop(job.id, None)
        outcome, message = folder.exit().get("outcome"), folder.exit().get("message", "")
        now, over = time.time(), {"eta_seconds": None, "wanted": ""}
        if outcome in ("done", "failed"):
            step = job.steps if outcome == "done" and not message else job.step
            self.store.update(job.id, state=outcome, ended=now, step=step, message=message, **over)
        elif job.wanted == "cancelled":
            self.store.update(job.id, state="cancelled", ended=now, message="", **over)
        elif job.wanted or outcome == "stopped":
            self.store.update(job.id, state="paused", message=message, **over)
        elif self._kept(job) <= job.reached and job.attempts >= MOST_ATTEMPTS:
            words = folder.last_words() or "nothing was said; perhaps the memory was not enough"
            message = f"Its process was ended {job.attempts} times without getting further ({words})."
            self.store.update(job.id, state="failed", ended=now, message=message, **over)
        else:
            attempts = 0 if self._kept(job) > job.reached else job.attempts
            self.store.update(job.id, state="queued", attempts=attempts, message="killed", **over)

    def _kept(self, job: Job) -> int:
        """How much would not have to be done again: steps of the newest checkpoint, or samples."""
        if job.kind == "train" and job.run:
            saved = (self.runs / job.run / "checkpoints").glob("[0-9]*")
            return max((int(one.name) for one in saved if one.name.isdigit()), default=0)
        if job.kind == "generate" and (made := self.folder(job.id).made).is_dir():
            return sum(1 for _ in made.iterdir())
        return 0

    def _end(self, job: Job, wanted: str) -> Job:
        job = self.store.update(job.id, state="pausing", wanted=wanted, message="saving")
        self._nag(job)
        return job

    def _nag(self, job: Job) -> None:
        """Tell its process to save and end; after a long while, end it."""
        now = time.monotonic()
        first, last = self._told.get(job.id, (now, -NAG))
        if now - last < NAG or not self._lives(job.id):
            return
        process, number = self._processes.get(job.id), self.folder(job.id).state().get("pid")
        pid = process.pid if process is not None else number
        if pid is None:  # it has not said yet who it is
            return
        self._told[job.id] = first, now
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM if now - first < PATIENCE or os.name == "nt" else signal.SIGKILL)

    def _lives(self, number: int) -> bool:
        process = self._processes.get(number)
        return self.folder(number).is_held() if process is None else process.poll() is None


def refuse_second(home: Path) -> Any:
    """Hold a folder for this process alone, as long as what is returned stays open.

    Raises:
        ConfigError: another process holds it.
    """
    held = (home / ".lock").open("ab")
    if not lock(held):
        held.close()
        raise ConfigError(f"Another studio works in {home}. End it first, or choose another: --home.")
    return held
