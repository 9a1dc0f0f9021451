"""Writes into a file how it was made, and reads it back: PNG and WebP inside, texts and tables in their first line."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, PngImagePlugin

from mintage.errors import DataError
from mintage.generated import Origin

__all__ = ["film_bytes", "front_line", "picture_bytes", "read_imprint", "without_front_line"]

_KEY, _ORIGIN = "mintage-made", "mintage"  # the second is what `mintage generate` writes and --like reads
_DESCRIPTION = 0x010E  # the EXIF tag of WebP
_FRONT = re.compile(rb"\A(?:\xef\xbb\xbf)?# mintage (\{[^\n]{1,200000}\})\r?\n")
_FORMATS = ("PNG", "WEBP")
_MOST_PIXELS = 64_000_000


def picture_bytes(image: Image.Image, settings: Mapping[str, Any]) -> bytes:
    """A PNG with its settings; what `mintage generate` could have drawn can be told --like, too."""
    info = PngImagePlugin.PngInfo()
    info.add_text(_KEY, _text(settings))
    if (origin := _plain_origin(settings)) is not None:
        info.add_text(_ORIGIN, origin.text())
    data = io.BytesIO()
    image.save(data, "PNG", pnginfo=info)
    return data.getvalue()


def film_bytes(frames: Sequence[Image.Image], settings: Mapping[str, Any], milliseconds: int = 60) -> bytes:
    """An animated WebP with its settings, small pictures enlarged pixel by pixel."""
    exif = Image.Exif()
    exif[_DESCRIPTION] = f"{_KEY} {_text(settings)}"
    factor = max(1, 256 // max(frames[0].size))
    large = [
        one.convert("RGB").resize((one.width * factor, one.height * factor), Image.Resampling.NEAREST) for one in frames
    ]
    data = io.BytesIO()
    large[0].save(
        data, "WEBP", save_all=True, append_images=large[1:], duration=milliseconds, loop=0, quality=85, exif=exif
    )
    return data.getvalue()


def front_line(settings: Mapping[str, Any]) -> str:
    """The first line of a text or a table, as a comment."""
    return f"# mintage {_text(settings)}\n"


def without_front_line(data: bytes) -> bytes:
    """The text or table alone.

    >>> without_front_line(b'# mintage {"run": "0001-a"}\\nsaid'), without_front_line(b"said")
    (b'said', b'said')
    """
    return _FRONT.sub(b"", data, count=1)


def read_imprint(data: bytes) -> dict[str, Any]:
    """The settings that a file carries, or those of a JSON sidecar.

    Raises:
        DataError: it carries none, or is damaged.
    """
    try:
        if data[:4] in (b"\x89PNG", b"RIFF"):
            found = _of_picture(data)
        elif (front := _FRONT.match(data)) is not None:
            found = json.loads(front[1])
        elif data[:1] == b"{":
            found = json.loads(data)
            found = found.get("settings", found)
        else:
            found = None
    except Exception as error:  # decoders meet damage with almost any exception
        raise DataError(f"This file cannot be read: {error or type(error).__name__}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("run"), str):
        raise DataError("This file does not say how it was made. Wanted is one that Mintage wrote, unedited.")
    return found


def _of_picture(data: bytes) -> Any:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError("it has too many pixels")
        if image.format == "WEBP":
            words = str(image.getexif().get(_DESCRIPTION, ""))
            return json.loads(words.removeprefix(_KEY)) if words.startswith(_KEY) else None
        if _KEY in image.info:
            return json.loads(image.info[_KEY])
        return _settings_of(Origin(**json.loads(image.info[_ORIGIN]))) if _ORIGIN in image.info else None


def _text(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings)  # plain ASCII: no reader has to know an encoding


def _plain_origin(settings: Mapping[str, Any]) -> Origin | None:
    """What the command line calls the same sample; it knows no directions and no truncation."""
    plain = {"run", "step", "seed", "first", "of"}
    if not set(settings) <= plain or not isinstance(settings.get("of"), int | None) or "step" not in settings:
        return None
    return Origin(
        settings["run"], settings["step"], settings.get("seed", 0), settings.get("first", 0), settings.get("of")
    )


def _settings_of(origin: Origin) -> dict[str, Any]:
    named: dict[str, Any] = {"seed": origin.seed, "first": origin.index}
    of: dict[str, Any] = {} if origin.condition is None else {"of": origin.condition}
    if origin.neighbour:
        named = {"seed": origin.seed, "first": origin.neighbour, "spread": origin.spread, "like": named | of}
    return {"run": origin.run, "step": origin.step, **named, **of}
