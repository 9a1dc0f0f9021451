"""Picture files into pixels and back into files: upright, with their transparency, their depth and their profile."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from mintage.errors import ConfigError, DataError
from mintage.storage import write_bytes

__all__ = ["Picture", "files_below", "read_mask", "read_picture", "write_picture"]

Pixels = NDArray[Any]

SUFFIXES = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"
}  # fmt: skip
_LONGEST = {"JPEG": 65_535, "WEBP": 16_383}  # side that a format can hold
_QUALITY = 95
_WHITE = 65_535
_GREY = ("1", "L", "LA", "La", "F")
_SPACES = {b"GRAY": ("L", "LA", "I;16"), b"RGB ": ("RGB", "RGBA")}  # what the pixels of a colour profile must be
# tags that say how the pixels of the old file lie: its orientation, its sides, and where a TIFF keeps what
_LAYOUT = (
    *range(254, 260), 262, 266, 273, 274, *range(277, 280), 284, 297, 301, 317, 318, 319, 320, *range(322, 326), 330,
    338, 339, 347, *range(529, 533), 700, 34675,
)  # fmt: skip
_CAMERA, _CAMERA_SIDES = 0x8769, (0xA002, 0xA003)  # a directory of its own, which knows the sides too


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels as a network takes them, and what must not be lost on the way."""

    pixels: Pixels  # (H, W, C) uint8, or uint16 of the full range
    alpha: NDArray[np.uint8] | None  # (H, W)
    exif: Image.Exif  # without what tells of the old pixels: these are upright, and may grow
    profile: bytes | None  # of the colours (ICC)
    is_grey: bool  # as it was read, whatever channels it was given

    def image(self, pixels: Pixels, filled: NDArray[np.bool_] | None = None) -> Image.Image:
        """Other pixels in the place of these, opaque where they were filled in; transparency grows with them.

        Sixteen bits stay sixteen in grey, and become eight in colour, which Pillow has no more of.

        Shape: (s H, s W, C'), (H, W).
        """
        if pixels.dtype == np.uint16 and pixels.shape[2] > 1:
            pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
        image = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels))
        alpha = self.alpha if self.alpha is None or filled is None else np.where(filled, np.uint8(255), self.alpha)
        if alpha is not None and (filled is None or alpha.min() < 255):
            over = Image.fromarray(alpha)
            image.putalpha(over if over.size == image.size else over.resize(image.size, Image.Resampling.BICUBIC))
        if self.profile and image.mode in _SPACES.get(self.profile[16:20], ()):
            image.info["icc_profile"] = self.profile
        if len(self.exif):
            image.info["exif"] = self.exif.tobytes()
        return image


def read_picture(raw: Path | Image.Image | Pixels, channels: int, background: str = "white") -> Picture:
    """A picture of any kind, upright, with so many channels (1 or 3); what is transparent shows the background.

    Of an animation it is the first frame.

    Raises:
        DataError: it cannot be read.
    """
    name = raw if isinstance(raw, Path) else "The given picture"
    try:
        with _opened(raw) as opened:
            opened.load()
            exif = _exif_of(opened)
            image = ImageOps.exif_transpose(opened)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{name} is not a picture in a format that can be read.") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{name} is too large: {error} Cut it into parts.") from error
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # decoders meet damage with almost any exception
        raise DataError(f"{name} is damaged: {error or type(error).__name__}.") from error
    profile, alpha, is_grey = image.info.get("icc_profile"), None, image.mode in _GREY or image.mode.startswith("I")
    if image.mode == "F" or image.mode.startswith("I"):
        pixels = _sixteen_bits(np.asarray(image), name)[:, :, None]
        return Picture(np.repeat(pixels, channels, axis=2), None, exif, profile, is_grey)
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        alpha = np.asarray(over.getchannel("A"))
        image = Image.alpha_composite(Image.new("RGBA", over.size, ImageColor.getrgb(background)), over)
    pixels = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    return Picture(pixels if channels == 3 else pixels[:, :, None], alpha, exif, profile, is_grey)


