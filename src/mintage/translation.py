"""A trained translator at work: one picture, or a folder of them, of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mintage.arrangement import IMAGE_SUFFIXES
from mintage.errors import ConfigError, DataError
from mintage.layers.translator import Translator
from mintage.pictures import Picture, files_below, read_mask, read_picture, write_picture
from mintage.tiling import translate
from mintage.trained import CPU, Trained

__all__ = ["How", "Translated", "translate_files", "translate_picture"]

Pixels = NDArray[Any]
Raw = Path | Image.Image | Pixels
Progress = Callable[[int, int], object]

_FULL = 65_535


@dataclass(frozen=True)
class How:
    """How pictures are translated."""

    strength: float = 1.0  # 0: the input, 1: the translator's picture
    tile: int = 512  # side of what the network sees at once, in pixels of the input


@dataclass(frozen=True)
class Translated:
    """What became of the files of a folder."""

    written: list[Path] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)  # a file that could not be read, and why


def translate_picture(
    trained: Trained, raw: Raw, mask: Raw | None = None, how: How | None = None, progress: Progress | None = None
) -> Image.Image:
    """What a run makes of one picture.

    Raises:
        ConfigError: the run makes pictures out of nothing, or takes no mask.
        DataError: the picture cannot be read, or a mask is missing or has other sides.
    """
    state = _form(trained)
    picture = read_picture(raw, int(state["channels"]), str(state.get("background", "white")))
    missing = _missing(trained, picture, mask)
    pixels = _pixels(trained, picture, missing, how or How(), progress)
    return picture.image(pixels, missing)


def translate_files(
    trained: Trained,
    source: Path,
    out: Path,
    mask: Path | None = None,
    how: How | None = None,
    progress: Callable[[int, int, Path], object] | None = None,
) -> Translated:
    """Translate a file, or every picture of a folder, into files of the same names below `out`.

    A file of a folder that cannot be read is passed over; `mask` is a file, or a folder with masks of the same names.
    What lies in `out` already is no input, where that is a folder of `source`. `progress` is told how many files are
    done, of how many, and the next one.

    Raises:
        ConfigError: the run makes pictures out of nothing, takes no mask, or a picture or mask would be written over.
        DataError: there is no picture, or none can be translated.
    """
    _form(trained)
    files = list(_inputs(source, out))
    if not files:
        raise DataError(f"{source} holds no pictures. Mintage reads {', '.join(IMAGE_SUFFIXES)}.")
    spared = {file.resolve() for file in files}
    if mask is not None:
        spared |= {file.resolve() for file in ([mask] if mask.is_file() else files_below(mask, IMAGE_SUFFIXES))}
    root = source if source.is_dir() else source.parent
    for file in files:
        if (target := out / file.relative_to(root)).resolve() in spared:
            raise ConfigError(f"{target} would be written over. Choose another folder with --out.")
    result = Translated()
    for number, file in enumerate(files):
        if progress is not None:
            progress(number, len(files), file)
        below = file.relative_to(root)
        try:
            image = translate_picture(trained, file, None if mask is None else _mask_of(below, mask), how)
        except DataError as error:
            if not source.is_dir():
                raise
            result.skipped[str(below)] = str(error)
        else:
            result.written.append(write_picture(image, file, out / below.parent, spared))
    if not result.written:
        first = next(iter(result.skipped.values()))
        raise DataError(f"None of the {len(files)} pictures of {source} could be translated. {first}")
    return result


def _inputs(source: Path, out: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    made = out.resolve()
    inside = source.resolve() in made.parents
    for file in files_below(source, IMAGE_SUFFIXES):
        if not (inside and made in file.resolve().parents):
            yield file


def _form(trained: Trained) -> Mapping[str, Any]:
    """What the codec of the pictures that the run takes knows of them: channels, background, white."""
    if trained.writes:
        raise ConfigError(f"{trained.run.path} writes text and takes no pictures: give it a prompt.")
    if not trained.translates:
        raise ConfigError(
            f"{trained.run.path} makes pictures out of noise, not out of others: leave the input out, or train a "
            "translator, such as cyclegan, pix2pix or restore-sr."
        )
    return (trained.origin_codec or trained.codec).state()


def _missing(trained: Trained, picture: Picture, mask: Raw | None) -> NDArray[np.bool_] | None:
    """Where pixels are to be filled in, of a run that fills: by the mask, or wherever it is not quite opaque."""
    told = trained.spec.condition
    assert told is not None
    fills = _makes_its_pairs(trained) and told.shape[0] == (trained.spec.x.shape[0] or 0) + 1
    if mask is not None and not fills:
        raise ConfigError(f"{trained.run.path} translates whole pictures: leave the mask out.")
    if mask is not None:
        return read_mask(mask, picture.pixels.shape[:2])
    if fills and picture.alpha is None:
        raise DataError(
            f"{trained.run.path} fills what is missing, so it must be told what that is: --mask FILE, white where "
            "pixels are to be filled, or a picture that is transparent there."
        )
    return picture.alpha < 255 if fills and picture.alpha is not None else None


def _pixels(
    trained: Trained, picture: Picture, missing: NDArray[np.bool_] | None, how: How, progress: Progress | None
) -> Pixels:
    assert isinstance(trained.sampler, Translator)
    pixels, white = picture.pixels, int(_form(trained).get("white") or _FULL)
    if scaled := pixels.dtype == np.uint16 and pixels.max() <= white < _FULL:  # it learned that this is white
        pixels = pixels.astype(np.float32) * (2 / white) - 1
    made = translate(
        trained.sampler, pixels, missing, tile=how.tile, strength=how.strength,
        autocast=lambda: trained.numbers.autocast(CPU), progress=progress,
    )  # fmt: skip
    if picture.is_grey and made.shape[2] == 3 and _makes_its_pairs(trained):
        made = made.mean(axis=2, keepdims=True, dtype=np.float32)  # what is restored keeps its kind: no tint
        made = made if scaled else np.rint(made).astype(pixels.dtype)
    return np.rint((made + 1) * (white / 2)).clip(0, white).astype(np.uint16) if scaled else made


def _makes_its_pairs(trained: Trained) -> bool:
    """Whether it restores: its inputs were its targets, spoiled."""
    return trained.origin_codec is None


def _mask_of(below: Path, mask: Path) -> Path:
    if not mask.is_dir():
        return mask
    for file in sorted((mask / below.parent).glob(f"{escape(below.stem)}.*")):
        if file.stem == below.stem and file.suffix.lower() in IMAGE_SUFFIXES:
            return file
    raise DataError(f"{mask} holds no mask for {below}.")
