"""Pictures in pairs, input and target: two folders with the same file names, or both halves side by side in one."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import ClassVar

from mintage.errors import DataError
from mintage.sides import Half, Side, holds_pictures, side_at

__all__ = ["Pairs"]

_KNOWN = (  # (input, target)
    ("a", "b"), ("input", "output"), ("input", "target"), ("inputs", "targets"), ("source", "target"), ("x", "y"),
    ("before", "after"), ("from", "to"), ("sketch", "photo"), ("edges", "photos"), ("low", "high"), ("lr", "hr"),
    ("noisy", "clean"), ("blurred", "sharp"), ("blur", "sharp"), ("grey", "colour"), ("gray", "color"),
)  # fmt: skip
_SHOWN = 3


class Pairs:
    """Input and target of each pair, in the same order on both sides.

    `path` holds the targets and `origin` the inputs, or `path` is one folder: of two sub-folders with the same file
    names (suffixes may differ), or of pictures twice as wide as high, left the input and right the target, as the
    pix2pix data sets have them. Partners that are missing are left out and named in `remarks`.

    Raises:
        ConfigError: nothing is given.
        DataError: a side is missing or empty, or no name is found on both sides.
    """

    aligned: ClassVar[bool] = True
    takes: ClassVar[tuple[str, ...]] = ("origin", "reverse")
    needs: ClassVar[str] = (
        "Paired translation learns from pairs=FOLDER (two sub-folders with the same file names, or pictures side by "
        "side), or from source=FOLDER and target=FOLDER. For example: mintage train pix2pix pairs=./pairs."
    )

    def __init__(self, path: Path, origin: Path | None = None, *, reverse: bool = False) -> None:
        path, remarks = Path(path), []
        if origin is None:
            if not path.is_dir():
                raise DataError(f"{path} is not a folder. {self.needs}")
            named = _two_folders(path)
            if named is None:
                whole = side_at(path, "pairs")
                left, right = (Side(whole.source, whole.rows, Half(k)) for k in (0, 1))
                inputs, targets = left, right
                remarks.append("Each picture is a pair side by side: left the input, right the target.")
            else:
                (given, made), is_known = named
                inputs, targets, lost = _matched(side_at(path / given, given), side_at(path / made, made), given, made)
                if not is_known:
                    remarks.append(f"{given} is taken for inputs, {made} for targets; data.reverse=true turns it.")
                remarks += lost
        else:
            inputs, targets, remarks = _matched(
                side_at(Path(origin), "source"), side_at(path, "target"), "source", "target"
            )
        self.target, self.origin = (inputs, targets) if reverse else (targets, inputs)
        self.remarks = tuple(remarks)

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """A folder of two sub-folders that have one of the known pairs of names, and the same file names."""
        named = _two_folders(path) if path.is_dir() else None
        if named is None or not named[1]:
            return False
        stems = [{_key(name) for name in side_at(path / folder, folder).names()} for folder in named[0]]
        return len(stems[0] & stems[1]) > len(stems[0] ^ stems[1])


def _two_folders(path: Path) -> tuple[tuple[str, str], bool] | None:
    """((input, target), whether their names tell which is which), if the folder is one of just two folders."""
    folders = sorted(entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    folders = [name for name in folders if holds_pictures(path / name)]
    if len(folders) != 2:
        return None
    for pair in (tuple(folders), tuple(reversed(folders))):
        if tuple(name.lower().removeprefix("train") or name.lower() for name in pair) in _KNOWN:
            return pair, True  # type: ignore[return-value]
    return (folders[0], folders[1]), False


def _matched(inputs: Side, targets: Side, given: str, made: str) -> tuple[Side, Side, list[str]]:
    """Both sides with the names that both have, in the order of the targets, and what is said of the others."""
    rows = [{_key(name): row for row, name in enumerate(side.names())} for side in (inputs, targets)]
    shared = [key for key in rows[1] if key in rows[0]]
    if not shared:
        examples = [", ".join(list(side.names())[:2]) for side in (inputs, targets)]
        raise DataError(
            f"No file name is found on both sides, so nothing pairs: {given} has {examples[0]}, {made} has "
            f"{examples[1]}. Give partners the same name, or train without pairs: mintage train cyclegan."
        )
    remarks = []
    for here, other, word in ((rows[0], rows[1], given), (rows[1], rows[0], made)):
        if lone := [key for key in here if key not in other]:
            more = ", ..." if len(lone) > _SHOWN else ""
            remarks.append(
                f"{len(lone):,} of {word} have no partner and are left out: {', '.join(lone[:_SHOWN])}{more}."
            )
    chosen = [side.chosen([row[key] for key in shared]) for side, row in zip((inputs, targets), rows, strict=True)]
    return chosen[0], chosen[1], remarks


def _key(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
