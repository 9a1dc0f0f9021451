"""A trained translator at work: one picture, or a folder of them, of any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from mintage.arrangement import IMAGE_SUFFIXES
from mintage.errors import ConfigError, DataError
from mintage.layers.translator import Translator
from mintage.pictures import Picture, files_below, read_mask, read_picture, translate_file
from mintage.tiling import translate
from mintage.trained import CPU, Trained

__all__ = ["How", "Translated", "translate_files", "translate_picture"]

Pixels = NDArray[Any]
Raw = Path | Image.Image | Pixels
Progress = Callable[[int, int], object]


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
        ConfigError: the run makes pictures out of nothing, or a mask is missing or has other sides.
        DataError: the picture cannot be read.
    """
    channels, background = _form(trained)
    picture = read_picture(raw, channels, background)
    return picture.image(_pixels(trained, picture, mask, how or How(), progress))


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
    `progress` is told how many files are done, of how many, and the next one.

    Raises:
        ConfigError: the run makes pictures out of nothing, a mask is missing, or a file would be written over.
        DataError: there is no picture, or the only one cannot be read.
    """
    channels, background = _form(trained)
    files = list(files_below(source, IMAGE_SUFFIXES)) if source.is_dir() else [source]
    if not files:
        raise DataError(f"{source} holds no pictures. Mintage reads {', '.join(IMAGE_SUFFIXES)}.")
    result = Translated()
    for number, file in enumerate(files):
        if progress is not None:
            progress(number, len(files), file)
        below = file.parent.relative_to(source) if source.is_dir() else Path()
        try:
            beside = None if mask is None else _mask_of(file, mask, below)
            make = partial(_pixels, trained, mask=beside, how=how or How())
            result.written.append(translate_file(file, out / below, channels, make, background))
        except DataError as error:
            if not source.is_dir():
                raise
            result.skipped[str(below / file.name)] = str(error)
    if not result.written:
        first = next(iter(result.skipped.values()))
        raise DataError(f"None of the {len(files)} pictures of {source} could be read. {first}")
    return result


def _form(trained: Trained) -> tuple[int, str]:
    """Channels of a picture that the run takes, and what shows through transparent ones."""
    told = trained.spec.condition
    if not trained.translates or told is None:
        raise ConfigError(
            f"{trained.run.path} makes pictures out of noise, not out of others: leave the input out, or train a "
            "translator, such as cyclegan, pix2pix or restore-sr."
        )
    state: Mapping[str, Any] = (trained.origin_codec or trained.codec).state()
    return int(state["channels"]), str(state.get("background", "white"))


def _pixels(trained: Trained, picture: Picture, mask: Raw | None, how: How, progress: Progress | None = None) -> Pixels:
    sampler, size = trained.sampler, (picture.pixels.shape[0], picture.pixels.shape[1])
    assert isinstance(sampler, Translator)
    missing = None if mask is None else read_mask(mask, size)
    if _fills(trained):
        if missing is None and picture.alpha is not None:
            missing = picture.alpha < 128
        if missing is None:
            raise ConfigError(
                f"{trained.run.path} fills what is missing, so it must be told what that is: --mask FILE, white where "
                "pixels are to be filled, or a picture that is transparent there."
            )
    elif missing is not None:
        raise ConfigError(f"{trained.run.path} translates whole pictures: leave the mask out.")
    return translate(
        sampler, picture.pixels, missing, tile=how.tile, strength=how.strength,
        autocast=lambda: trained.numbers.autocast(CPU), progress=progress,
    )  # fmt: skip


def _fills(trained: Trained) -> bool:
    """Whether the last channel that it is told says where pixels are missing."""
    told = trained.spec.condition
    assert told is not None
    return trained.origin_codec is None and told.shape[0] == (trained.spec.x.shape[0] or 0) + 1


def _mask_of(file: Path, mask: Path, below: Path) -> Path:
    if not mask.is_dir():
        return mask
    found = sorted((mask / below).glob(f"{file.stem}.*"))
    if not found:
        raise DataError(f"{mask} holds no mask for {file.name}.")
    return found[0]
