"""What a person drops becomes a set of data: streamed to the disk, checked, and kept whole or not at all."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path, PurePosixPath
from typing import IO

from PIL import Image

from mintage.arrangement import IMAGE_SUFFIXES
from mintage.errors import DataError
from mintage.studio.naming import file_path, is_left_out, tidy_name
from mintage.studio.shelf import Shelf, Stored
from mintage.studio.zips import Limits, unpack

__all__ = ["Drop"]

TEXTS = (".txt", ".md", ".text", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
OTHERS = (".parquet", "-ubyte", "-ubyte.gz")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".txz", ".bz2", ".tbz2", ".7z", ".rar", ".zst")
MOST_PIXELS = 178_000_000  # of one picture: more is a trap, or no photograph
LISTED = 200  # files that were left out, by name


class Drop:
    """The receiver of one upload; `keep` or `discard` ends it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.folder = shelf, shelf.new()
        self.files = self.folder / "files"
        self.skipped: list[dict[str, str]] = []
        self.num_skipped = 0
        self._taken: dict[str, PurePosixPath] = {}
        self._above: set[str] = set()
        self._wanted = self._first = ""
        self._zip: Path | None = None
        self._file: IO[bytes] | None = None
        self._count = self._bytes = 0

    def field(self, name: str, value: str) -> None:
        """The name, if one is wished for."""
        if name == "name" and value.strip():
            tidy_name(value)
            self._wanted = value

    def begin(self, name: str, filename: str) -> None:
        """Open the file's place, unless it is of no use."""
        if name != "files":
            raise DataError(f"The form has a file called {name!r}; files are taken under the name files.")
        self._count += 1
        if self._count > Limits.files:
            raise DataError(f"More than {Limits.files:,} files at once. Make a zip of them, or fewer.")
        if is_left_out(filename):
            return
        path = file_path(filename)
        self._first = self._first or str(path)
        if path.suffix.lower() == ".zip" and len(path.parts) == 1 and self._zip is None and not self._taken:
            self._zip = self.folder / "dropped.zip"
            self._file = self._zip.open("xb")
        elif self._zip is not None:
            raise DataError("One zip, or files: not both at once.")
        elif why := _why_not(path):
            self._skip(path, why)
        else:
            self._file = self._placed(path).open("xb")

    def write(self, piece: bytes) -> None:
        """More of the file."""
        if self._file is not None:
            self._bytes += len(piece)
            if self._bytes > Limits.unpacked:
                raise DataError(f"More than {Limits.unpacked / 1e9:.0f} GB at once.")
            self._file.write(piece)

    def end(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Leave nothing behind."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self) -> Stored:
        """Unpack and check what came, and put it on the shelf.

        Raises:
            DataError: nothing in it can be learned from, or it is a trap.
        """
        self.end()
        if self._zip is not None:
            self._unpack(self._zip)
        good = self._check()
        if not good:
            told = "; ".join(f"{one['file']}: {one['why']}" for one in self.skipped[:3])
            raise DataError(
                "Nothing here can be learned from: pictures, texts (.txt .md .jsonl), tables (.csv .tsv .parquet)."
                + (f" Left out: {told}." if told else "")
            )
        sizes = [path.stat().st_size for path in self.files.rglob("*") if path.is_file()]
        about = {"files": len(sizes), "bytes": sum(sizes), "skipped": self.skipped, "num_skipped": self.num_skipped}
        return self.shelf.keep(self.folder, self._wanted or self._usual_name(), about)

    def _usual_name(self) -> str:
        first = PurePosixPath(self._first)
        name = first.parts[0] if len(first.parts) > 1 else first.stem
        try:
            return tidy_name(name)
        except DataError:
            return "data"

    def _placed(self, path: PurePosixPath) -> Path:
        """Where a file goes: nothing may lie there already, nor below a file."""
        key = str(path).lower()
        above = [str(one).lower() for one in path.parents]
        if key in self._taken or key in self._above or any(one in self._taken for one in above):
            raise DataError(f"{str(path)[:80]!r} is there twice, or as a file and as a folder. Keep one of them.")
        self._taken[key] = path
        self._above.update(above)
        target = self.files / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _skip(self, path: PurePosixPath, why: str) -> None:
        self.num_skipped += 1
        if len(self.skipped) < LISTED:
            self.skipped.append({"file": str(path), "why": why})

    def _unpack(self, archive: Path) -> None:
        for path, target in unpack(archive, self.files):
            if why := _why_not(path):
                target.unlink()
                self._skip(path, why)
            else:
                self._taken[str(path).lower()] = path
        archive.unlink()

    def _check(self) -> int:
        """How many files can be read by their beginnings; those that cannot be are taken out."""
        good, bad = 0, []
        for path in self._taken.values():
            if why := _trouble(self.files / path):
                bad.append((path, why))
            else:
                good += 1
        if good:
            for path, why in bad:
                self._skip(path, why)
                (self.files / path).unlink()
        else:
            self.skipped += [{"file": str(path), "why": why} for path, why in bad[:3]]
        return good


def _why_not(path: PurePosixPath) -> str:
    """Why a file is left out, by its name; empty if it is wanted. Words of pages, not for people."""
    name = path.name.lower()
    if name.endswith((*IMAGE_SUFFIXES, *TEXTS, *OTHERS)):
        return ""
    return "archive" if name.endswith(ARCHIVES) else "unknown"


def _trouble(path: Path) -> str:
    """Why a file is left out, by its beginning; empty if it seems whole.

    Raises:
        DataError: it is a picture that would unpack to far more than a photograph.
    """
    name = path.name.lower()
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        return "empty"
    if name.endswith(IMAGE_SUFFIXES):
        return _trouble_of_picture(path)
    if name.endswith(".parquet"):
        return "" if start[:4] == b"PAR1" else "damaged"
    if name.endswith("ubyte"):
        return "" if start[:2] == b"\0\0" else "damaged"
    if name.endswith(".gz"):
        return "" if start[:2] == b"\x1f\x8b" else "damaged"
    is_wide = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    return "binary" if b"\0" in start and not is_wide else ""


def _trouble_of_picture(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                width, height = image.size
                if image.format == "PNG" and width * height <= MOST_PIXELS:
                    image.verify()
        except Image.DecompressionBombError:
            width, height = MOST_PIXELS, 2
        except Exception:  # a damaged picture raises whatever its decoder happens to meet
            return "damaged"
    if width * height > MOST_PIXELS:
        raise DataError(f"{path.name!r} would unpack to {width * height / 1e6:,.0f} million pixels. Make it smaller.")
    return ""
