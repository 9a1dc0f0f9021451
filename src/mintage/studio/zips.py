"""Unpacks a zip that nobody vouches for: bounded in size and number, inside one folder, plain files only."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from mintage.errors import DataError
from mintage.studio.naming import file_path, is_left_out

__all__ = ["Limits", "unpack"]

_PIECE = 1 << 20
_TYPES = (0, stat.S_IFREG, stat.S_IFDIR)  # of a member; 0: whoever packed it did not say


class Limits:
    """How much may come in at once."""

    files = 200_000
    unpacked = 20_000_000_000  # bytes
    one_file = 2_000_000_000
    ratio = 100  # unpacked to packed, where it is more than `always`
    always = 20_000_000
    left_free = 500_000_000  # of the disk


def unpack(archive: Path, folder: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    """Write the files of a zip below `folder`, and say of each what it is called and where it is.

    Hidden files, and those that systems leave behind, are passed over.

    Raises:
        DataError: it is damaged, encrypted, or a trap; what was written so far is the caller's to remove.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened.infolist(), archive.stat().st_size, folder)
            for info, name in members:
                if info.is_dir():
                    continue
                target = folder / name
                _write(opened, info, target)
                yield name, target
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataError(f"The zip cannot be unpacked: {error}. Make it again, without a password.") from error


def _checked(infos: list[zipfile.ZipInfo], size: int, folder: Path) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    if len(infos) > Limits.files:
        raise DataError(f"The zip holds {len(infos):,} files; at most {Limits.files:,} are taken.")
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if total > Limits.unpacked or any(info.file_size > Limits.one_file for info in infos):
        raise DataError(f"The zip would unpack to {total / 1e9:.1f} GB, which is more than is taken at once.")
    if packed > size or (total > Limits.always and total > Limits.ratio * max(packed, 1)):
        raise DataError("The zip would unpack to far more than it is, as traps do. Drop the folder instead.")
    if total > shutil.disk_usage(folder).free - Limits.left_free:
        raise DataError(f"The zip would unpack to {total / 1e9:.1f} GB, and the disk has less. Free some space.")
    found: dict[str, PurePosixPath] = {}
    kept = []
    for info in infos:
        name = _name_of(info)
        if is_left_out(name):
            continue
        if info.flag_bits & 1:
            raise DataError(f"{name[:80]!r} in the zip is encrypted. Make the zip again, without a password.")
        if stat.S_IFMT(info.external_attr >> 16) not in _TYPES:
            raise DataError(f"{name[:80]!r} in the zip is a link or a device, not a file. Make it again without.")
        path = file_path(name.rstrip("/") if info.is_dir() else name)
        if not info.is_dir():
            if found.setdefault(str(path).lower(), path) is not path:
                raise DataError(f"{name[:80]!r} is in the zip twice. Keep one of them.")
            kept.append((info, path))
    for path in found.values():
        if any(str(above).lower() in found for above in path.parents):
            raise DataError(f"{str(path)[:80]!r} lies in the zip below something that is a file. Make it again.")
    return kept


def _name_of(info: zipfile.ZipInfo) -> str:
    """The member's name; without a mark it is in the packer's own encoding, which in China is GB 18030."""
    if "\0" in info.orig_filename:
        raise DataError("A name in the zip holds a character that no file name should have.")
    name = info.orig_filename
    if not info.flag_bits & 0x800 and not name.isascii():
        with suppress(UnicodeError):
            return name.encode("cp437").decode("utf-8")
        with suppress(UnicodeError):
            return name.encode("cp437").decode("gb18030")
    return name


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(info) as member, target.open("xb") as file:
        while piece := member.read(_PIECE):
            written += len(piece)
            if written > info.file_size:
                raise DataError(f"{info.filename[:80]!r} in the zip is larger than it says, as traps are.")
            file.write(piece)
    if written != info.file_size:
        raise DataError(f"{info.filename[:80]!r} in the zip is shorter than it says. Make the zip again.")