def read_mask(raw: Path | Image.Image | Pixels, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where pixels are missing: white in the mask, or transparent where it has transparency. Shape: (H, W) = size.

    Raises:
        DataError: it cannot be read, or has other sides than the picture.
    """
    mask = read_picture(raw, 1)
    missing = mask.pixels[:, :, 0] > np.iinfo(mask.pixels.dtype).max // 2 if mask.alpha is None else mask.alpha < 128
    if missing.shape != size:
        raise DataError(
            f"The mask {raw if isinstance(raw, Path) else 'given'} is {missing.shape[1]}x{missing.shape[0]}, but the "
            f"picture is {size[1]}x{size[0]}. Give a mask of the picture's size, white where it is to be filled."
        )
    return missing


def files_below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """All pictures of a folder at any depth, sorted, hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            yield path


def write_picture(image: Image.Image, source: Path, folder: Path, spared: Collection[Path] = ()) -> Path:
    """Write what was made of a file into a folder, whole or not at all; returns where.

    The file has its source's name and kind; where that kind cannot hold it, ".png" is added.

    Raises:
        ConfigError: it would be one of the files that are spared (resolved paths), or the folder cannot be written to.
    """
    kind = SUFFIXES.get(source.suffix.lower(), "")
    fits = bool(kind) and not (kind in ("JPEG", "BMP") and image.mode in ("RGBA", "LA"))
    fits = fits and not (kind not in ("PNG", "TIFF") and image.mode == "I;16")
    fits = fits and max(image.size) <= _LONGEST.get(kind, max(image.size))
    target, kind = (folder / source.name, kind) if fits else (folder / f"{source.name}.png", "PNG")
    if target.resolve() in spared:
        raise ConfigError(f"{target} would be written over. Choose another folder with --out.")
    data, kept = io.BytesIO(), {key: image.info[key] for key in ("icc_profile", "exif") if key in image.info}
    how = {"JPEG": {"quality": _QUALITY, "subsampling": 0}, "WEBP": {"quality": _QUALITY}}.get(kind, {})
    image.save(data, kind, **how, **(kept if kind != "BMP" else {}))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(target, data.getvalue())
    except OSError as error:
        raise ConfigError(
            f"{target} cannot be written: {error.strerror or error}. Free some space, or choose another folder with "
            "--out."
        ) from error
    return target


def _opened(raw: Path | Image.Image | Pixels) -> Any:
    """A context that holds the picture; a file is closed at its end."""
    if isinstance(raw, Image.Image):
        return nullcontext(raw)
    if isinstance(raw, Path):
        if not raw.exists():
            raise DataError(f"There is no picture at {raw}.")
        return Image.open(raw)
    values = raw[:, :, 0] if raw.ndim == 3 and raw.shape[2] == 1 else raw
    grey = values.ndim == 2 and values.dtype in (np.bool_, np.uint8, np.uint16, np.float32, np.float64)
    if not values.size or not (grey or (values.ndim == 3 and values.shape[2] <= 4 and values.dtype == np.uint8)):
        raise DataError(
            f"An array of shape {raw.shape} and {raw.dtype} is no picture: give (H, W) or (H, W, C) of uint8, or grey "
            "of uint16."
        )
    return nullcontext(Image.fromarray(values))


def _exif_of(image: Image.Image) -> Image.Exif:
    """The camera's notes, but for those on the pixels that are left behind; none where they are damaged."""
    exif = Image.Exif()
    try:
        exif.load(image.getexif().tobytes())  # a copy: the picture may be the caller's
        for tag in _LAYOUT:
            exif.pop(tag, None)
        if _CAMERA in exif:
            for tag in _CAMERA_SIDES:
                exif.get_ifd(_CAMERA).pop(tag, None)
        exif.tobytes()
    except Exception:  # good pixels may lie beside broken notes
        return Image.Exif()
    return exif


def _sixteen_bits(values: Pixels, name: object) -> NDArray[np.uint16]:
    """Grey integers as they are, floats by the range that they have: 0 to 1, or 0 to 255."""
    low, high = float(values.min()), float(values.max())
    top = float(_WHITE) if values.dtype.kind != "f" else 1.0 if high <= 1 else 255.0
    if not 0 <= low <= high <= top:  # false for what is not a number, too
        raise DataError(
            f"{name} holds values from {low:g} to {high:g}. Wanted are integers from 0 to 65535, or floats from 0 to "
            "1 or to 255."
        )
    return (values if top == _WHITE else np.rint(values * (_WHITE / top))).astype(np.uint16)
