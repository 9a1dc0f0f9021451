"""The files in a zip or tar, read from it as it is and never unpacked to the disk."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, cast

from mintage.arrangement import IMAGE_SUFFIXES, arrange, is_wanted
from mintage.contracts import Example
from mintage.errors import DataError

__all__ = ["Archive"]

_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
_LARGEST = 512 << 20  # bytes of one member: more is a bomb, or no photograph
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError)


class Archive:
    """Every image in a .zip, .tar, .tar.gz, .tar.xz or .tar.bz2, as bytes; classes as in a folder.

    Members keep the order of the archive. A compressed tar is a stream: read forward it costs one decompression in
    all, while a step back starts it anew.

    Raises:
        DataError: the archive is missing or damaged or holds no image; or a member that is read is damaged,
            encrypted or too large.
    """

    def __init__(self, path: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        try:
            if self.path.name.lower().endswith(".zip"):
                self._members: _Zip | _Tar = _Zip(self.path)
            else:
                self._members = _Tar(self.path)
        except FileNotFoundError as error:
            raise DataError(f"{path} does not exist.") from error
        except _DAMAGE as error:
            raise DataError(f"{path} is damaged: {error}. Make or download it again.") from error
        names = self._members.names
        wanted = [place for place, name in enumerate(names) if is_wanted(name, suffixes)]
        found = arrange([names[place] for place in wanted], self.path, suffixes)
        self._places = [wanted[place] for place in found.kept]
        self._conditions, self.classes, self.remarks = found.conditions, found.classes, found.remarks

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """A file that ends as a zip or tar does."""
        return path.is_file() and path.name.lower().endswith(_ENDINGS)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Example:
        place = self._places[index]
        name = self._members.names[place]
        try:
            with self._lock:
                data = self._members.read(place)
        except (*_DAMAGE, RuntimeError, NotImplementedError) as error:  # the last two: encrypted, unknown method
            raise DataError(f"{name}: cannot be read from the archive ({error}).") from error
        return Example(name, data, self._conditions[index] if self.classes else None)

    def names(self) -> Sequence[str]:
        """Of all examples, without reading them."""
        return [self._members.names[place] for place in self._places]

    def fingerprint(self) -> str:
        """A hash of the archive file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


class _Zip:
    """Members by name; the file stays open."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        by_name = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        self._infos = list(by_name.values())
        self.names = [_tidy(name.replace("\\", "/")) for name in by_name]

    def read(self, place: int) -> bytes:
        info = self._infos[place]
        _check_size(info.file_size)
        with self._zip.open(info) as member:
            return member.read(_LARGEST)


class _Tar:
    """Names and places of the members, found in one pass; then one stream that moves forward."""

    def __init__(self, path: Path) -> None:
        self._stream = _open_stream(path)
        places: dict[str, tuple[int, int]] = {}
        for name, start, size in _index(self._stream):
            places.pop(name, None)  # a later member of the same name replaces the earlier one, at its own place
            places[name] = (start, size)
        self.names, self._places = list(places), list(places.values())

    def read(self, place: int) -> bytes:
        start, size = self._places[place]
        _check_size(size)
        self._stream.seek(start)
        data = self._stream.read(size)
        if len(data) < size:
            raise EOFError("the archive ends before the file does")
        return data


def _open_stream(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if magic == b"\xfd7zXZ\0":
        return lzma.open(path)
    if magic.startswith(b"BZh"):
        return bz2.open(path)
    return path.open("rb")


def _index(stream: IO[bytes]) -> Iterator[tuple[str, int, int]]:
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        while (member := tar.next()) is not None:
            if member.isreg() and not member.issparse():
                yield _tidy(member.name), member.offset_data, member.size
            tar.members = []  # type: ignore[attr-defined]  # a TarInfo takes a kilobyte; there may be millions


def _tidy(name: str) -> str:
    return str(PurePosixPath(name.lstrip("/")))


def _check_size(size: int) -> None:
    if size > _LARGEST:
        raise OSError(f"{size >> 20} MiB unpacked is more than the {_LARGEST >> 20} MiB that one file may have")
