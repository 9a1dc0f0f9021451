"""Keys of callers: kept as hashes in SQLite, each with its rate and its samples a day."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mintage.errors import ConfigError, RunError

__all__ = ["Key", "Keys", "Refused"]

VERSION = 1
PREFIX = "mint"
COST = {"n": 2**14, "r": 8, "p": 1}  # of scrypt: some 50 ms, paid once by each key of a server's life
FLUSH = 1.0  # seconds between two writes of what was used
_SCHEMA = """
CREATE TABLE keys (id TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
  rate REAL NOT NULL, daily INTEGER NOT NULL, created TEXT NOT NULL);
CREATE TABLE used (id TEXT NOT NULL, day TEXT NOT NULL, samples INTEGER NOT NULL, PRIMARY KEY (id, day));
"""


class Refused(RunError):
    """A key asks too often or has had its day's share; `retry_after` in seconds."""

    def __init__(self, words: str, retry_after: float) -> None:
        super().__init__(words)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Key:
    """A caller: `rate` requests a second (0: any), `daily` samples a day (0: any)."""

    id: str
    name: str
    rate: float
    daily: int
    created: str = ""


class Keys:
    """The keys of one file. One process serves; others may add and remove keys meanwhile."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._now, self._lock = now, threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        self._database.execute("PRAGMA journal_mode = WAL")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise RunError(f"{path} was written by a newer Mintage (form {version}; this one knows {VERSION}). Update.")
        if version == 0:
            self._database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        path.chmod(0o600)
        self._session = secrets.token_bytes(32)  # what is kept in memory is no use elsewhere
        self._known: dict[bytes, Key] = {}
        self._buckets: dict[str, tuple[float, float]] = {}  # key -> (tokens left, when)
        self._used: dict[tuple[str, str], int] = {}
        self._unwritten: dict[tuple[str, str], int] = {}
        self._flushed = self._looked = now()
        self._seen = self._version()

    def new(self, name: str, rate: float = 0.0, daily: int = 0) -> str:
        """Make a key and return its secret: nobody can read it again.

        Raises:
            ConfigError: there is one of this name, or the name is empty.
        """
        if not name.strip():
            raise ConfigError("A key needs a name that says whose it is.")
        number, secret, salt = secrets.token_hex(4), secrets.token_urlsafe(24), secrets.token_bytes(16)
        row = (number, name, salt, _hash(secret, salt), rate, daily, datetime.now(UTC).isoformat(timespec="seconds"))
        try:
            with self._lock:
                self._database.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise ConfigError(f"There is a key {name!r} already. Remove it first, or take another name.") from error
        return f"{PREFIX}_{number}_{secret}"

    def all(self) -> list[tuple[Key, int]]:
        """Every key, with the samples that it had today."""
        self.flush()
        with self._lock:
            rows = self._database.execute(
                "SELECT keys.id, name, rate, daily, created, coalesce(samples, 0) FROM keys LEFT JOIN used "
                "ON used.id = keys.id AND day = ? ORDER BY created, name", (self._today(),),
            ).fetchall()  # fmt: skip
        return [(Key(*row[:5]), row[5]) for row in rows]

    def remove(self, name: str) -> None:
        """Take a key out of use.

        Raises:
            ConfigError: there is none of this name.
        """
        with self._lock:
            if not self._database.execute("DELETE FROM keys WHERE name = ?", (name,)).rowcount:
                known = ", ".join(key.name for key, _ in self.all()) or "none yet"
                raise ConfigError(f"There is no key {name!r}; there are: {known}.")
            self._known.clear()

    def find(self, told: str) -> Key | None:
        """Whose key this is; None: nobody's. The slow hash is paid the first time only."""
        self._look_again()
        mark = hashlib.blake2b(told.encode(), key=self._session, digest_size=32).digest()
        if mark in self._known:
            return self._known[mark]
        parts = told.split("_", 2)
        if len(parts) != 3 or parts[0] != PREFIX:
            return None
        with self._lock:
            row = self._database.execute(
                "SELECT id, name, rate, daily, created, salt, hash FROM keys WHERE id = ?", (parts[1],)
            ).fetchone()
        if row is None or not hmac.compare_digest(_hash(parts[2], row[5]), row[6]):
            return None
        self._known[mark] = Key(*row[:5])
        return self._known[mark]

    def knock(self, key: Key) -> None:
        """Count one request.

        Raises:
            Refused: it asks more often than its rate; a second's worth may come at once.
        """
        if not key.rate:
            return
        with self._lock:
            now, most = self._now(), max(key.rate, 1.0)
            left, then = self._buckets.get(key.id, (most, now))
            left = min(most, left + (now - then) * key.rate)
            if left < 1:
                self._buckets[key.id] = left, now
                raise Refused(f"The key {key.name} may ask {key.rate:g} times a second.", (1 - left) / key.rate)
            self._buckets[key.id] = left - 1, now

    def take(self, key: Key, samples: int) -> None:
        """Take samples off the day's share.

        Raises:
            Refused: fewer are left.
        """
        with self._lock:
            slot = key.id, self._today()
            if slot not in self._used:
                row = self._database.execute("SELECT samples FROM used WHERE id = ? AND day = ?", slot).fetchone()
                self._used[slot] = row[0] if row else 0
            used = self._used[slot]
            if key.daily and used + samples > key.daily:
                now = datetime.fromtimestamp(self._now(), UTC)
                left = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
                raise Refused(
                    f"The key {key.name} may make {key.daily:,} samples a day (UTC), and {used:,} are made.", left
                )
            self._used[slot] = used + samples
            self._unwritten[slot] = self._unwritten.get(slot, 0) + samples
        if self._now() - self._flushed > FLUSH:
            self.flush()

    def give_back(self, key: Key, samples: int) -> None:
        """Put samples back that were taken and not made."""
        with self._lock:
            slot = key.id, self._today()
            if slot in self._used:
                self._used[slot] -= samples
                self._unwritten[slot] = self._unwritten.get(slot, 0) - samples

    def flush(self) -> None:
        """Write what was used."""
        with self._lock:
            unwritten, self._unwritten, self._flushed = self._unwritten, {}, self._now()
            if not unwritten:
                return
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT INTO used VALUES (?, ?, ?) "
                "ON CONFLICT (id, day) DO UPDATE SET samples = samples + excluded.samples",
                [(*slot, samples) for slot, samples in unwritten.items()],
            )
            self._database.execute("COMMIT")

    def close(self) -> None:
        """Write what was used, and let go of the file."""
        self.flush()
        self._database.close()

    def _today(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).date().isoformat()

    def _version(self) -> int:
        return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def _look_again(self) -> None:
        """Forget who was known where another process changed the file."""
        with self._lock:
            if self._now() - self._looked > FLUSH:
                self._looked, seen = self._now(), self._version()
                if seen != self._seen:
                    self._seen = seen
                    self._known.clear()


def _hash(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, **COST)
