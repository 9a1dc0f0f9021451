"""Large photographs cut into square tiles, so that restoration learns from pixels as they are."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image, ImageOps

from mintage.contracts import Example
from mintage.errors import DataError
from mintage.sides import side_at

__all__ = ["Photos"]

_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)  # the EXIF tag, and its values that swap width and height
_MOST = 20_000  # tiles: 2 GB at 192 pixels
_SHOWN = 3


class Photos:
    """Tiles of the photographs in a folder, zip or tar, at full resolution, named `photo.jpg#x,y`.

    They lie on a grid without overlap; of more than 20,000 an even choice is taken. Sizes are read from the headers,
    and each photograph is decoded once, in sequence, so that no two are in memory. Photographs that are smaller than
    a tile are left out and named.

    Raises:
        DataError: no photograph is large enough.
    """

    classes: Sequence[str] = ()
    takes: ClassVar[tuple[str, ...]] = ("tile",)
    needs: ClassVar[str] = (
        "Restoration learns from a folder of clean photographs: data=FOLDER. For example: mintage train restore-sr "
        "data=./photos."
    )

    def __init__(self, path: Path, tile: int = 192) -> None:
        self.tile, self.side = tile, side_at(Path(path), "The folder of photographs")
        names = list(self.side.names())
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            sizes = list(pool.map(self._size, range(len(names))))
        small = [name for name, size in zip(names, sizes, strict=True) if size and min(size) < tile]
        self.remarks: tuple[str, ...] = self.side.remarks
        if small:
            more = ", ..." if len(small) > _SHOWN else ""
            self.remarks += (
                f"{len(small):,} photographs are smaller than a tile of {tile} pixels and left out: "
                f"{', '.join(small[:_SHOWN])}{more}.",
            )
        places = [place for photo, size in enumerate(sizes) if size for place in _grid(photo, size, tile)]
        if not places:
            raise DataError(_nothing(path, tile, [min(size) for size in sizes if size]))
        if len(places) > _MOST:
            self.remarks += (f"Of {len(places):,} tiles an even choice of {_MOST:,} is taken.",)
            places = [places[k * len(places) // _MOST] for k in range(_MOST)]
        # what can't be read stands as one tile, which packing will report
        self._places = sorted(
            [*places, *((photo, 0, 0) for photo, size in enumerate(sizes) if size is None)], key=_photo
        )
        self._names = names
        self._opened: tuple[int, Image.Image | DataError] | None = None

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Never: cutting photographs up has to be asked for."""
        return False

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Example:
        photo, left, top = self._places[index]
        if self._opened is None or self._opened[0] != photo:
            self._opened = None  # the one before goes first: two large photographs are not in memory together
            self._opened = photo, self._decoded(photo)
        if isinstance(whole := self._opened[1], DataError):
            raise whole
        tile = whole.crop((left, top, left + self.tile, top + self.tile))
        return Example(f"{self._names[photo]}#{left},{top}", tile)

    def fingerprint(self) -> str:
        """A hash of the photographs' contents and of how they are cut."""
        return self._hashed(self.side.fingerprint())

    def stamp(self) -> str:
        """A quick hash of names, sizes and times, and of how they are cut."""
        return self._hashed(self.side.stamp())

    def _hashed(self, word: str) -> str:
        return hashlib.blake2b(f"{word} {self.tile} {_MOST}".encode(), digest_size=16).hexdigest()

    def _size(self, photo: int) -> tuple[int, int] | None:
        """(width, height) once upright; None if it can't be read."""
        try:
            with Image.open(_readable(self.side[photo].x)) as image:
                width, height = image.size
                turned = _orientation(image) in _TURNED
        except Exception:
            return None
        return (height, width) if turned else (width, height)

    def _decoded(self, photo: int) -> Image.Image | DataError:
        """The whole photograph, or what is wrong with it, which holds for all of its tiles."""
        try:
            with Image.open(_readable(self.side[photo].x)) as image:
                upright = image if _orientation(image) == 1 else ImageOps.exif_transpose(image)
                upright.load()
        except DataError as error:
            return error
        except Exception as error:  # Pillow's decoders meet damage with almost any exception
            return DataError(f"{self._names[photo]} cannot be read: {error}")
        return upright


def _orientation(image: Image.Image) -> int:
    """The EXIF tag. Of a PNG it is looked for before the pixels alone: to look behind them is to decode them."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF beside good pixels
        return 1


def _photo(place: tuple[int, int, int]) -> int:
    return place[0]


def _nothing(path: Path, tile: int, shorts: Sequence[int]) -> str:
    if not shorts:
        return f"Not one photograph in {path} can be read. Check that the files are whole."
    return (
        f"No photograph in {path} is as large as a tile of {tile} pixels; the largest is {max(shorts)} pixels on its "
        "short side. Set data.tile lower, or give larger photographs."
    )


def _grid(photo: int, size: tuple[int, int], tile: int) -> list[tuple[int, int, int]]:
    """(photo, left, top) of its tiles, row by row, centred in the photograph."""
    across, down = size[0] // tile, size[1] // tile
    left, top = (size[0] - across * tile) // 2, (size[1] - down * tile) // 2
    return [(photo, left + x * tile, top + y * tile) for y in range(down) for x in range(across)]


def _readable(raw: Any) -> Any:
    return io.BytesIO(raw) if isinstance(raw, bytes) else raw
