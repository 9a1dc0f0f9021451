"""Two folders of pictures that show different things: what unpaired translation learns from."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from mintage.errors import ConfigError, DataError
from mintage.sides import Side, side_at

__all__ = ["Unpaired"]

_FEWEST = 2


class Unpaired:
    """Pictures of the target's domain, and pictures of the origin's: folders, zip or tar files, each in its own order.

    Raises:
        ConfigError: one of the two is not given, or both are the same.
        DataError: a side is missing, or holds fewer than two pictures.
    """

    aligned: ClassVar[bool] = False
    takes: ClassVar[tuple[str, ...]] = ("origin",)
    needs: ClassVar[str] = (
        "Unpaired translation learns from two folders: source=FOLDER of what is translated, target=FOLDER of what it "
        "becomes. For example: mintage train cyclegan source=./photos target=./paintings."
    )

    def __init__(self, path: Path, origin: Path | None = None) -> None:
        if origin is None:
            raise ConfigError(self.needs)
        if Path(path).resolve() == Path(origin).resolve():
            raise ConfigError(f"Source and target are the same folder, {path}. {self.needs}")
        self.target, self.origin = self._side(Path(path), "target"), self._side(Path(origin), "source")
        self.remarks = (*self.target.remarks, *(f"Inputs: {remark}" for remark in self.origin.remarks))

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Never: what is unpaired has to be asked for."""
        return False

    def _side(self, path: Path, word: str) -> Side:
        side = side_at(path, f"The {word} side")
        if len(side) < _FEWEST:
            raise DataError(
                f"The {word} side, {path}, holds one picture. A domain needs some dozens to be learned, better "
                "hundreds: add more of the kind."
            )
        return side
