"""Text in any language: one file, a folder of files, or a column of a table, as documents that stream."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Literal

from mintage.errors import ConfigError, DataError
from mintage.sources.texts.encodings import Look, look_at
from mintage.sources.texts.files import BINARY, PLAIN, SHOWN, files_of_text, first_of, is_mostly_text
from mintage.sources.texts.headings import check_heading, heading_of_file, heading_of_row
from mintage.sources.texts.rows import ROW_SUFFIXES, choose_column, columns_of, read_rows, text_of

__all__ = ["Texts"]

Cut = Literal["file", "blank-line", "line"]

_PIECE = 1 << 20  # characters
_PEEK = 1 << 16
_KEPT = 100  # names and reasons of what can't be read
_RECORDS, _RECORD_LINES, _RECORD_CHARACTERS, _ALIKE = 20, 3, 1000, 0.75
_QUOTES = frozenset("\"'“”‘’「『«»-—–")
_BLANK_LINE = re.compile(r"(?:\r?\n[ \t\u3000]*){2,}")


@dataclass(frozen=True, slots=True)
class Document:
    """One text: its name, and its characters in pieces, to be read once and before the next document is asked for."""

    name: str
    stream: Iterator[str]

    def pieces(self) -> Iterator[str]:
        """The text in strings of at most about a million characters, cut where a line ends if there is one."""
        return self.stream


class Texts:
    """Documents out of one text file, a folder (.txt .md .text, at any depth), or .jsonl .json .csv .tsv with a column.

    `documents` says where one ends: "file" takes each file as one, "blank-line" and "line" cut files there; unset,
    files are whole but for lists of records that all begin alike, such as poems. A row of a table is a document. Every
    file is read through once to find its encoding (a BOM, strict UTF-8, UTF-16, GB 18030, or else what the package
    charset-normalizer recognises; `encoding` names it instead), so that what is mixed, binary or empty is left out
    and named in `unreadable`. Line ends stay. With `every_file`, a folder's files of other suffixes are taken too.
    `heading` sets a line before each document: its sub-folder ("folder"), its file's name ("name"), or what a column of
    a table says; a document of which none is known has none.

    Raises:
        DataError: there is no file of text, or none that can be read.
    """

    takes: ClassVar[tuple[str, ...]] = ("column", "documents", "heading", "encoding", "every_file")
    needs: ClassVar[str] = "Text is learned from a file or a folder of files: mintage train ./novels.txt"

    def __init__(
        self,
        path: Path,
        *,
        column: str | None = None,
        documents: Cut | None = None,
        heading: str | None = None,
        encoding: str | None = None,
        every_file: bool = False,
    ) -> None:
        self.path = Path(path)
        self.column, self.ends, self.heading, self.encoding = column, documents, heading, encoding
        if encoding is not None:
            _check_encoding(encoding)
        self._first_remarks: list[str] = []
        if self.path.is_file():
            self._root, self._names = self.path.parent, [self.path.name]
        elif self.path.is_dir():
            self._root = self.path
            self._names, self._first_remarks = files_of_text(self.path, every_file)
        else:
            raise DataError(f"There is nothing at {path}. Give the path of a text file, or of a folder of them.")
        if not self._names:
            raise DataError(
                f"{path} holds no text. Wanted are files that end in {' '.join((*PLAIN, *ROW_SUFFIXES))}; "
                "data.every_file=true takes all but pictures, recordings and the like."
            )
        self._looks: dict[str, Look] | None = None
        self._cuts: dict[str, tuple[Cut, str]] = {}  # and how a document begins that is not cut otherwise
        self._columns: dict[str, str] = {}
        self._later_remarks: list[str] = []
        self._bad: list[tuple[str, str]] = []
        self._bad_rows: list[tuple[str, str]] = []
        self._num_bad_rows = 0

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """A file of text, a table with a column of long texts, or a folder of which most files are such."""
        if path.is_dir():
            return is_mostly_text(path)
        if not path.is_file() or path.suffix.lower() in BINARY:
            return False
        if path.suffix.lower() in PLAIN:
            return True
        try:
            if path.suffix.lower() in ROW_SUFFIXES:
                return choose_column(path, _peeked(path) or "utf-8")[2]
            return bool(_peeked(path))
        except (DataError, OSError, ValueError):
            return False

    @property
    def size(self) -> int:
        """Bytes of all files that can be read."""
        return sum(look.size for look in self._examined().values())

    @property
    def encodings(self) -> dict[str, str]:
        """The encoding of each file, as people call it."""
        return {name: look.label for name, look in self._examined().items()}

    @property
    def num_unreadable(self) -> int:
        """Files that can't be read, and rows, as far as the last pass over the documents met them."""
        self._examined()
        return len(self._bad) + self._num_bad_rows

    @property
    def unreadable(self) -> tuple[tuple[str, str], ...]:
        """(name, reason) of the first of them."""
        self._examined()
        return tuple([*self._bad, *self._bad_rows][:_KEPT])

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know: mixed encodings, columns that were chosen, files that were cut or left out."""
        self._examined()
        return (*self._first_remarks, *self._later_remarks)

    def documents(self) -> Iterator[Document]:
        """All texts in the order of their files' names; any number of passes, one at a time."""
        self._bad_rows, self._num_bad_rows = [], 0
        for name, look in self._examined().items():
            path = self._root / name
            if name in self._columns:
                yield from self._rows(name, look.encoding)
                continue
            heading = heading_of_file(name, self.heading)
            if self._cuts[name][0] == "file":
                yield _headed(heading, Document(name, _pieces(path, look.encoding)))
            else:
                documents = _cut(path, name, look.encoding, *self._cuts[name])
                yield from (_headed(heading, document) for document in documents)

    def fingerprint(self) -> str:
        """A hash of every name and content, and of how they are read; the folder's own place doesn't matter."""
        total = hashlib.blake2b(self._settings(), digest_size=16)
        for name, look in self._examined().items():
            total.update(_bytes_of(name) + b"\0" + look.digest.encode() + look.encoding.encode())
            total.update(f"{self._cuts.get(name)} {self._columns.get(name)}\n".encode())
        return total.hexdigest()

    def stamp(self) -> str:
        """A quick hash of names, sizes and times: while it stays the same, so does the fingerprint."""
        total = hashlib.blake2b(_bytes_of(str(self.path.resolve())) + self._settings(), digest_size=16)
        for name in self._names:
            try:
                facts = (self._root / name).stat()
                times = f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns}"
            except OSError:
                times = "gone"
            total.update(_bytes_of(name) + f"\0{times}\n".encode())
        return total.hexdigest()

    def _settings(self) -> bytes:
        return repr((self.column, self.ends, self.encoding, *([self.heading] if self.heading else []))).encode()

    def _examined(self) -> dict[str, Look]:
        """The files that can be read; found out at the first call, by reading each of them once."""
        if self._looks is None:
            looks = {}
            for name in self._names:
                look = look_at(self._root / name, self.encoding)
                if not look.reason:
                    look = self._arranged(name, look)
                if look.reason:
                    self._bad.append((name, look.reason))
                else:
                    looks[name] = look
            if not looks:
                shown = "; ".join(f"{name}: {reason}" for name, reason in self._bad[:SHOWN])
                raise DataError(f"{self.path} holds no text that can be read. {shown}.")
            self._looks = looks
            self._later_remarks += _on_encodings(looks, self.encoding)
            bare = [name for name in looks if name not in self._columns and not heading_of_file(name, self.heading)]
            if self.heading and bare:
                self._later_remarks.append(f"{first_of(bare)}: no heading, since it lies in no sub-folder.")
        return self._looks

    def _arranged(self, name: str, look: Look) -> Look:
        """Settle how documents lie in a file."""
        path = self._root / name
        if path.suffix.lower() not in ROW_SUFFIXES:
            check_heading(self.heading, None, name)
            mark = _mark_of_records(path, look.encoding) if self.ends is None else ""
            self._cuts[name] = (self.ends or ("blank-line" if mark else "file"), mark)
            if mark:
                self._later_remarks.append(
                    f"{name} is a list of records that begin with {mark!r} after a blank line: each is a document of "
                    "its own (data.documents=file keeps it whole)."
                )
            return look
        try:
            self._columns[name], remark, _ = choose_column(path, look.encoding, self.column)
        except DataError as error:
            return Look("", str(error), look.size, look.digest)
        check_heading(self.heading, columns_of(path, look.encoding) if self.heading else [], name)
        if remark and (self.heading is None or "data.heading" not in remark) and remark not in self._later_remarks:
            self._later_remarks.append(remark)
        return look

    def _rows(self, name: str, encoding: str) -> Iterator[Document]:
        try:
            for number, row in read_rows(self._root / name, encoding):
                text, reason = text_of(row, self._columns[name])
                if reason:
                    self._add_bad(f"{name}#{number}", reason)
                else:
                    pieces = (text[first : first + _PIECE] for first in range(0, len(text), _PIECE))
                    heading = heading_of_row(row, name, self.heading)
                    yield _headed(heading, Document(f"{name}#{number}", pieces))
        except DataError as error:
            self._add_bad(name, f"only its beginning was read: {error}")

    def _add_bad(self, name: str, reason: str) -> None:
        self._num_bad_rows += 1
        if len(self._bad_rows) < _KEPT:
            self._bad_rows.append((name, reason))


