"""Files of tables both ways, in parts of bounded size: csv, tsv and parquet; how they are written is found out."""

from __future__ import annotations

import codecs
import csv
import importlib.util
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mintage.errors import ConfigError, DataError
from mintage.storage import new_file

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["SUFFIXES", "TableFile", "needs_pandas", "write_frames"]

SUFFIXES = (".csv", ".tsv", ".parquet")
ROWS = 50_000  # of a part
_PEEK = 1 << 20
_MANY_COLUMNS = 5_000
_BAD = re.compile(r"line (\d+): expected (\d+) fields, saw (\d+)")
_KEPT = 100

Lines = list[tuple[str, str]]


def needs_pandas() -> None:
    """Make sure that tables can be read here.

    Raises:
        ConfigError: the packages for tables are not installed.
    """
    if missing := [name for name in ("pandas", "pyarrow") if importlib.util.find_spec(name) is None]:
        raise ConfigError(f"Tables need {' and '.join(missing)}: pip install 'mintage[table]'.")


class TableFile:
    """One file of records, read in parts: of csv and tsv every value as it is written, of parquet with its own type.

    `unreadable` lists the lines that the last pass left out, with the reason; `remarks` what a person should know.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        needs_pandas()
        self.path = path
        self.remarks: list[str] = []
        self.unreadable: Lines = []
        self.num_unreadable = 0
        self.encoding, self.separator = "", ""
        if path.suffix.lower() != ".parquet":
            self._look(encoding)

    def frames(self) -> Iterator[DataFrame]:
        """All records in parts of at most 50,000, in order.

        Raises:
            DataError: the file cannot be read as what it is, or has no records.
        """
        self.unreadable, self.num_unreadable = [], 0
        parts = self._of_parquet() if self.path.suffix.lower() == ".parquet" else self._of_text()
        seen = 0
        try:
            for frame in parts:
                seen += len(frame)
                yield frame
        except (ValueError, OSError) as error:
            raise DataError(f"{self.path} cannot be read as a table: {str(error).splitlines()[0]}") from error
        if not seen:
            raise DataError(f"{self.path} has a line of column names at most, and no records.")

    def _of_parquet(self) -> Iterator[DataFrame]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            names = _distinct([str(name) for name in file.schema_arrow.names], self.remarks)
            for batch in file.iter_batches(ROWS):
                frame = batch.to_pandas()
                frame.columns = names
                yield frame

    def _of_text(self) -> Iterator[DataFrame]:
        import pandas as pd

        rows = max(500, min(ROWS, 5_000_000 // max(len(self.columns), 1)))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", pd.errors.ParserWarning)
            with pd.read_csv(
                self.path, dtype=str, keep_default_na=False, encoding=self.encoding, encoding_errors="replace",
                sep=self.separator, chunksize=rows, on_bad_lines="warn", header=None, names=self.columns, skiprows=1,
                skip_blank_lines=True, index_col=False,
            ) as reader:  # fmt: skip
                for frame in reader:
                    self._note(told)
                    yield frame.fillna("").apply(lambda column: column.str.strip())
            self._note(told)

    def _note(self, told: list[Any]) -> None:
        for message in told:
            for line, wanted, saw in _BAD.findall(str(message.message)):
                self.num_unreadable += 1
                if len(self.unreadable) < _KEPT:
                    self.unreadable.append((f"line {line}", f"it has {saw} values, {wanted} are wanted"))
        told.clear()

    def _look(self, encoding: str | None) -> None:
        """Find out how a file of text is written, and what its columns are called."""
        with self.path.open("rb") as file:
            start = file.read(_PEEK)
        if not start.strip():
            raise DataError(f"{self.path} is empty: give it a line of column names, and records below.")
        self.encoding = encoding or self._encoding(start)
        text = start.decode(self.encoding, "replace").lstrip("\ufeff")
        lines = text.splitlines()
        self.separator = "\t" if self.path.suffix.lower() == ".tsv" else _separator(lines[:20])
        names = [name.strip() for name in next(csv.reader(lines[:1], delimiter=self.separator))]
        if len(names) > _MANY_COLUMNS:
            self.remarks.append(f"{len(names):,} columns are many: training will be slow, and needs records to match.")
        if sum(_is_number(name) for name in names) > len(names) / 2:
            self.remarks.append(
                "The first line was taken for column names, but looks like values: add a line of names."
            )
        self.columns = _distinct(names, self.remarks)

    def _encoding(self, start: bytes) -> str:
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if start.startswith(mark):
                return name
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with self.path.open("rb") as file:
                while block := file.read(_PEEK):
                    decoder.decode(block)
        except UnicodeDecodeError:
            found = _guessed(start)
            self.remarks.append(f"The file is not UTF-8: read as {found}. Set data.encoding if letters look wrong.")
            return found
        return "utf-8"


def write_frames(frames: Iterable[DataFrame], path: Path) -> Path:
    """Write parts of a table one after another as .csv, .tsv or .parquet: whole or not at all.

    Raises:
        ConfigError: the suffix is none of these.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(
            f"{path.name} is no table that Mintage writes. Name it {', '.join('*' + one for one in SUFFIXES)}."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as temporary:
        if suffix == ".parquet":
            _write_parquet(frames, temporary)
        else:
            for number, frame in enumerate(frames):
                separator = "\t" if suffix == ".tsv" else ","
                frame.to_csv(temporary, index=False, sep=separator, header=not number, mode="a" if number else "w")
    return path


def _write_parquet(frames: Iterable[DataFrame], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()


def _separator(lines: list[str]) -> str:
    """The sign that cuts the first lines into most equal parts."""
    counts = {sign: [line.count(sign) for line in lines if line.strip()] for sign in ",;\t|"}
    fitting = [sign for sign, found in counts.items() if found and min(found) > 0]
    if not fitting:
        return ","
    return max(fitting, key=lambda sign: (Counter(counts[sign]).most_common(1)[0][1], counts[sign][0]))


def _distinct(names: list[str], remarks: list[str]) -> list[str]:
    """Names of columns, none empty and no two alike."""
    given = [name or f"column_{place}" for place, name in enumerate(names, 1)]
    twice = [name for name, count in Counter(given).items() if count > 1]
    if twice:
        remarks.append(f"Several columns are called {', '.join(map(repr, twice[:5]))}: later ones are numbered.")
    seen: Counter[str] = Counter()
    found = []
    for name in given:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found


def _guessed(start: bytes) -> str:
    if importlib.util.find_spec("charset_normalizer") is not None:
        from charset_normalizer import from_bytes

        best = from_bytes(start[:100_000]).best()
        if best is not None and best.encoding not in ("utf_8", "ascii"):
            return str(best.encoding)
    return "cp1252"


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
