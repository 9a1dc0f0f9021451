"""Names that come from outside, made safe or turned away: no name may reach out of its folder on any system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from mintage.errors import DataError

__all__ = ["file_path", "is_left_out", "tidy_name"]

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\..*)?$", re.IGNORECASE)
_UNUSABLE = re.compile(r'[<>:"|?*]')  # on Windows
_CONFUSING = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_LONGEST_PART, _LONGEST, _DEEPEST = 200, 900, 24
_OF_SYSTEMS = frozenset({"__macosx", "thumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "@eadir"})


def is_left_out(name: str) -> bool:
    """Whether a file is one that systems leave behind, or hidden.

    >>> is_left_out("photos/.DS_Store"), is_left_out("__MACOSX/a.png"), is_left_out("photos/a.png")
    (True, True, False)
    """
    parts = name.replace("\\", "/").split("/")
    return any(part.lower() in _OF_SYSTEMS or (part.startswith(".") and part.strip(". ")) for part in parts)


def file_path(name: str) -> PurePosixPath:
    """A relative path for a file that calls itself so: same folders, every part usable on every system.

    >>> str(file_path("cats/what?.png")), str(file_path("cats\\\\1.png"))
    ('cats/what_.png', 'cats/1.png')

    Raises:
        DataError: the name is absolute, climbs, is too long or too deep, or holds what no name should.
    """
    shown = repr(name[:80])
    if any(unicodedata.category(one) in ("Cc", "Cs") or one in _CONFUSING for one in name):
        raise DataError(f"The file name {shown} holds characters that no file name should have. Rename it.")
    plain = unicodedata.normalize("NFC", name).replace("\\", "/")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain):
        raise DataError(f"The file name {shown} is not relative to the folder that was dropped.")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if not parts or plain.endswith("/"):
        raise DataError(f"The file name {shown} names no file.")
    if len(parts) > _DEEPEST or len(plain) > _LONGEST or any(len(part.encode()) > _LONGEST_PART for part in parts):
        raise DataError(f"The file name {shown} is too long, or lies too deep.")
    for part in parts:
        bare = part.strip(" .")
        if not bare or ".." in parts:
            raise DataError(f"The file name {shown} climbs out of its folder, or has a part of dots alone.")
        if _RESERVED.match(bare):
            raise DataError(f"The file name {shown} is one that some systems keep for devices. Rename it.")
    return PurePosixPath(*[_UNUSABLE.sub("_", part).strip().rstrip(".") for part in parts])


def tidy_name(name: str) -> str:
    """A name for a set of data: letters and digits of any script, spaces, dots, dashes.

    >>> tidy_name("My photos (2)"), tidy_name("花 & 鸟"), tidy_name(" .hidden")
    ('My photos (2)', '花 - 鸟', 'hidden')

    Raises:
        DataError: it holds a slash or a control character, is too long, or nothing is left of it.
    """
    if any(unicodedata.category(one) in ("Cc", "Cs") or one in "/\\" or one in _CONFUSING for one in name):
        raise DataError(f"{name[:80]!r} cannot be a name: it holds a slash or a character that cannot be seen.")
    plain = "".join(one if one.isalnum() or one in " ._-()" else "-" for one in unicodedata.normalize("NFC", name))
    plain = plain.strip(" .-_")
    if not plain or len(plain.encode()) > 120 or _RESERVED.match(plain):
        raise DataError(f"{name[:80]!r} cannot be a name: use some letters or digits, at most 40.")
    return plain
