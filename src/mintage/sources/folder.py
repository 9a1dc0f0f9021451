"""A folder of files at any depth, whose sub-folders may be classes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from mintage.arrangement import IMAGE_SUFFIXES, arrange, is_wanted
from mintage.contracts import Example
from mintage.errors import DataError

__all__ = ["Folder"]

_READ = 1 << 20


class Folder:
    """Every image below a folder; sub-folders of the first level are classes if at least two hold images.

    Hidden files and other suffixes are ignored, links are followed (each real folder once), and a root that holds
    nothing but one folder stands for that folder. Order: sorted by relative name.

    Raises:
        DataError: the folder is missing or holds no image.
    """

    is_general: ClassVar[bool] = True  # other sources are asked first whether a folder is theirs

    def __init__(self, path: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise DataError(f"{path} is not a folder. Give the path of a folder of images, or of a zip or tar.")
        closed: list[str] = []
        names = sorted(name for name in _walk(self.path, closed) if is_wanted(name, suffixes))
        found = arrange(names, self.path, suffixes)
        self._names = [names[place] for place in found.kept]
        self._conditions = found.conditions
        self.classes = found.classes
        self.remarks = found.remarks + tuple(f"{name} could not be opened." for name in closed)

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Any folder but one of idx files."""
        return path.is_dir() and not any(path.glob("*idx3-ubyte*"))

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Example:
        name = self._names[index]
        return Example(name, self.path / name, self._conditions[index] if self.classes else None)

    def names(self) -> Sequence[str]:
        """Of all examples, without reading them."""
        return self._names

    def fingerprint(self) -> str:
        """A hash of every name, size and content; the folder's own place doesn't matter."""
        total = hashlib.blake2b(digest_size=16)
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for start in range(0, len(self), 4096):  # in parts, so that millions of files aren't queued at once
                part = self._names[start : start + 4096]
                for name, content in zip(part, pool.map(self._hash, part), strict=True):
                    total.update(_bytes_of(name) + b"\0" + content)
        return total.hexdigest()

    def stamp(self) -> str:
        """A quick hash of names, sizes and times: while it stays the same, so does the fingerprint."""
        total = hashlib.blake2b(str(self.path.resolve()).encode(errors="backslashreplace"), digest_size=16)
        for name in self._names:
            try:
                facts = (self.path / name).stat()
                total.update(_bytes_of(name))
                total.update(f"\0{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns}\n".encode())
            except OSError:
                total.update(_bytes_of(name) + b"\0gone\n")
        return total.hexdigest()

    def _hash(self, name: str) -> bytes:
        digest, size = hashlib.blake2b(digest_size=16), 0
        try:
            with (self.path / name).open("rb") as file:
                while block := file.read(_READ):
                    digest.update(block)
                    size += len(block)
        except OSError as error:  # the packer will list it as unreadable
            digest.update(str(error.errno).encode())
        return size.to_bytes(8, "big") + digest.digest()


def _walk(root: Path, closed: list[str]) -> Iterator[str]:
    """Relative names of all files; folders that can't be opened are added to `closed`."""
    seen: set[tuple[int, int]] = set()
    waiting = [("", root)]
    while waiting:
        prefix, folder = waiting.pop()
        try:
            facts = folder.stat()
            if facts.st_ino and (facts.st_dev, facts.st_ino) in seen:  # a link back up, or to a folder already walked
                continue
            seen.add((facts.st_dev, facts.st_ino))
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            closed.append(prefix.rstrip("/") or str(root))
            continue
        below = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_dir(entry):
                below.append((f"{prefix}{entry.name}/", Path(entry.path)))
            elif _is_file(entry):
                yield prefix + entry.name
        waiting.extend(reversed(below))


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _bytes_of(name: str) -> bytes:
    return name.encode(errors="surrogateescape")
