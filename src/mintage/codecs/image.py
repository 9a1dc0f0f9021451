"""Images, both ways: any picture file or array becomes square uint8 pixels, and samples become pictures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, PngImagePlugin, UnidentifiedImageError
from pydantic import Field, field_validator
from torch import Tensor

from mintage.arrangement import IMAGE_SUFFIXES
from mintage.config import Settings
from mintage.contracts import Makes, TensorSpec
from mintage.errors import ConfigError, DataError

__all__ = ["ImageCodec"]

_SIDES = (28, 32, 64, 128)
_WHITES = (255, 1023, 4095, 16383, 65535)  # of 8, 10, 12, 14 and 16 bits: scanners and sensors rarely use all 16
_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
}
_KINDS = {
    "1": "1-bit", "L": "grey", "LA": "grey with alpha", "PA": "palette with alpha", "P": "palette",
    "I": "integer grey", "F": "float grey",
}  # fmt: skip
_GREY_TOLERANCE = 2  # levels between channels that JPEG may leave in a grey picture
_ORIENTATION = 0x0112  # the EXIF tag


class ImageCodec(Settings):
    """Square grey or RGB images, packed as uint8 and learned in [-1, 1].

    Reads paths, bytes, PIL images and arrays (H, W) or (H, W, C): the first frame of whatever Pillow opens, turned as
    EXIF says. Transparency is laid on `background`; 16-bit grey is scaled by `white`, wider integers and floats by
    their own range (floats in 0..1 or 0..255 are taken as such). Colour profiles are ignored.

    Shape: stored (side, side, C) uint8, expanded (C, side, side) float32.

    >>> codec = ImageCodec(size=2, channels=1)
    >>> stored = codec.encode(np.array([[0, 85], [170, 255]], dtype=np.uint8))
    >>> np.asarray(codec.decode(codec.expand(stored[None])[0])).tolist()
    [[0, 85], [170, 255]]
    """

    size: int | None = Field(None, ge=1, le=4096)
    """Side in pixels; unset: the largest of 28, 32, 64 and 128 that half of the images have on their short side."""
    shape: Literal["crop", "letterbox"] = "crop"
    """How a picture becomes square: the middle is cut out, or all of it is kept between bars of the background."""
    filter: Literal["lanczos", "bicubic", "bilinear", "box", "nearest"] = "lanczos"
    """How pixels are averaged when the size changes; nearest keeps the hard pixels of pixel art."""
    channels: Literal[1, 3] | None = None
    """1 grey, 3 RGB; unset: 1 if all sampled images are grey."""
    background: str = "white"
    """Colour under transparent pixels and of letterbox bars: a name or #rrggbb."""
    white: int | None = Field(None, ge=1)
    """Value that is white in 16-bit images; unset: the least of 255, 1023, 4095, 16383, 65535 that the sample needs."""

    makes: ClassVar[Makes] = "pictures"
    suffixes: ClassVar[tuple[str, ...]] = IMAGE_SUFFIXES

    @field_validator("background")
    @classmethod
    def _is_a_colour(cls, value: str) -> str:
        ImageColor.getrgb(value)
        return value

    @property
    def spec(self) -> TensorSpec:
        """What a model sees: (C, side, side)."""
        size, channels = self._resolved()
        return TensorSpec(shape=(channels, size, size))

    def fit(self, raws: Iterable[Any]) -> Self:
        """Choose what is unset from a sample of the data; unreadable ones are passed over.

        Raises:
            DataError: none of the sample can be read.
        """
        shorts, grey, brightest, reason = [], True, 0, "it is empty"
        for raw in raws:
            try:
                short, is_grey, peak = _measure(raw, self.background, look_at_colour=grey and self.channels is None)
            except DataError as error:
                reason = str(error)
                continue
            shorts.append(short)
            grey, brightest = grey and is_grey, max(brightest, peak)
        if not shorts:
            raise DataError(f"None of the sampled images can be read; the last one: {reason}.")
        median = float(np.median(shorts))
        side = max((side for side in _SIDES if side <= median), default=_SIDES[0])
        white = next((white for white in _WHITES if white >= brightest), _WHITES[-1]) if brightest else _WHITES[-1]
        chosen = {"size": side, "channels": 1 if grey else 3, "white": white}
        return self.model_copy(update={key: value for key, value in chosen.items() if getattr(self, key) is None})

    def encode(self, raw: Any) -> Tensor:
        """One picture as it is packed. Shape: (side, side, C) uint8.

        Raises:
            DataError: it cannot be read; the message says why.
        """
        return self.inspect(raw)[0]

    def inspect(self, raw: Any) -> tuple[Tensor, dict[str, Any]]:
        """`encode`, and what the data report tells: "size" (width, height), "kind", and "done" to make it fit."""
        size, channels = self._resolved()
        if isinstance(raw, np.ndarray) and raw.dtype == np.uint8 and raw.shape in _ready(size, channels):
            facts: dict[str, Any] = {"size": (size, size), "kind": "grey" if channels == 1 else "RGB", "done": ()}
            return torch.from_numpy(np.array(raw).reshape(size, size, channels)), facts
        with _opened(raw) as image:
            kind, original = _kind(image), image.size
            if image.format == "JPEG" and image is not raw:
                image.draft(None, (2 * size, 2 * size))  # decodes at 1/2, 1/4 or 1/8: many times faster
            image.load()
            turned = _turned(image)
            if (turned.width > turned.height) != (original[0] > original[1]):
                original = original[::-1]
            plain, done = self._plain(turned)
            square = self._square(plain.convert("L" if channels == 1 else "RGB"))
        width, height = original
        if width != height:
            done.append("cropped" if self.shape == "crop" else "letterboxed")
        if (min if self.shape == "crop" else max)(original) < size:
            done.append("upscaled")
        pixels = np.array(square).reshape(size, size, channels)
        return torch.from_numpy(pixels), {"size": original, "kind": kind, "done": tuple(done)}

    def expand(self, stored: Tensor) -> Tensor:
        """What a model learns from, in channels-last memory. Shape: (B, side, side, C) uint8 -> (B, C, side, side)."""
        return stored.permute(0, 3, 1, 2).to(torch.float32).mul_(1 / 127.5).sub_(1)

    def decode(self, x: Tensor) -> Image.Image:
        """One sample as a picture; values outside [-1, 1] are clipped. Shape: (C, side, side) -> PIL image."""
        return self.decode_all(x[None])[0]

    def decode_all(self, x: Tensor) -> list[Image.Image]:
        """Several at once, which takes a small one a third of the time. Shape: (n, C, side, side) -> n pictures."""
        levels = ((x.detach().float().cpu() + 1) * 127.5).nan_to_num(0).round_().clamp_(0, 255).to(torch.uint8)
        pixels = levels.permute(0, 2, 3, 1).contiguous().numpy()
        return [Image.fromarray(one) for one in (pixels[..., 0] if pixels.shape[3] == 1 else pixels)]

    def write(
        self,
        samples: Sequence[Any],
        path: Path,
        *,
        names: Sequence[str] | None = None,
        texts: Sequence[Mapping[str, str]] | None = None,
    ) -> Path:
        """Save samples (tensors or PIL images) as PNG files in the folder `path`, each with its text chunks.

        Names are 000000, 000001, ... if none are given. One sample and a path that ends in .png: that file.
        """
        path = Path(path)
        alone = len(samples) == 1 and path.suffix.lower() == ".png"
        (path.parent if alone else path).mkdir(parents=True, exist_ok=True)
        for number, sample in enumerate(samples):
            image = self.decode(sample) if isinstance(sample, Tensor) else sample
            info = PngImagePlugin.PngInfo()
            for key, text in (texts[number] if texts else {}).items():
                info.add_text(key, text)
            file = path if alone else path / f"{names[number] if names else f'{number:06d}'}.png"
            image.save(file, "PNG", pnginfo=info)
        return path

    def state(self) -> dict[str, Any]:
        """All settings, JSON-ready."""
        return self.model_dump(mode="json")

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The codec of a state."""
        return cls.read(state, "codec")

    def _resolved(self) -> tuple[int, int]:
        if self.size is None or self.channels is None:
            raise ConfigError("This codec has no size or channels yet. Set both, or call fit with some images.")
        return self.size, self.channels

    def _plain(self, image: Image.Image) -> tuple[Image.Image, list[str]]:
        """Eight bits a channel and no transparency."""
        if image.mode.startswith("I") or image.mode == "F":
            return Image.fromarray(_to_levels(np.asarray(image), self.white or _WHITES[-1])), []
        if (over := _see_through(image)) is not None:
            return _laid_on(self.background, over), ["composited"]
        return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB"), []

    def _square(self, image: Image.Image) -> Image.Image:
        size, _ = self._resolved()
        how = _FILTERS[self.filter]
        width, height = image.size
        if self.shape == "crop":
            side = min(width, height)
            left, top = (width - side) // 2, (height - side) // 2
            box = (left, top, left + side, top + side)
            if side == size:
                return image.crop(box)
            return image.resize((size, size), how, box=box, reducing_gap=3.0)
        scale = size / max(width, height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = image if inner == image.size else image.resize(inner, how, reducing_gap=3.0)
        square = Image.new(image.mode, (size, size), ImageColor.getcolor(self.background, image.mode))
        square.paste(small, ((size - inner[0]) // 2, (size - inner[1]) // 2))
        return square


@contextmanager
def _opened(raw: Any) -> Iterator[Image.Image]:
    """The picture behind a path, bytes or an array; whatever goes wrong with it becomes a DataError."""
    try:
        if isinstance(raw, Image.Image):
            yield raw
        elif isinstance(raw, np.ndarray):
            yield _from_array(raw)
        else:
            with io.BytesIO(raw) if isinstance(raw, bytes) else Path(raw).open("rb") as data:
                if not data.read(1):
                    raise DataError("the file is empty")
                data.seek(0)
                with Image.open(data) as image:
                    yield image
    except (DataError, ConfigError):
        raise
    except UnidentifiedImageError as error:
        raise DataError("not a picture in a format that can be read") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"too large: {error}") from error
    except OSError as error:
        raise DataError(error.strerror or f"damaged or cut short: {error}") from error
    except Exception as error:  # Pillow's decoders meet damage with almost any exception
        raise DataError(f"damaged: {error or type(error).__name__}") from error


def _from_array(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (2, 3, 4)):
        raise DataError(f"an array of shape {array.shape} is no picture; wanted is (H, W) or (H, W, C) with C up to 4")
    if array.ndim == 2 and array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    elif array.ndim == 2 and array.dtype.kind == "f":
        array = array.astype(np.float32)
    elif array.dtype != np.uint8 and not (array.ndim == 2 and array.dtype in (np.uint16, np.int32)):
        raise DataError(f"an array of {array.dtype} with {array.ndim} axes is no picture; uint8 always is")
    return Image.fromarray(np.ascontiguousarray(array))


def _measure(raw: Any, background: str, *, look_at_colour: bool) -> tuple[int, bool, int]:
    """(short side, whether it is grey or was not looked at, brightest value of 16 bits or 0)."""
    with _opened(raw) as image:
        short = min(image.size)
        if image.mode.startswith("I"):
            values = np.asarray(image)
            is_short = int(values.min()) >= 0 and int(values.max()) <= _WHITES[-1]
            return short, True, int(values.max()) if is_short else 0
        if not look_at_colour or image.mode in ("1", "L", "F"):
            return short, True, 0
        if image.format == "JPEG" and image is not raw:
            image.draft(None, (128, 128))
        over = _see_through(image)
        plain = image.convert("RGB") if over is None else _laid_on(background, over)
        pixels = np.asarray(plain).astype(np.int16)
        spread = pixels.max(axis=2) - pixels.min(axis=2)
        return short, bool(spread.max() <= _GREY_TOLERANCE), 0


def _see_through(image: Image.Image) -> Image.Image | None:
    """The picture as RGBA if any of it is transparent."""
    if image.mode not in ("LA", "PA", "RGBA", "RGBa") and "transparency" not in image.info:
        return None
    over = image.convert("RGBA")
    return None if over.getchannel("A").getextrema() == (255, 255) else over


def _laid_on(background: str, over: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", over.size, background), over).convert("RGB")


def _kind(image: Image.Image) -> str:
    if image.mode.startswith("I;16"):
        return "16-bit grey"
    kind = _KINDS.get(image.mode, image.mode)
    return f"{kind} with transparency" if "transparency" in image.info else kind


def _turned(image: Image.Image) -> Image.Image:
    try:
        upright = image.getexif().get(_ORIENTATION, 1) == 1
    except Exception:  # damaged EXIF beside good pixels
        return image
    return image if upright else ImageOps.exif_transpose(image)


def _to_levels(values: NDArray[Any], white: int) -> NDArray[np.uint8]:
    """Integers or floats of any range in 256 levels."""
    scaled: NDArray[np.float64] = values.astype(np.float64)
    low, high = float(scaled.min()), float(scaled.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("it holds values that are not finite")
    if values.dtype.kind == "f":
        bottom, top = (0.0, 1.0 if high <= 1 else 255.0) if low >= 0 and high <= 255 else (low, high)
    else:
        bottom, top = (0.0, float(white)) if low >= 0 and high <= _WHITES[-1] else (low, high)
    levels = np.rint((scaled - bottom) * (255 / max(top - bottom, 1e-12)))
    return levels.clip(0, 255).astype(np.uint8)


def _ready(size: int, channels: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of arrays that are packed as they are."""
    return ((size, size), (size, size, 1)) if channels == 1 else ((size, size, channels),)
