"""The queue on the disk: every change has a number, the order is kept, and nothing is lost between two openings."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mintage.errors import ConfigError, RunError
from mintage.jobs.job import Order, check_settings
from mintage.jobs.store import Store

TRAIN = Order(kind="train", data="photos", budget="10m")


def ids(store: Store) -> list[int]:
    return [job.id for job in store.in_state("queued")]


def test_jobs_wait_in_the_order_in_which_they_came_and_can_be_moved(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    for _ in range(4):
        store.add(TRAIN, "photos")
    assert ids(store) == [1, 2, 3, 4]
    store.move(4, 2)
    assert ids(store) == [1, 4, 2, 3]
    store.move(1, None)
    assert ids(store) == [4, 2, 3, 1]
    assert [store.get(number).position for number in (4, 2, 3, 1)] == [1, 2, 3, 4]
    store.update(2, state="running")
    assert [store.get(number).position for number in (4, 3, 1, 2)] == [1, 2, 3, 0]
    with pytest.raises(ConfigError, match="is running, so it cannot be moved"):
        store.move(2, None)
    with pytest.raises(KeyError):
        store.move(9, None)
    assert [job.id for job in store.all()] == [2, 4, 3, 1]


def test_every_change_has_a_number_and_whoever_knows_it_hears_the_rest(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    first, second = store.add(TRAIN, "a"), store.add(TRAIN, "b")
    assert second.change > first.change
    seen = store.change
    assert store.since(seen) == ([], [])
    store.update(first.id, step=10, steps=100)
    store.update(first.id, step=10)  # nothing new
    (changed,), gone = store.since(seen)
    assert (changed.id, changed.step, gone) == (first.id, 10, [])
    store.update(second.id, state="done")
    store.remove(second.id)
    assert [number for number, _ in store.since(seen)[1]] == [second.id]
    changes = [job.change for job in store.since(0)[0]]
    assert changes == sorted(changes)


def test_what_was_written_is_there_when_the_database_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = Store(path)
    store.add(TRAIN, "photos")
    again = Store(path)  # as if the first one had been killed
    assert again.get(1).order["budget"] == "10m"
    assert again.change == store.change
    mode = sqlite3.connect(path).execute("PRAGMA journal_mode").fetchone()
    assert mode == ("wal",)


def test_a_database_of_a_newer_mintage_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(RunError, match="newer Mintage"):
        Store(path)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "mine"}, {"kind": "train"}, {"kind": "evaluate"}, {"kind": "generate", "run": "x", "count": 0},
        {"kind": "train", "data": "x", "colour": 1}, {"kind": "generate", "run": "x", "seed": -1},
    ],
)  # fmt: skip
def test_an_order_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Order.read(values)


@pytest.mark.parametrize(
    "overrides",
    [
        {"data": {"path": "/etc"}}, {"model": {"base": "/models"}}, {"model": {"name": "os:system"}},
        {"codec": {"name": "a.b:C"}}, {"weights": "/x.pth"}, {"data": {"origin": "/home"}},
    ],
)  # fmt: skip
def test_an_order_reaches_for_no_file_and_no_code(overrides: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="of this machine"):
        check_settings(overrides)
