"""Reads a multipart body as it streams in: files go where a receiver puts them, and nothing is kept in memory."""

from __future__ import annotations

import re
from typing import Any, Protocol

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mintage.errors import DataError

__all__ = ["Receiver", "receive"]

LONGEST_FIELD = 10_000
_FILE_NAME = re.compile(rb'(?:^|;)\s*filename="([^"]*)"')
_NAME = re.compile(rb'(?:^|;)\s*name="([^"]*)"')


class Receiver(Protocol):
    """Takes the parts of a form in the order in which they come."""

    def field(self, name: str, value: str) -> None:
        """A short text."""

    def begin(self, name: str, filename: str) -> None:
        """A file begins; `filename` is what the sender calls it, with folders before it, and not to be trusted."""

    def write(self, piece: bytes) -> None:
        """More of that file."""

    def end(self) -> None:
        """The file is whole."""


async def receive(request: Request, receiver: Receiver) -> None:
    """Hand a request's multipart body over, part by part.

    Raises:
        DataError: the body is not a whole form.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not (boundary := options.get(b"boundary")) or len(boundary) > 200:
        raise DataError("Files are taken as multipart/form-data, with a boundary.")
    parts = _Parts(receiver)
    try:
        parser = MultipartParser(boundary, parts.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise DataError(f"The form cannot be read: {error}.") from error
    if not parts.is_whole:
        raise DataError("The form ends before its last boundary: the connection was cut, or a part is missing.")


class _Parts:
    """Puts the parser's callbacks together into fields and files."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver, self.is_whole = receiver, False
        self._header, self._value, self._disposition = b"", b"", b""
        self._name, self._text, self._is_file = "", b"", False

    def callbacks(self) -> dict[str, Any]:
        names = ("part_begin", "header_field", "header_value", "header_end", "headers_finished", "part_data")
        found = {f"on_{name}": getattr(self, f"_{name}") for name in names}
        return {**found, "on_part_end": self._part_end, "on_end": self._end}

    def _part_begin(self) -> None:
        self._disposition, self._text = b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _headers_finished(self) -> None:
        if (name := _NAME.search(self._disposition)) is None:
            raise DataError("A part of the form has no name.")
        self._name = _text(name[1])
        filename = _FILE_NAME.search(self._disposition)
        self._is_file = filename is not None
        if filename is not None:
            told = _text(filename[1]).replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
            self.receiver.begin(self._name, told)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self.receiver.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > LONGEST_FIELD:
            raise DataError(f"The field {self._name!r} is longer than {LONGEST_FIELD:,} bytes.")

    def _part_end(self) -> None:
        if self._is_file:
            self.receiver.end()
        else:
            self.receiver.field(self._name, _text(self._text))

    def _end(self) -> None:
        self.is_whole = True


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise DataError("A name in the form is not UTF-8.") from error
