"""What a frame of the training film shows: a sheet of samples, or each input beside what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mintage.contracts import Codec
from mintage.watching.grid import contact_sheet

__all__ = ["SampleSheet", "Sheet", "TranslationSheet", "as_levels", "as_picture", "as_pictures"]

Sheet = Callable[[Tensor], Image.Image]  # samples (n, *x.shape) -> a picture

_IN_A_ROW = 12  # pictures of a sheet of translations


@dataclass(frozen=True)
class SampleSheet:
    """Samples side by side."""

    codec: Codec
    columns: int | None = None

    def __call__(self, x: Tensor) -> Image.Image:
        return contact_sheet([self.codec.decode(one) for one in x], columns=self.columns)


@dataclass(frozen=True)
class TranslationSheet:
    """Input, output and, where it is known, the target of each translation, several in a row."""

    codec: Codec
    inputs: Sequence[Image.Image]
    targets: Sequence[Image.Image] = ()

    def __call__(self, x: Tensor) -> Image.Image:
        made = [self.codec.decode(one) for one in x]
        groups = list(zip(self.inputs, made, *([self.targets] if self.targets else []), strict=True))
        width = max(picture.width for picture in made)
        shown = [_widened(picture, width) for group in groups for picture in group]
        return contact_sheet(shown, columns=_IN_A_ROW // len(groups[0]) * len(groups[0]))


def as_levels(x: Tensor) -> NDArray[np.uint8]:
    """Pictures in the form of files, without a mask channel. Shape: (n, C, H, W) in [-1, 1] -> (n, H, W, 1 or 3)."""
    seen = x[:, : 3 if x.shape[1] >= 3 else 1].float().clamp(-1, 1)
    return ((seen + 1) * 127.5).round().byte().permute(0, 2, 3, 1).contiguous().numpy()  # type: ignore[no-any-return]


def as_pictures(x: Tensor) -> list[Image.Image]:
    """Pictures that a person can look at. Shape: (n, C, H, W) -> n of them."""
    return [as_picture(one) for one in as_levels(x)]


def as_picture(levels: NDArray[np.uint8] | Tensor) -> Image.Image:
    """One picture of 8 bits. Shape: (H, W, 1 or 3)."""
    values = np.asarray(levels)
    return Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)


def _widened(picture: Image.Image, width: int) -> Image.Image:
    """Small inputs of a super-resolution as large as its outputs, pixel by pixel."""
    if picture.width == width:
        return picture
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.NEAREST)
