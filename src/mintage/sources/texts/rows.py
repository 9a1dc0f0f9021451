"""Rows of tables with a column of text: .jsonl, .json, .csv and .tsv, read one by one in flat memory."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from mintage.errors import ConfigError, DataError

__all__ = ["ROW_SUFFIXES", "choose_column", "columns_of", "read_rows", "text_of"]

ROW_SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_LONGEST = 64 << 20  # characters of one row
_SAMPLE = 100  # rows from which the column is chosen
_BLOCK = 1 << 20
_LONG = 40  # characters, in the mean, from which a column is prose and not a word
_ASIDE = ("title", "label", "class", "category", "author")

Row = Mapping[str, Any]


def read_rows(path: Path, encoding: str) -> Iterator[tuple[int, Row | str]]:
    """(number from 1, row) of each; a row that can't be read comes as the reason why, in words.

    Raises:
        DataError: the file as a whole can't be read as what its suffix says.
    """
    with path.open(encoding=encoding, newline="") as file:
        suffix = path.suffix.lower()
        if suffix in (".csv", ".tsv"):
            rows = _separated(file, suffix)
        else:
            rows = _array(file, path) if suffix == ".json" else _lines(file)
        yield from enumerate(rows, 1)


def choose_column(path: Path, encoding: str, asked: str | None = None) -> tuple[str, str, bool]:
    """(the column that holds the text, a remark on the choice or "", whether it clearly is text).

    `text` if there is one, else the column whose strings are longest in the first rows.

    Raises:
        ConfigError: there is no column `asked`.
        DataError: no column holds strings.
    """
    sample = _first_rows(path, encoding)
    sizes: Counter[str] = Counter()
    for row in sample:
        for key, value in row.items():
            if (text := _joined(value)) is not None:
                sizes[key] += len(text)
    if asked is not None and sample and asked not in (known := _columns(sample)):
        raise ConfigError(
            f"{path.name} has no column {asked!r}. It has: {', '.join(known)}. Set data.column to one of them."
        )
    if not sizes and asked is None:
        raise DataError("no column holds text")
    column = asked or ("text" if "text" in sizes else sizes.most_common(1)[0][0])
    remark = ""
    if asked is None and column != "text":
        remark = f"The text of {path.name} is taken from its longest column, {column!r}; data.column names another."
    if aside := [key for key in sizes if key.lower() in _ASIDE and key != column]:
        more = f"It has more columns, {', '.join(map(repr, aside))}: data.heading={aside[0]} sets one above a text."
        remark = f"{remark} {more}".strip()
    is_text = bool(asked) or column == "text" or sizes[column] >= _LONG * max(1, len(sample))
    return column, remark, is_text


def columns_of(path: Path, encoding: str) -> list[str]:
    """The columns of a table, by its first rows."""
    return _columns(_first_rows(path, encoding))


def text_of(row: Row | str, column: str) -> tuple[str, str]:
    """(text, "") of a row, or ("", the reason why it has none). A list of strings is taken for lines."""
    if isinstance(row, str):
        return "", row
    text = _joined(row.get(column))
    if text is None:
        return "", f"it has no text in {column!r}"
    if not text.strip():
        return "", "it is empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "", "it holds half of a surrogate pair"
    return text, ""


def _first_rows(path: Path, encoding: str) -> list[Row]:
    """Those of the first rows that can be read."""
    sample: list[Row] = []
    try:
        sample.extend(row for _, row in itertools.islice(read_rows(path, encoding), _SAMPLE) if isinstance(row, dict))
    except DataError:
        if not sample:
            raise
    return sample


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _joined(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return None


def _as_row(value: Any) -> Row | str:
    if isinstance(value, str):
        return {"text": value}
    return value if isinstance(value, dict) else "it is neither an object nor a string"


def _lines(file: IO[str]) -> Iterator[Row | str]:
    while line := file.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise DataError(f"a line is longer than {_LONGEST >> 20} million characters")
        if line.isspace():
            continue
        try:
            yield _as_row(json.loads(line))
        except ValueError as error:
            yield f"it is not JSON: {error}"


def _separated(file: IO[str], suffix: str) -> Iterator[Row | str]:
    head = file.readline(_BLOCK)
    file.seek(0)
    delimiter = "\t" if suffix == ".tsv" else max(",;\t", key=head.count)
    if csv.field_size_limit() < _LONGEST:
        csv.field_size_limit(_LONGEST)  # of the whole process, since csv knows no other; only ever raised
    rows = csv.reader(file, delimiter=delimiter)
    names: Sequence[str] = []
    while True:
        try:
            values = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"it is damaged: {error}"
            continue
        if not names:
            names = [name.lstrip("\ufeff").strip() or f"column {place}" for place, name in enumerate(values, 1)]
        elif values:
            yield dict(zip(names, values, strict=False))


def _array(file: IO[str], path: Path) -> Iterator[Row | str]:
    """Elements of the array that a .json file is, or of the one array in its object."""
    decoder, buffer, place = json.JSONDecoder(), file.read(_BLOCK).lstrip(), 1
    if not buffer.startswith("["):
        if path.stat().st_size > _LONGEST:
            raise DataError(
                f"it is too large for an object; wanted is an array, or one object a line in {path.stem}.jsonl"
            )
        yield from _within(buffer + file.read())
        return
    while True:
        while place < len(buffer) and buffer[place] in " \t\r\n,":
            place += 1
        if buffer[place : place + 1] == "]":
            return
        try:
            value, end = decoder.raw_decode(buffer, place)
            if end == len(buffer):
                raise ValueError  # a number might go on
        except ValueError as error:
            more = file.read(max(_BLOCK, len(buffer) - place))  # twice as much, so that a long one isn't read often
            if not more or len(buffer) - place > _LONGEST:
                raise DataError(f"it is not whole JSON: {error}") from error
            buffer, place = buffer[place:] + more, 0
            continue
        yield _as_row(value)
        place = end


def _within(text: str) -> Iterator[Row | str]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DataError(f"it is not JSON: {error}") from error
    arrays = [one for one in value.values() if isinstance(one, list)] if isinstance(value, dict) else []
    if len(arrays) != 1:
        raise DataError("it is neither an array of rows nor an object with one array in it")
    yield from map(_as_row, arrays[0])