def _headed(heading: str, document: Document) -> Document:
    """The document below a line of its own, which is a piece of its own: a prompt with a heading has its tokens."""
    if not heading:
        return document
    return Document(document.name, itertools.chain([f"{heading}\n"], document.stream))


def _pieces(path: Path, encoding: str) -> Iterator[str]:
    """Strings of about a million characters that end where a line does, with no space after it, if there is one.

    There no token of a BPE codec goes on, so that tokens do not depend on the size of pieces.
    """
    kept = ""
    with path.open(encoding=encoding, newline="") as file:
        while block := file.read(_PIECE - len(kept)):
            text = kept + block
            place = len(text) - 1
            while (place := text.rfind("\n", len(text) // 2, place)) >= 0 and text[place + 1].isspace():
                pass
            cut = place + 1 or len(text)
            kept = text[cut:]
            yield text[:cut]
    if kept:
        yield kept


def _cut(path: Path, name: str, encoding: str, at: Cut, mark: str) -> Iterator[Document]:
    """Documents between blank lines, or lines. Line ends around them are not kept, and nothing is no document."""
    with path.open(encoding=encoding, newline="") as file:
        parts = itertools.groupby(_numbered(file, at, mark), key=lambda part: part[0])
        for number, (_, texts) in enumerate(parts, 1):
            yield Document(f"{name}#{number}", _joined(text for _, text in texts))


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """The same text in long pieces, for where one is cut the tokens of a BPE codec are too."""
    kept, size = [], 0
    for line in lines:
        kept.append(line)
        size += len(line)
        if size >= _PIECE:
            yield "".join(kept)
            kept, size = [], 0
    if kept:
        yield "".join(kept)


def _numbered(file: IO[str], at: Cut, mark: str) -> Iterator[tuple[int, str]]:
    """(number of the document, some of its text), in order; a blank line ends one if the next begins with `mark`."""
    number, held, is_inside, is_blank = 0, "", False, True
    while line := file.readline(_PIECE):  # a part of a line that is longer
        text = line.rstrip("\r\n")
        is_whole = len(text) < len(line) or len(line) < _PIECE
        if not is_inside and not text.strip():
            held, is_blank = held + line, True
            continue
        if not is_inside and (at == "line" or (is_blank and line.startswith(mark))):
            number, held = number + 1, ""
        yield number, held + text
        held, is_inside, is_blank = line[len(text) :], not is_whole, False


def _mark_of_records(path: Path, encoding: str) -> str:
    """How the records begin if a file holds many of them, short, of some lines each, after blank lines; else "".

    Poems do, under titles in brackets, or tunes under numbers. A play's speeches and a novel's paragraphs do not:
    they begin with any letter, or with a quote or an indent.
    """
    with path.open(encoding=encoding, newline="") as file:
        blocks = [block for block in _BLANK_LINE.split(file.read(4 * _PEEK).strip()) if block]
    mark, _ = Counter(block[:1] for block in blocks).most_common(1)[0] if blocks else ("", 0)
    alike = [block for block in blocks[:-1] if block.startswith(mark)]  # the last one may be cut short
    if len(alike) < max(_RECORDS, _ALIKE * (len(blocks) - 1)) or mark in _QUOTES:
        return ""
    lines = sorted(len(block.splitlines()) for block in alike)
    sizes = sorted(map(len, alike))
    if lines[len(lines) // 4] < _RECORD_LINES or sizes[len(sizes) * 3 // 4] > _RECORD_CHARACTERS:
        return ""
    heads = [block.splitlines()[0] for block in alike]
    first, last = min(heads), max(heads)  # what these begin with, all do
    return first[: next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _peeked(path: Path) -> str:
    """The encoding of a file's beginning if that is Unicode without NUL bytes or has a BOM, else ""."""
    with path.open("rb") as file:
        head = file.read(_PEEK)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: -4 if len(head) == _PEEK else None].rsplit(b"\n", 1)[0].decode()
    except UnicodeDecodeError:
        return ""
    return "utf-8-sig" if head and b"\0" not in head else ""


def _on_encodings(looks: dict[str, Look], asked: str | None) -> list[str]:
    guessed = [name for name, look in looks.items() if not look.label.startswith("utf")]
    counts = Counter(look.label for look in looks.values())
    if len(counts) < 2:
        words = f"{first_of(guessed)} read as {'/'.join(counts)}, which is a guess; data.encoding names another."
        return [words] if guessed and not asked else []
    parts = []
    for label, count in counts.most_common():
        names = [name for name, look in looks.items() if look.label == label]
        parts.append(f"{label} ({count:,} file{'s' if count > 1 else ''}, such as {names[0]})")
    return [f"Files are in different encodings, and each was read in its own: {', '.join(parts)}."]


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except LookupError as error:
        raise ConfigError(f"data.encoding = {name!r} is no encoding that Python knows, such as gb18030.") from error


def _bytes_of(name: str) -> bytes:
    return name.encode(errors="surrogateescape")
