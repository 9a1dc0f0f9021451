"""A table with a time line, wide or long: one column a variable, and a column of entities where there is one."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mintage.contracts import Example
from mintage.errors import DataError
from mintage.timeline.lines import Panel, lay_out
from mintage.timeline.stamps import are_stamps

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Series"]

_SUFFIXES = (".csv", ".tsv", ".parquet")
_STAMPS = frozenset({"date", "datetime", "time", "timestamp", "ds"})
_SEEN = 2_000  # rows by which a file is known
_MOST_DOUBLE = 0.05  # share of rows whose time stands twice within an entity
_LEAST_EACH = 8  # rows of an entity, on average
_MOSTLY = 0.95  # share of a column's values that are numbers, from which on the others are taken for missing
_EXTRA = "Tables need pandas: pip install 'mintage[table]'."


class Series:
    """Lines of a csv, tsv or parquet file, cut where time has gaps; each example is one `timeline.lines.Line`.

    `entity` names the column that says whose row it is; unset, the one column of words whose times repeat from one
    word to another. `target` narrows the variables to those named, with commas between. Columns that never change
    within an entity, and differ between entities, are its attributes.

    Raises:
        DataError: the file has no time line.
    """

    takes: ClassVar[tuple[str, ...]] = ("entity", "target")
    classes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: Path, entity: str = "", target: str = "") -> None:
        self.path, self.entity, self.target = Path(path), entity, target

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Whether its first column, or one with a name for it, holds times that each entity has once."""
        if not path.is_file() or path.suffix.lower() not in _SUFFIXES:
            return False
        try:
            frame = _read(path, _SEEN)
        except (DataError, ValueError, OSError):
            return False
        stamp = _stamp_of(frame)
        if not stamp or not _numbers_of(frame, stamp):
            return False
        entity = _entity_of(frame, stamp)
        if set(_words_of(frame, stamp)) - {entity, *_attributes_of(frame, stamp, entity)}:
            return False
        double = frame.duplicated([stamp, *([entity] if entity else [])]).mean()
        return bool(double <= _MOST_DOUBLE)

    @cached_property
    def panel(self) -> Panel:
        """All lines of the file, read once."""
        frame = _read(self.path)
        stamp = _stamp_of(frame)
        if not stamp:
            raise DataError(
                f"{self.path} has no column of times. Put dates into the first column, or name one date, time or "
                f"timestamp. There are: {', '.join(map(str, frame.columns))}."
            )
        entity = self.entity or _entity_of(frame, stamp)
        asked = [name.strip() for name in self.target.split(",") if name.strip()]
        alike = [name for name in _attributes_of(frame, stamp, entity) if name not in asked]
        attributes = [name for name in alike if frame[name].nunique() > 1]
        numbers = [name for name in _numbers_of(frame, stamp) if name not in (entity, *alike)]
        return lay_out(frame, stamp, asked or numbers, entity, attributes)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was decided while reading."""
        return self.panel.remarks

    def __len__(self) -> int:
        return len(self.panel.lines)

    def __getitem__(self, index: int) -> Example:
        line = self.panel.lines[index]
        name = f"{line.entity + ' ' if line.entity else ''}{line.stamps[0]} to {line.stamps[-1]}"
        return Example(name, line)

    def fingerprint(self) -> str:
        """Of the file's bytes and of what is taken from it."""
        told = blake2b(f"{self.entity}\0{self.target}\0".encode(), digest_size=16)
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                told.update(block)
        return told.hexdigest()


def _read(path: Path, rows: int | None = None) -> pd.DataFrame:
    try:
        import pandas as pd
    except ImportError as error:
        raise DataError(_EXTRA) from error
    if path.suffix.lower() == ".parquet":
        whole = pd.read_parquet(path).reset_index(drop=False)
        return whole.drop(columns="index", errors="ignore").head(rows or len(whole))
    frame = pd.read_csv(path, sep="\t" if path.suffix.lower() == ".tsv" else ",", nrows=rows)
    for name in frame.columns.difference(frame.select_dtypes("number").columns):
        numbers = pd.to_numeric(frame[name], errors="coerce")  # a sensor may say "Low" where it has no number
        if numbers.notna().sum() >= _MOSTLY * max(int(frame[name].notna().sum()), 1):
            frame[name] = numbers
    return frame


def _stamp_of(frame: pd.DataFrame) -> str:
    """The column of times: one that is named so, else the first; "" if it holds none."""
    named = [name for name in frame.columns if str(name).strip().lower() in _STAMPS]
    return next((str(name) for name in [*named, *frame.columns[:1]] if are_stamps(frame[name])), "")


def _numbers_of(frame: pd.DataFrame, stamp: str) -> list[str]:
    return [name for name in frame.select_dtypes("number").columns if name != stamp]


def _words_of(frame: pd.DataFrame, stamp: str) -> list[str]:
    numbers = _numbers_of(frame, stamp)
    return [name for name in frame.columns if name != stamp and name not in numbers]


def _entity_of(frame: pd.DataFrame, stamp: str) -> str:
    """The column of words that tells most rows apart, each word with many of them, within which times are single."""
    found, most = "", 0
    for name in _words_of(frame, stamp):
        different = frame[name].nunique()
        if different <= most or frame[name].isna().any() or len(frame) / different < _LEAST_EACH:
            continue
        if frame.duplicated([name, stamp]).mean() <= _MOST_DOUBLE:
            found, most = name, different
    return found


def _attributes_of(frame: pd.DataFrame, stamp: str, entity: str) -> list[str]:
    """Columns with one value at most within each entity; numbers that are the same in all only stand still."""
    if not entity:
        return []
    alike, words = [name for name in frame.columns if name not in (stamp, entity)], _words_of(frame, stamp)
    for part in (frame.head(_SEEN), frame):  # most columns change within the first rows, and are not counted through
        counts = part.groupby(entity)
        alike = [name for name in alike if counts[name].nunique().max() <= 1]
    return [name for name in alike if name in words or frame[name].nunique() > 1]
