"""Which encoding a file of text is in, and why a file is no text: one pass over it in flat memory."""

from __future__ import annotations

import codecs
import hashlib
import importlib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintage.errors import ConfigError

__all__ = ["Look", "look_at"]

_BLOCK = 1 << 20
_SAMPLE = 1 << 16  # bytes from which an encoding is guessed
_MIXED = 0.05  # of all bytes beyond ASCII, those on good UTF-8 lines, beyond which a file that has bad ones is mixed
_COMMON = frozenset(
    "的一是不了人在有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里日山水风春花月天云无何"
)
_LEVEL_ONE, _COMMON_SHARE = 0.9, 0.08  # of the signs of a Chinese text, the least that are so
_RARE = ("iso8859", "latin", "mac_")  # what Windows-1252 is mistaken for, and hardly a file is in
_BOMS = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_NAMES = {"cp932": "shift_jis", "cp949": "euc_kr", "big5hkscs": "big5", "gb2312": "gb18030", "gbk": "gb18030"}
_SUPERSETS = {"shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs"}  # what people mean when they say so
_BINARY = "it is binary: it holds NUL bytes"


@dataclass(frozen=True, slots=True)
class Look:
    """What was found out about a file: its encoding, or why it can't be read, and a hash of its bytes."""

    encoding: str  # as Python knows it; "" if it can't be read
    reason: str
    size: int
    digest: str

    @property
    def label(self) -> str:
        """The encoding as people call it."""
        return {"utf-8-sig": "utf-8 with BOM"}.get(self.encoding, _NAMES.get(self.encoding, self.encoding))


def look_at(path: Path, asked: str | None = None) -> Look:
    """Read a whole file once. With `asked`, that encoding is the only one that is tried.

    Raises:
        ConfigError: it is neither Unicode nor GB 18030, and the package that recognises other encodings is missing.
    """
    try:
        with path.open("rb") as file:
            return _looked(_Bytes(file), asked)
    except OSError as error:
        return Look("", error.strerror or str(error), 0, "")


class _Bytes:
    """The blocks of a file, as often as they are asked for; hashed the first time."""

    def __init__(self, file: Any) -> None:
        self.file, self.size, self.digest = file, 0, ""

    def __iter__(self) -> Any:
        self.file.seek(0)
        digest, size = hashlib.blake2b(digest_size=16), 0
        while block := self.file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            yield block
        self.size, self.digest = size, digest.hexdigest()

    def around(self, place: int) -> bytes:
        """Whole lines, as far as there are any, before and behind a place in the file."""
        first = max(0, place - _SAMPLE // 2)
        self.file.seek(first)
        sample: bytes = self.file.read(_SAMPLE)
        lines = sample.split(b"\n")
        if len(lines) > 2:
            lines = lines[1 if first else 0 : -1]
        return b"\n".join(lines)


def _looked(data: _Bytes, asked: str | None) -> Look:
    head = data.file.read(4)
    is_null, wrong = False, None
    wanted = asked or next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")
    decoder = codecs.getincrementaldecoder(_SUPERSETS.get(wanted, wanted))()
    for block in data:
        is_null = is_null or b"\0" in block
        if wrong is None:
            wrong = _wrong(decoder, block, final=False)
    if wrong is None:
        wrong = _wrong(decoder, b"", final=True)
    if not data.size:
        return Look("", "it is empty", 0, data.digest)
    encoding, reason = wanted, ""
    if wrong is not None and (asked or wanted != "utf-8"):
        encoding, reason = "", f"it is not {wanted} all through: {wrong}"
    elif is_null and wanted in ("utf-8", "utf-8-sig"):
        encoding = _utf16_of(data.around(0)) if wanted == "utf-8" else ""
        encoding, reason = (encoding, "") if encoding and _decodes(data, encoding) else ("", _BINARY)
    elif wrong is not None:
        encoding, reason = _guessed(data)
    return Look(_SUPERSETS.get(encoding, encoding), reason, data.size, data.digest)


def _wrong(decoder: Any, block: bytes, *, final: bool) -> str | None:
    try:
        decoder.decode(block, final)
    except (UnicodeDecodeError, UnicodeError) as error:
        return str(getattr(error, "reason", error))
    return None


def _decodes(data: _Bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    if any(_wrong(decoder, block, final=False) is not None for block in data):
        return False
    return _wrong(decoder, b"", final=True) is None


def _utf16_of(sample: bytes) -> str:
    """UTF-16 without a BOM is known by making sense: every character is assigned, and none is a control."""
    sample = sample[: len(sample) // 2 * 2]
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        if text and not any(unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in "\t\n\r\f" for c in set(text)):
            return encoding
    return ""


def _guessed(data: _Bytes) -> tuple[str, str]:
    """(encoding, "") of bytes that are not Unicode, or ("", the reason why they are no text)."""
    place = _first_error(data)
    sample = data.around(place)
    good = bad = 0  # bytes beyond ASCII, by whether their line is UTF-8
    for line in (data.around(0) + b"\n" + sample).split(b"\n"):
        beyond = sum(byte > 127 for byte in line)
        try:
            line.decode()
            good += beyond
        except UnicodeDecodeError:
            bad += beyond
    if good > _MIXED * (good + bad):
        return "", f"its encodings are mixed: most likely it is UTF-8, but not at byte {place:,}"
    if _is_chinese(data.around(0)) and _decodes(data, "gb18030"):
        return "gb18030", ""
    try:
        package: Any = importlib.import_module("charset_normalizer")
    except ImportError as error:
        raise ConfigError(
            f"{data.file.name} is not UTF-8. Name its encoding, for example data.encoding=gb18030, or install the "
            "package that recognises encodings: pip install charset-normalizer."
        ) from error
    for encoding in _candidates(package.from_bytes(sample)):
        if _decodes(data, encoding):
            return encoding, ""
    return "", "its encoding is not recognised, or it is mixed; if you know it, set data.encoding"


def _is_chinese(sample: bytes) -> bool:
    """Whether GB 18030 makes sense of it: nearly all are signs of its first, common level, and some very common ones.

    The common level alone would take Korean for Chinese. Statistics of bytes, which others go by, fail on short texts.
    """
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(sample)
    except UnicodeDecodeError:
        return False
    han = [c for c in text if c > "\u02ff" and not unicodedata.category(c).startswith(("P", "S", "Z"))]
    level = sum(0xB0 <= c.encode("gb18030")[0] <= 0xD7 and len(c.encode("gb18030")) == 2 for c in han)
    return level > _LEVEL_ONE * len(han) and sum(c in _COMMON for c in han) > _COMMON_SHARE * len(han)


def _candidates(matches: Any) -> list[str]:
    """The likely encodings, best first; what Western Windows wrote wins over its rarer twins."""
    found: list[str] = [_SUPERSETS.get(_NAMES.get(m.encoding, m.encoding), m.encoding) for m in matches]
    if not found:
        return []
    best = matches.best()
    found = [best.encoding if _NAMES.get(best.encoding) != "gb18030" else "gb18030", *found]
    western = next((m for m in matches if "cp1252" in (m.encoding, *m.could_be_from_charset)), None)
    if western is not None:
        is_as_good = best.encoding.startswith("cp125") and western.percent_chaos <= best.percent_chaos
        if is_as_good or best.encoding.startswith(_RARE):
            found.insert(0, "cp1252")
    return list(dict.fromkeys(found))


def _first_error(data: _Bytes) -> int:
    decoder, before = codecs.getincrementaldecoder("utf-8")(), 0
    for block in data:
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return max(0, before - held + error.start)
        before += len(block)
    return before
