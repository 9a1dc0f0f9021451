"""Which files of a folder are texts: plain ones, or tables if there are none; by their suffixes alone."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mintage.arrangement import is_wanted
from mintage.sources.texts.rows import ROW_SUFFIXES

__all__ = ["BINARY", "PLAIN", "SHOWN", "files_of_text", "first_of", "is_mostly_text"]

SHOWN = 3  # names that a sentence lists
PLAIN = (".txt", ".md", ".text")
BINARY = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ico", ".svgz", ".pdf", ".epub"),
        *(
            ".zip",
            ".gz",
            ".bz2",
            ".xz",
            ".zst",
            ".7z",
            ".rar",
            ".tar",
            ".tgz",
            ".wav",
            ".mp3",
            ".ogg",
            ".opus",
            ".flac",
        ),
        *(".m4a", ".mp4", ".avi", ".mkv", ".mov", ".webm", ".npy", ".npz", ".pt", ".pth", ".safetensors", ".onnx"),
        *(".bin", ".exe", ".dll", ".so", ".o", ".pyc", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt"),
        *(".db", ".sqlite", ".parquet", ".feather", ".h5", ".pkl", ".pickle", ".woff", ".woff2", ".ttf", ".otf"),
    }
)
_LISTED = 100_000  # files of a folder that decide whether it is one of texts


def is_mostly_text(folder: Path) -> bool:
    """Whether most files of a folder are texts."""
    names = list(itertools.islice(_walk(folder), _LISTED))
    texts = sum(is_wanted(name, (*PLAIN, *ROW_SUFFIXES)) for name in names)
    return 2 * texts > len(names) > 0


def files_of_text(root: Path, every_file: bool) -> tuple[list[str], list[str]]:
    """(names, remarks): plain texts, or tables if there are none."""
    names = sorted(_walk(root))
    plain = [name for name in names if is_wanted(name, PLAIN)]
    rows = [name for name in names if is_wanted(name, ROW_SUFFIXES)]
    if every_file:
        return [name for name in names if Path(name).suffix.lower() not in BINARY], []
    if plain and rows:
        return plain, [f"{first_of(rows)} beside the texts {'is' if len(rows) == 1 else 'are'} left out."]
    left = [name for name in names if name not in set(plain) | set(rows) and Path(name).suffix.lower() not in BINARY]
    remark = f"{first_of(left)} left out by suffix; data.every_file=true takes such files too."
    return plain or rows, [remark] if left and plain else []


def _walk(root: Path) -> Iterator[str]:
    """Relative names of all files that are not hidden, each real folder once."""
    seen: set[str] = set()
    for folder, below, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        below[:] = [] if real in seen else sorted(name for name in below if not name.startswith("."))
        if real not in seen:
            prefix = Path(folder).relative_to(root)
            yield from ((prefix / name).as_posix() for name in sorted(files) if not name.startswith("."))
        seen.add(real)


def first_of(names: Sequence[Any]) -> str:
    """The first names of many, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN:,} more files"
