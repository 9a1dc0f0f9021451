"""Reads a data spec as a square image that grows by doublings from a base of 4x4 or 7x7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mintage.contracts import DataSpec
from mintage.errors import SpecError

__all__ = ["Pyramid"]

_BASES = (4, 7)


@dataclass(frozen=True, slots=True)
class Pyramid:
    """What a convolutional image model has to know of its data: channels, resolutions, classes.

    >>> from mintage.contracts import TensorSpec
    >>> Pyramid.read(DataSpec(x=TensorSpec(shape=(1, 28, 28))), "DCGAN")
    Pyramid(channels=1, base=7, doublings=2, num_classes=None)
    """

    channels: int
    base: int  # side of the lowest resolution: 4 or 7
    doublings: int  # base * 2**doublings is the side of the image
    num_classes: int | None  # None: unconditional

    @property
    def side(self) -> int:
        """Pixels on each side of the full image."""
        return self.base << self.doublings

    def widths(self, width: int, most: int) -> list[int]:
        """Feature maps from the base up to the full resolution: `width` at the top, doubled below, at most `most`-fold.

        >>> Pyramid(1, 7, 2, None).widths(32, 8)
        [128, 64, 32]
        """
        return [width * min(2**level, most) for level in reversed(range(self.doublings + 1))]

    @classmethod
    def read(cls, spec: DataSpec, model: str) -> Self:
        """The pyramid of this data; `model` is what an error calls the reader.

        Raises:
            SpecError: not a square image of such a side, not real-valued, or a condition that is not one class.
        """
        fits = "choose a model that fits: mintage models --fit DATA."
        if spec.x.classes is not None:
            raise SpecError(f"{model} makes real values, but this data is integers below {spec.x.classes}; {fits}")
        condition = spec.condition
        if condition is not None and (condition.shape != () or condition.classes is None):
            raise SpecError(f"{model} is told one class a sample, but this data's condition is {condition}; {fits}")
        num_classes = None if condition is None else condition.classes
        match spec.x.shape:
            case (int(channels), int(side), int(other)) if side == other:
                for base in _BASES:
                    doublings = (side // base).bit_length() - 1
                    if doublings > 0 and side == base * 2**doublings:
                        return cls(channels, base, doublings, num_classes)
        raise SpecError(
            f"{model} makes square images whose side is 4 or 7 times a power of two, but this data has shape "
            f"{spec.x.shape}. Set codec.size = {_nearest_side(spec.x.shape)}, or {fits}"
        )


def _nearest_side(shape: tuple[int | None, ...]) -> int:
    smallest = min((side for side in shape[1:] if side), default=64)
    return max((side for side in (28, 32, 64, 128) if side <= smallest), default=28)
