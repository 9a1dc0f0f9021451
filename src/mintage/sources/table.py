"""The records of one table: a .csv, .tsv or .parquet file, read in parts of bounded size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mintage.contracts import Example
from mintage.errors import DataError
from mintage.tabular.files import SUFFIXES, TableFile

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Table"]


class Table:
    """A file of records, one a line, below the names of the columns; values are typed by the codec.

    Every line that has too many values is left out and listed; nothing else is lost.
    """

    takes: ClassVar[tuple[str, ...]] = ("encoding",)
    is_general: ClassVar[bool] = True  # other sources are asked first whether a file is theirs
    needs: ClassVar[str] = "Records are learned from a table: mintage train ./customers.csv"
    classes: ClassVar[Sequence[str]] = ()

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise DataError(f"There is no table at {path}. Give a file that ends in {' '.join(SUFFIXES)}.")
        self._file = TableFile(self.path, encoding)
        self._count: int | None = None

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """A file that ends as tables do."""
        return path.is_file() and path.suffix.lower() in SUFFIXES

    @property
    def remarks(self) -> list[str]:
        """What a person should know of the file."""
        return self._file.remarks

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(line, reason) of the first lines that the last pass left out."""
        return self._file.unreadable

    @property
    def num_unreadable(self) -> int:
        """How many lines the last pass left out."""
        return self._file.num_unreadable

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def frames(self) -> Iterator[DataFrame]:
        """All records in parts, in order."""
        return self._file.frames()

    def __len__(self) -> int:
        if self._count is None:
            self._count = sum(len(frame) for frame in self.frames())
        return self._count

    def __getitem__(self, index: int) -> Example:
        """One record as a mapping; a pass over the file, so for looking only."""
        first = 0
        for frame in self.frames():
            if index < first + len(frame):
                return Example(f"record {index + 1}", frame.iloc[index - first].to_dict())
            first += len(frame)
        raise IndexError(index)

    def fingerprint(self) -> str:
        """A hash of the content, and of how it is read."""
        total = hashlib.blake2b(self._file.encoding.encode(), digest_size=16)
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
        return total.hexdigest()

    def stamp(self) -> str:
        """A quick hash of place, size and times: while it stays the same, so does the fingerprint."""
        facts = self.path.stat()
        told = f"{self.path.resolve()} {facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns} {self._file.encoding}"
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
