"""The line that a text may begin with: its class, its title or a column, so that a writer can be asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from mintage.errors import ConfigError

__all__ = ["check_heading", "heading_of_file", "heading_of_row"]

_OF_FILES = ("folder", "name")


def check_heading(asked: str | None, columns: Sequence[str] | None, name: str) -> None:
    """Whether texts of a file can have such a heading; `columns` are those of a table, None of a plain text.

    Raises:
        ConfigError: they have none.
    """
    if asked is None or asked in _OF_FILES or (columns is not None and asked in columns):
        return
    if columns is None:
        raise ConfigError(
            f"data.heading = {asked!r} is a column of a table, and {name} is a plain text. Set it to folder (the "
            "sub-folder that a text lies in) or name (its file's)."
        )
    raise ConfigError(
        f"data.heading = {asked!r} is none of the columns of {name}: {', '.join(columns)}. Set it to one of them."
    )


def heading_of_file(name: str, asked: str | None) -> str:
    """The heading of a file's texts, by its name below the data; "" where there is none.

    >>> heading_of_file("sonnets/18.txt", "folder"), heading_of_file("sonnets/18.txt", "name")
    ('sonnets', '18')
    """
    path = PurePosixPath(name)
    if asked == "name":
        return _in_a_line(path.stem)
    return _in_a_line(path.parts[0]) if asked == "folder" and len(path.parts) > 1 else ""


def heading_of_row(row: Mapping[str, Any] | str, name: str, asked: str | None) -> str:
    """What a row's column says, or else as for other files; "" where it says nothing.

    >>> heading_of_row({"text": "Shall I", "form": "Sonnet "}, "poems.csv", "form")
    'Sonnet'
    """
    if asked is not None and isinstance(row, Mapping) and asked in row:
        value = row[asked]
        return "" if value is None else _in_a_line(str(value))
    return heading_of_file(name, asked)


def _in_a_line(text: str) -> str:
    return " ".join(text.split())
