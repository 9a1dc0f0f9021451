"""Files of tables both ways, in parts of bounded size: csv, tsv and parquet; how they are written is found out."""

from __future__ import annotations

import codecs
import csv
import importlib.util
import io
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mintage.errors import ConfigError, DataError
from mintage.storage import new_file

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["SUFFIXES", "TableFile", "needs_pandas", "write_frames"]

SUFFIXES = (".csv", ".tsv", ".parquet")
ROWS = 50_000  # of a part
_PEEK = 1 << 20
_MANY_COLUMNS = 5_000
_LOOKED_AT = 20  # records from which is told how many values one has
_ENCODINGS = ("cp1252", "gb18030", "big5", "shift_jis", "cp949", "cp1251", "cp1250")  # of equals the first is taken
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
            why = str(error).splitlines()[0].rstrip(".")
            if "EOF inside string" in why:
                why += ": a quote is opened there and never closed"
            raise DataError(f"{self.path} cannot be read as a table: {why}.") from error
        if not seen and self.num_unreadable:
            line, reason = self.unreadable[0]
            raise DataError(f"{self.path} has no line that fits its column names: {line}: {reason}.")
        if not seen:
            raise DataError(f"{self.path} has a line of column names at most, and no records.")

    def _say(self, remark: str) -> None:
        """Once, however often the file is read."""
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _of_parquet(self) -> Iterator[DataFrame]:
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        # not by way of floats and objects, where values are missing
        typed = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype()}
        with pq.ParquetFile(self.path) as file:
            names = self._distinct([str(name) for name in file.schema_arrow.names])
            plain = {name: _plain(field.type) for name, field in zip(names, file.schema_arrow, strict=True)}
            for name, field in zip(names, file.schema_arrow, strict=True):
                if plain[name] is not None:
                    self._say(f"{name}: holds {field.type}, taken as {plain[name]}.")
            for batch in file.iter_batches(ROWS):
                frame = batch.rename_columns(names).to_pandas(ignore_metadata=True, types_mapper=typed.get)
                for name, what in plain.items():
                    if what is not None:
                        frame[name] = frame[name].dt.total_seconds() if what == "seconds" else _as_json(frame[name])
                yield frame

    def _of_text(self) -> Iterator[DataFrame]:
        import pandas as pd

        names = [*self.columns, *(f"beyond {place}" for place in range(self._beyond))]
        rows = max(500, min(ROWS, 5_000_000 // len(names)))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", pd.errors.ParserWarning)
            with pd.read_csv(
                self.path, dtype=str, keep_default_na=False, encoding=self.encoding, encoding_errors="replace",
                sep=self.separator, chunksize=rows, on_bad_lines="warn", header=0, names=names, skip_blank_lines=True,
                index_col=False, low_memory=False,
            ) as reader:  # fmt: skip
                for frame in reader:
                    self._note(told)
                    yield self._fitting(frame.fillna("")).apply(lambda column: column.str.strip())
            self._note(told)

    def _fitting(self, frame: DataFrame) -> DataFrame:
        """Without the records that have values beyond the columns: pandas reads as many as the first record has."""
        if not self._beyond:
            return frame
        wanted = len(self.columns)
        found = wanted + frame.iloc[:, wanted:].ne("").sum(axis=1)
        for place, saw in found[found > wanted].items():
            self._leave_out(f"record {int(str(place)) + 1}", int(saw))
        return frame.loc[found == wanted, self.columns]

    def _note(self, told: list[Any]) -> None:
        for message in told:
            for line, _, saw in _BAD.findall(str(message.message)):
                self._leave_out(f"line {line}", int(saw))
        told.clear()

    def _leave_out(self, line: str, saw: int) -> None:
        self.num_unreadable += 1
        if len(self.unreadable) < _KEPT:
            self.unreadable.append((line, f"it has {saw} values, {len(self.columns)} are wanted"))

    def _look(self, encoding: str | None) -> None:
        """Find out how a file of text is written, and what its columns are called."""
        with self.path.open("rb") as file:
            start = file.read(_PEEK)
        if not start.strip():
            raise DataError(f"{self.path} is empty: give it a line of column names, and records below.")
        self.encoding = encoding or self._encoding(start)
        text = start.decode(self.encoding, "replace").lstrip("\ufeff")
        if "\0" in text:
            raise DataError(f"{self.path} is no text: it has zero bytes. Give a table as .csv, .tsv or .parquet.")
        self.separator = "\t" if self.path.suffix.lower() == ".tsv" else _separator(text.splitlines()[:20])
        head, *records = self._first_records(text)
        names = [name.strip() for name in head]
        if len(names) > _MANY_COLUMNS:
            self._say(f"{len(names):,} columns are many: training will be slow, and needs records to match.")
        if sum(_is_number(name) for name in names) > len(names) / 2:
            self._say("The first line was taken for column names, but looks like values: add a line of names.")
        width = Counter(map(len, records)).most_common(1)[0][0] if records else 0
        if width > len(names):
            by_r = width == len(names) + 1 and any(record[-1] for record in records)  # its rows begin with their names
            self._say(
                f"Records have {width} values and the first line {len(names)} names: "
                + ("the first value is taken for the name of the row." if by_r else "the last values are numbered.")
            )
            names = ["row", *names] if by_r else names + [""] * (width - len(names))
        self._beyond = max(len(records[0]) - len(names), 0) if records else 0
        self.columns = self._distinct(names)

    def _first_records(self, text: str) -> list[list[str]]:
        """The line of names and the records behind it, those of empty lines left out."""
        found: list[list[str]] = []
        try:
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=self.separator):
                if record:
                    found.append(record)
                if len(found) > _LOOKED_AT:
                    break
        except csv.Error as error:
            raise DataError(f"{self.path} cannot be read as a table: {error}.") from error
        return found

    def _distinct(self, names: list[str]) -> list[str]:
        """Names of columns, none empty and no two alike."""
        given = [name or f"column_{place}" for place, name in enumerate(names, 1)]
        twice = [name for name, count in Counter(given).items() if count > 1]
        if twice:
            self._say(f"Several columns are called {', '.join(map(repr, twice[:5]))}: later ones are numbered.")
        taken, found = set(given), []
        seen: Counter[str] = Counter()
        for name in given:
            seen[name] += 1
            if seen[name] > 1:
                while f"{name}_{seen[name]}" in taken:
                    seen[name] += 1
                name = f"{name}_{seen[name]}"
                taken.add(name)
            found.append(name)
        return found

    def _encoding(self, start: bytes) -> str:
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if start.startswith(mark):
                return name
        if start.count(0) > len(start) / 4:  # letters of two bytes, most of whose halves are zero
            return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with self.path.open("rb") as file:
                while block := file.read(_PEEK):
                    decoder.decode(block)
        except UnicodeDecodeError:
            found = _guessed(start)
            self._say(f"The file is not UTF-8: read as {found}. Set data.encoding if letters look wrong.")
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


def _plain(kind: Any) -> str | None:
    """As what values of a type of parquet are taken that no column has: "words", "seconds"; None: as they are."""
    import pyarrow.types as types

    if types.is_duration(kind):
        return "seconds"
    return "words" if types.is_nested(kind) or types.is_binary(kind) or types.is_time(kind) else None


def _as_json(values: Series) -> Series:
    def told(value: Any) -> Any:
        return value.tolist() if hasattr(value, "tolist") else str(value)

    words = [
        None if value is None else value if isinstance(value, str) else json.dumps(value, default=told).strip('"')
        for value in values.tolist()
    ]
    return values.__class__(words, name=values.name, dtype="str")


def _guessed(start: bytes) -> str:
    """The likeliest encoding of what is no UTF-8."""
    if importlib.util.find_spec("charset_normalizer") is None:
        return "cp1252"
    from charset_normalizer import from_bytes

    found = []
    for match in from_bytes(start[:100_000], cp_isolation=list(_ENCODINGS)):
        alike = {match.encoding, *match.could_be_from_charset}
        first = min(place for place, name in enumerate(_ENCODINGS) if name in alike)
        found.append((match.chaos, -match.coherence, first))
    return _ENCODINGS[min(found)[2]] if found else "cp1252"


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
