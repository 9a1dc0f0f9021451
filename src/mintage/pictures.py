"""Picture files into pixels and back into files: upright, with their transparency, their depth and their profile."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from mintage.errors import ConfigError, DataError
from mintage.storage import write_bytes

__all__ = ["Picture", "files_below", "read_mask", "read_picture", "translate_file"]

Pixels = NDArray[Any]

SUFFIXES = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"
}  # fmt: skip
_ORIENTATION = 0x0112
_QUALITY = 95


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels as a network takes them, and what must not be lost on the way."""

    pixels: Pixels  # (H, W, C) uint8, or uint16 of the full range
    alpha: NDArray[np.uint8] | None  # (H, W)
    exif: Image.Exif  # without the orientation, which the pixels have taken on
    profile: bytes | None  # of the colours (ICC)

    def image(self, pixels: Pixels) -> Image.Image:
        """Other pixels in the place of these: their transparency grows with them. Shape: (s H, s W, C')."""
        values = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
        image = Image.fromarray(np.ascontiguousarray(values))
        if self.alpha is not None and image.mode in ("L", "RGB"):
            alpha = Image.fromarray(self.alpha)
            image.putalpha(alpha if alpha.size == image.size else alpha.resize(image.size, Image.Resampling.BICUBIC))
        if self.profile and (image.mode in ("L", "LA", "I;16")) == (self.pixels.shape[2] == 1):
            image.info["icc_profile"] = self.profile
        if len(self.exif):
            image.info["exif"] = self.exif.tobytes()
        return image


def read_picture(raw: Path | Image.Image | Pixels, channels: int, background: str = "white") -> Picture:
    """A picture of any kind, upright, with so many channels (1 or 3); what is transparent shows the background.

    Raises:
        DataError: it cannot be read.
    """
    try:
        image = _opened(raw)
        image.load()
        image = ImageOps.exif_transpose(image)
    except UnidentifiedImageError as error:
        raise DataError(f"{raw} is not a picture in a format that can be read.") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{raw} is too large: {error}") from error
    except OSError as error:
        raise DataError(f"{raw} cannot be read: {error.strerror or error}.") from error
    except (SyntaxError, ValueError, TypeError) as error:  # decoders meet damage with almost any exception
        raise DataError(f"{raw} is damaged: {error}.") from error
    exif = image.getexif()
    exif.pop(_ORIENTATION, None)
    profile, alpha = image.info.get("icc_profile"), None
    if image.mode.startswith("I"):
        pixels = np.asarray(image).clip(0, 65535).astype(np.uint16)[:, :, None]
        return Picture(np.repeat(pixels, channels, axis=2), None, exif, profile)
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        alpha = np.asarray(over.getchannel("A"))
        image = Image.alpha_composite(Image.new("RGBA", over.size, ImageColor.getrgb(background)), over)
    pixels = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    return Picture(pixels if channels == 3 else pixels[:, :, None], alpha, exif, profile)


def read_mask(raw: Path | Image.Image | Pixels, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where pixels are missing: white in the mask, or transparent where it has transparency. Shape: (H, W) = size.

    Raises:
        DataError: it cannot be read.
        ConfigError: it has other sides than the picture.
    """
    mask = read_picture(raw, 1)
    missing = mask.pixels[:, :, 0] > np.iinfo(mask.pixels.dtype).max // 2 if mask.alpha is None else mask.alpha < 128
    if missing.shape != size:
        raise ConfigError(
            f"The mask {raw if isinstance(raw, Path) else 'given'} is {missing.shape[1]}x{missing.shape[0]}, but the "
            f"picture is {size[1]}x{size[0]}. Give a mask of the picture's size, white where it is to be filled."
        )
    return missing


def _encoded(image: Image.Image, suffix: str) -> bytes:
    """The bytes of a file with this suffix, at high quality, with the colour profile and the camera's notes."""
    kind = SUFFIXES[suffix.lower()]
    if kind in ("JPEG", "BMP") and image.mode in ("RGBA", "LA"):
        raise ConfigError(f"A {kind} file has no transparency. Choose .png.")
    data, kept = io.BytesIO(), {key: image.info[key] for key in ("icc_profile", "exif") if key in image.info}
    how = {"JPEG": {"quality": _QUALITY, "subsampling": 0}, "WEBP": {"quality": _QUALITY}}.get(kind, {})
    image.save(data, kind, **how, **(kept if kind != "BMP" else {}))
    return data.getvalue()


def _target_of(source: Path, out: Path, picture: Picture) -> Path:
    """The file of a folder that a translation is written to: of its source's kind, or PNG where that can't be."""
    kind = SUFFIXES.get(source.suffix.lower(), "")
    fits = bool(kind) and not (picture.alpha is not None and kind in ("JPEG", "BMP"))
    fits = fits and not (picture.pixels.dtype == np.uint16 and kind not in ("PNG", "TIFF"))
    return out / (source.name if fits else f"{source.name}.png")


def files_below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """All pictures of a folder at any depth, sorted, hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            yield path


def translate_file(
    source: Path, out: Path, channels: int, make: Callable[[Picture], Pixels], background: str = "white"
) -> Path:
    """Read a file, have its pixels made into others, write them whole or not at all; returns where.

    Raises:
        DataError: it cannot be read.
        ConfigError: it would be written over.
    """
    picture = read_picture(source, channels, background)
    target = _target_of(source, out, picture)
    if target.resolve() == source.resolve():
        raise ConfigError(f"{source} would be written over. Choose another folder with --out.")
    image = picture.image(make(picture))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(target, _encoded(image, target.suffix))
    return target


def _opened(raw: Path | Image.Image | Pixels) -> Image.Image:
    if isinstance(raw, Image.Image):
        return raw
    if isinstance(raw, np.ndarray):
        return Image.fromarray(raw)
    if not raw.exists():
        raise DataError(f"There is no picture at {raw}.")
    return Image.open(raw)
