"""The queue on the disk: one SQLite database in WAL mode, one writer, and a number for every change."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from mintage.errors import RunError
from mintage.jobs.job import Job, Order

__all__ = ["Store"]

VERSION = 1
_SCHEMA = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL,
    place REAL NOT NULL, run TEXT, created REAL NOT NULL, started REAL, ended REAL,
    step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0, eta_seconds REAL,
    message TEXT NOT NULL DEFAULT '', change INTEGER NOT NULL, "order" TEXT NOT NULL,
    wanted TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, reached INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE gone (id INTEGER PRIMARY KEY, change INTEGER NOT NULL) STRICT;
CREATE TABLE counter (change INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (0);
CREATE INDEX by_change ON jobs (change);
"""
_FIELDS = tuple(field.name for field in fields(Job))
_ROWS = (
    "SELECT *, CASE WHEN state = 'queued' THEN (SELECT count(*) FROM jobs AS other WHERE other.state = 'queued' AND "
    "(other.place, other.id) <= (jobs.place, jobs.id)) ELSE 0 END AS position FROM jobs"
)


class Store:
    """Jobs by number. Every write is one transaction, and on the disk when it returns.

    Raises:
        RunError: a newer Mintage wrote the database.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA busy_timeout = 5000")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise RunError(f"{path} was written by a newer Mintage (form {version}; this one knows {VERSION}). Update.")
        if version == 0:
            self._database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        self.change = self._count()  # the number of the newest change, for all who wait for the next one

    def close(self) -> None:
        """Hand everything to the disk."""
        with self._lock:
            self._database.close()

    def add(self, order: Order, title: str, run: str | None = None) -> Job:
        """Put a job at the end of the queue."""
        with self._changing() as change:
            (last,) = self._database.execute("SELECT coalesce(max(place), 0) FROM jobs").fetchone()
            made = self._database.execute(
                'INSERT INTO jobs (kind, title, state, place, run, created, change, "order") '
                "VALUES (?, ?, 'queued', ?, ?, ?, ?, ?)",
                (order.kind, title, last + 1, run, time.time(), change, order.model_dump_json()),
            )
            return self.get(int(made.lastrowid or 0))

    def get(self, number: int) -> Job:
        """One job.

        Raises:
            KeyError: there is none of this number.
        """
        with self._lock:
            row = self._database.execute(f"{_ROWS} WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(number)
        return _job(row)

    def all(self) -> list[Job]:
        """Every job: those at work, those that wait in their order, and then the ended ones, newest first."""
        with self._lock:
            rows = self._database.execute(
                f"{_ROWS} ORDER BY CASE WHEN state IN ('running', 'pausing') THEN 0 WHEN state IN ('queued', 'paused') "
                "THEN 1 ELSE 2 END, CASE WHEN ended IS NULL THEN place ELSE -ended END, id"
            ).fetchall()
        return [_job(row) for row in rows]

    def in_state(self, *states: str) -> list[Job]:
        """Those in one of these states, in the order of the queue."""
        marks = ", ".join("?" * len(states))
        with self._lock:
            found = self._database.execute(f"{_ROWS} WHERE state IN ({marks}) ORDER BY place, id", states).fetchall()
        return [_job(row) for row in found]

    def since(self, change: int) -> tuple[list[Job], list[tuple[int, int]]]:
        """Jobs that changed after a number, and (id, change) of those that are gone, both in the order of changes."""
        with self._lock:
            rows = self._database.execute(f"{_ROWS} WHERE change > ? ORDER BY change", (change,)).fetchall()
            gone = self._database.execute("SELECT id, change FROM gone WHERE change > ? ORDER BY change", (change,))
            return [_job(row) for row in rows], [(row["id"], row["change"]) for row in gone.fetchall()]

    def update(self, number: int, **values: Any) -> Job:
        """Change columns of a job, if they are not so already."""
        before = self.get(number)
        values = {name: value for name, value in values.items() if getattr(before, name) != value}
        if not values:
            return before
        with self._changing() as change:
            columns = ", ".join(f"{name} = ?" for name in values)
            self._database.execute(
                f"UPDATE jobs SET {columns}, change = ? WHERE id = ?", (*values.values(), change, number)
            )
            return self.get(number)

    def move(self, number: int, before: int | None) -> Job:
        """Put a waiting job before another one, or at the end.

        Raises:
            KeyError: one of them does not exist.
            ConfigError: one of them does not wait.
        """
        with self._changing() as change:
            for one in (number, *([] if before is None else [before])):
                if (job := self.get(one)).state != "queued":
                    raise job.refuse("be moved")
            order = [job.id for job in self.in_state("queued") if job.id != number]
            order.insert(len(order) if before is None or before == number else order.index(before), number)
            (first,) = self._database.execute("SELECT min(place) FROM jobs WHERE state = 'queued'").fetchone()
            (last,) = self._database.execute("SELECT max(place) FROM jobs WHERE state = 'queued'").fetchone()
            self._renumber(order, float(first), float(last), change)
            return self.get(number)

    def _renumber(self, order: Sequence[int], first: float, last: float, change: int) -> None:
        step = (last - first) / max(len(order) - 1, 1)
        for place, one in enumerate(order):
            self._database.execute(
                "UPDATE jobs SET place = ?, change = ? WHERE id = ?", (first + place * step, change + place, one)
            )
        self._database.execute("UPDATE counter SET change = ?", (change + len(order),))

    def remove(self, number: int) -> None:
        """Forget a job that has ended."""
        with self._changing() as change:
            self._database.execute("DELETE FROM jobs WHERE id = ?", (number,))
            self._database.execute("INSERT INTO gone VALUES (?, ?)", (number, change))

    def typical_seconds(self, kind: str) -> float | None:
        """How long such jobs took of late, the middle one; None before there was one."""
        with self._lock:
            rows = self._database.execute(
                "SELECT ended - started AS took FROM jobs WHERE kind = ? AND state = 'done' AND started IS NOT NULL "
                "ORDER BY ended DESC LIMIT 9", (kind,),
            ).fetchall()  # fmt: skip
        took = sorted(row["took"] for row in rows)
        return took[len(took) // 2] if took else None

    def _count(self) -> int:
        return int(self._database.execute("SELECT change FROM counter").fetchone()[0])

    @contextmanager
    def _changing(self) -> Iterator[int]:
        """One transaction with the number of its change."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.execute("UPDATE counter SET change = change + 1")
                yield self._count()
                counted = self._count()
                self._database.execute("COMMIT")
                self.change = counted
            except BaseException:
                self._database.execute("ROLLBACK")
                raise


def _job(row: sqlite3.Row) -> Job:
    values = {name: row[name] for name in _FIELDS}
    return Job(**{**values, "order": json.loads(values["order"])})
