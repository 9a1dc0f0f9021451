"""Processes that outlive whoever started them: paused, resumed, killed, adopted, and exact at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mintage
from mintage.errors import ConfigError
from mintage.jobs.job import Order
from mintage.jobs.keeper import MOST_ATTEMPTS, Keeper, refuse_second

TINY: dict[str, Any] = {
    "model": {"width": 4, "latent_dim": 4},
    "training": {
        "batch": 4, "frames": 2, "steps": 160, "checkpoint_every": 20, "precision": "float32", "channels_last": False,
        "workers": 0,
    },
}  # fmt: skip
PATIENCE = 90.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder for a queue; what runs in it at the end of a test is ended."""
    yield tmp_path
    keeper = Keeper(tmp_path / "jobs", tmp_path / "runs")
    for job in keeper.living():
        os.kill(keeper.folder(job.id).state()["pid"], signal.SIGKILL)
    keeper.stop()


def keep(home: Path, at_once: int = 1) -> Keeper:
    (home / "runs").mkdir(exist_ok=True)
    return Keeper(home / "jobs", home / "runs", at_once=at_once)


def order(keeper: Keeper, photos: Path, **more: Any) -> int:
    asked = Order(kind="train", data="photos", model="dcgan", overrides=TINY, **more)
    return keeper.order(asked, "photos", {"source": str(photos), "name": "photos"}).id


def until(true: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def turning(keeper: Keeper, true: Callable[[], Any]) -> Callable[[], Any]:
    """One look at the queue before each look at the outcome."""

    def both() -> Any:
        keeper.turn()
        return true()

    return both


def newest(home: Path) -> dict[str, Any]:
    """State of the newest checkpoint; empty before there is one."""
    folders = sorted((home / "runs").glob("0*/checkpoints/[0-9]*"))
    return dict(json.loads((folders[-1] / "state.json").read_text())) if folders else {}


def hold(keeper: Keeper, number: int, step: int) -> int:
    """Stand a training still as soon as it has saved beyond a step, however fast it is; its process's number."""
    home = keeper.home.parent
    until(lambda: newest(home).get("step", 0) > step, f"it gets beyond step {step}")
    pid = int(keeper.folder(number).state()["pid"])
    os.kill(pid, signal.SIGSTOP)
    return pid


SERVER = """
import sys, time
from pathlib import Path
from mintage.jobs.keeper import Keeper
keeper = Keeper(Path(sys.argv[1]) / "jobs", Path(sys.argv[1]) / "runs")
keeper.start()
print("up", flush=True)
time.sleep(600)
"""


def test_paused_resumed_and_killed_with_its_server_a_training_ends_as_if_nothing_had_happened(
    home: Path, photos: Path
) -> None:
    keeper = keep(home)
    number = order(keeper, photos)
    get = lambda: keeper.store.get(number)  # noqa: E731
    until(turning(keeper, lambda: get().state == "running"), "it begins")
    held = hold(keeper, number, 0)
    keeper.pause(number)
    os.kill(held, signal.SIGCONT)
    until(turning(keeper, lambda: get().state == "paused"), "it pauses")
    paused = get().step
    assert 20 <= paused == newest(home)["step"] < 160
    keeper.stop()  # this server ends, and another one takes over
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(home)], stdout=subprocess.PIPE)
    keeper = keep(home)
    keeper.resume(number)
    held = hold(keeper, number, paused)
    server.kill()
    server.wait()
    keeper.turn()
    assert [job.id for job in keeper.living()] == [number], "it lives without its server"
    assert get().state == "running", "it is adopted"
    os.kill(held, signal.SIGKILL)
    until(turning(keeper, lambda: get().message == "killed" or get().attempts == 1), "its death is noticed")
    until(turning(keeper, lambda: get().state == "done" and get().step == 160), "it goes on by itself to the end")
    keeper.stop()
    unbroken = mintage.train(
        photos, overrides={**TINY, "name": "photos", "model": {"name": "dcgan", **TINY["model"]}}, out=home / "other"
    )
    other = json.loads((unbroken.path / "checkpoints" / "0000160" / "state.json").read_text())
    assert newest(home)["sha256"] == other["sha256"]


def test_what_is_killed_again_and_again_without_getting_further_is_given_up_and_can_be_tried_again(
    home: Path, photos: Path
) -> None:
    keeper = keep(home)
    number = order(keeper, photos)
    kills = 0
    while keeper.store.get(number).state != "failed":
        keeper.turn()
        for job in keeper.living():
            os.kill(keeper._processes[job.id].pid, signal.SIGKILL)
            kills += 1
            keeper._processes[job.id].wait()
    assert kills == MOST_ATTEMPTS
    assert "3 times without getting further" in keeper.store.get(number).message
    assert keeper.retry(number).state == "queued"
    keeper.stop()


def test_the_queue_is_ordered_paused_and_cancelled_before_anything_runs(home: Path, photos: Path) -> None:
    keeper = keep(home, at_once=0)
    first, second, third = (order(keeper, photos, budget=budget) for budget in ("10m", "5m", "1h"))
    keeper.move(third, first)
    assert [job.id for job in keeper.store.in_state("queued")] == [third, first, second]
    assert keeper.pause(first).state == "paused"
    assert keeper.resume(first).state == "queued"
    assert [job.id for job in keeper.store.in_state("queued")] == [third, first, second], "its place is kept"
    assert keeper.cancel(second).state == "cancelled"
    with pytest.raises(ConfigError, match="cannot be paused"):
        keeper.pause(second)
    with pytest.raises(ConfigError, match="cannot be removed"):
        keeper.remove(first)
    keeper.remove(second)
    assert [job.id for job in keeper.store.all()] == [third, first]
    keeper.stop()


def test_waiting_jobs_are_told_when_they_will_be_done(home: Path, photos: Path) -> None:
    keeper = keep(home, at_once=0)
    first, second = order(keeper, photos, budget="10m"), order(keeper, photos, budget="5m")
    keeper.at_once = 1
    keeper.store.update(order(keeper, photos), state="running", eta_seconds=100.0)
    from mintage.jobs.expecting import expected

    assert expected(keeper.store, 1) == {first: 700.0, second: 1000.0}
    keeper.store.update(3, state="cancelled", ended=1.0)
    keeper.stop()


def test_one_folder_has_one_studio(tmp_path: Path) -> None:
    with refuse_second(tmp_path), pytest.raises(ConfigError, match="Another studio"):
        refuse_second(tmp_path)
