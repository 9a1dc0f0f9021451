"""Reads a data spec as an input picture and the picture that is to be made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mintage.contracts import DataSpec
from mintage.errors import SpecError

__all__ = ["PicturePair"]


@dataclass(frozen=True, slots=True)
class PicturePair:
    """What a translator has to know of its data: channels on both sides, and the sides of both pictures.

    >>> from mintage.contracts import TensorSpec
    >>> told = TensorSpec(shape=(1, 32, 48))
    >>> pair = PicturePair.read(DataSpec(x=TensorSpec(shape=(3, 64, 96)), condition=told), "SRGAN", scales=(1, 2, 4))
    >>> pair.told, pair.channels, pair.sides, pair.scale
    (1, 3, (32, 48), 2)
    """

    told: int  # channels of the input
    channels: int  # of the target
    sides: tuple[int, int]  # of the input
    scale: int  # the target's sides are this many times the input's

    @property
    def halvings(self) -> int:
        """How often both sides of the input can be halved to whole numbers."""
        return min((side & -side).bit_length() - 1 for side in self.sides)

    def check_patch(self, halvings: int, setting: str = "") -> None:
        """Make sure that a discriminator of patches has something left to judge.

        Raises:
            SpecError: the target's sides are too small to be halved so often.
        """
        side, least = min(self.sides) * self.scale, 3 << halvings
        if side < least:
            raise SpecError(
                f"A discriminator that halves sides {halvings} times needs pictures of {least} pixels or more, but "
                f"these have {side}. Set {f'{setting} lower, or ' if setting else ''}codec.size (data.window) higher."
            )

    @classmethod
    def read(cls, spec: DataSpec, model: str, *, multiple: int = 1, scales: tuple[int, ...] = (1,)) -> Self:
        """The pair of this data; `model` is what an error calls the reader, which halves sides down from `multiple`.

        Raises:
            SpecError: no pictures on both sides, or sides that do not fit each other or the model.
        """
        fits = "or choose a model that fits: mintage models --fit DATA."
        x, told = spec.x, spec.condition
        if told is None or len(told.shape) != 3 or told.classes is not None:
            beside = "nothing beside it" if told is None else f"{told} beside it"
            raise SpecError(
                f"{model} turns pictures into pictures, but this data has {beside}. Give the pictures to start from "
                f"(data.origin) or say how they are spoiled (data.degrade), {fits}"
            )
        match (*told.shape, *x.shape):
            case (int(c), int(h), int(w), int(o), int(height), int(width)) if x.classes is None and h and w:
                if h % multiple or w % multiple:
                    size = max(multiple, min(h, w) // multiple * multiple)
                    raise SpecError(
                        f"{model} takes pictures whose sides are multiples of {multiple}, but this data has shape "
                        f"{told.shape}. Set codec.size = {size} (or data.window), {fits}"
                    )
                for scale in scales:
                    if (scale * h, scale * w) == (height, width):
                        return cls(c, o, (h, w), scale)
        times = " or ".join(str(scale) for scale in scales)
        raise SpecError(
            f"{model} makes real-valued pictures of {times} times the input's sides, but this data has shape {x.shape} "
            f"for inputs of shape {told.shape}. Give both sides one size (codec.size), {fits}"
        )
