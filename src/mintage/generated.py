"""What a generator made: samples with the noise behind each, so that a file can name its own origin."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mintage.contracts import Codec
from mintage.errors import DataError
from mintage.storage import write_image
from mintage.watching.grid import contact_sheet

__all__ = ["Generated", "Origin", "png"]

_KEY = "mintage"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sample comes from: enough to draw it again, or its neighbours."""

    run: str
    step: int
    seed: int
    index: int
    condition: int | None = None
    spread: float = 0.0  # how far from the named sample, for neighbours
    neighbour: int = 0

    def text(self) -> str:
        """As it is written into a file."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def of(cls, path: Path) -> Origin:
        """The origin that a PNG file carries.

        Raises:
            DataError: it is not a sample of Mintage, or its text was stripped.
        """
        try:
            with Image.open(path) as image:
                return cls(**json.loads(image.info[_KEY]))
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise DataError(
                f"{path} does not say how it was made: only PNG files that mintage generate wrote do, unedited."
            ) from error


def png(picture: Image.Image, origin: Origin | None = None) -> bytes:
    """A PNG file of a picture, with its origin inside; quick rather than small."""
    stream, info = io.BytesIO(), PngInfo()
    if origin is not None:
        info.add_text(_KEY, origin.text())
    picture.save(stream, "PNG", pnginfo=info, compress_level=1)
    return stream.getvalue()


class Generated(Sequence[Any]):
    """Samples as a person sees them (images: PIL), in order, with their origins."""

    def __init__(self, samples: Sequence[Any], origins: Sequence[Origin], codec: Codec) -> None:
        self.samples, self.origins, self.codec = list(samples), list(origins), codec

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.samples[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.samples)

    def sheet(self) -> Image.Image:
        """All samples (the first 400 at most) on one sheet, a column for each class where there are a few."""
        classes = len({origin.condition for origin in self.origins})
        return contact_sheet(self.samples[:400], columns=classes if 3 < classes <= 16 else None)

    def save(self, folder: str | Path) -> Path:
        """Write one file a sample, named by its index, and sheet.png; each file carries its origin."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        names = [f"{n:05}" for n in range(len(self.samples))]
        texts = [{_KEY: origin.text()} for origin in self.origins]
        self.codec.write(self.samples, path, names=names, texts=texts)  # type: ignore[call-arg]
        write_image(path / "sheet.png", self.sheet())
        return path
