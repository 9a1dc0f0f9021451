"""The cache of packed data: folders that are whole or absent, whichever process wrote them."""

from __future__ import annotations

import contextlib
import errno
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from mintage import storage
from mintage.data.packed import read_meta
from mintage.errors import DataError

__all__ = ["check_space", "fingerprint_of", "new_packing", "remove_stale", "writing_to"]

_STALE = 24 * 3600  # seconds without a write after which a packing counts as dead


class Fingerprinted(Protocol):
    """A source of any kind, as far as its place in the cache asks for it."""

    def fingerprint(self) -> str: ...


def fingerprint_of(source: Fingerprinted, cache: Path) -> str:
    """The source's; one that can stamp itself quickly is hashed only when its stamp is new."""
    stamp = getattr(source, "stamp", None)
    if stamp is None:
        return source.fingerprint()
    note: Path = cache / "stamps" / stamp()
    if note.is_file() and (known := note.read_text("utf-8").strip()):
        return known
    fingerprint = str(source.fingerprint())
    if note.name == stamp():  # nothing changed meanwhile
        note.parent.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            storage.write_text(note, fingerprint)
    return fingerprint


def check_space(folder: Path, needed: int) -> None:
    """See that the disk has room for so many bytes.

    Raises:
        DataError: it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DataError(
            f"Packing takes {needed / 1e9:.2f} GB, but the disk of {folder.parent} has {free / 1e9:.2f} GB left. "
            "Free some, choose another cache, or a smaller codec.size."
        )


@contextlib.contextmanager
def writing_to(cache: Path) -> Iterator[None]:
    """Say what is the matter where the disk refuses.

    Raises:
        DataError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else (error.strerror or str(error))
        raise DataError(
            f"Packed data can't be written to {cache}: {what}. Nothing was left there; free some space or choose "
            "another cache."
        ) from error


@contextlib.contextmanager
def new_packing(folder: Path) -> Iterator[Path]:
    """A temporary folder of one's own that becomes `folder`, unless another process was faster: its work is as good."""
    temporary = folder.parent / f".packing-{secrets.token_hex(8)}"
    temporary.mkdir()
    try:
        yield temporary
        if folder.exists() and read_meta(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)  # damaged from outside
        try:
            temporary.rename(folder)
        except OSError:
            if read_meta(folder) is None:
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_stale(cache: Path) -> None:
    """Clear away what killed packings left."""
    for folder in cache.glob(".packing-*"):
        with contextlib.suppress(OSError):
            newest = max(entry.stat().st_mtime for entry in (folder, *folder.iterdir()))
            if time.time() - newest > _STALE:
                shutil.rmtree(folder, ignore_errors=True)
