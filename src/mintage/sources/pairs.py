"""Pictures in pairs, input and target: two folders with the same file names, or both halves side by side in one."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import ClassVar

from mintage.errors import DataError
from mintage.sides import Half, Side, side_at

__all__ = ["Pairs"]

_KNOWN = (  # (input, target)
    ("a", "b"), ("input", "output"), ("input", "target"), ("inputs", "targets"), ("source", "target"), ("x", "y"),
    ("before", "after"), ("from", "to"), ("sketch", "photo"), ("edges", "photos"), ("low", "high"), ("lr", "hr"),
    ("noisy", "clean"), ("blurred", "sharp"), ("blur", "sharp"), ("grey", "colour"), ("gray", "color"),
)  # fmt: skip
_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"})
_SHOWN = 3
_TRIED = 8  # pictures, of which one at least has to be a pair side by side


class Pairs:
    """Input and target of each pair, in the same order on both sides.

    `path` holds the targets and `origin` the inputs, or `path` is one folder, zip or tar: of two sub-folders with the
    same file names (suffixes may differ), or of pictures twice as wide as high, left the input and right the target,
    as the pix2pix data sets have them. Partners that are missing are left out and named in `remarks`.

    Raises:
        DataError: a side is missing or empty, no name is found on both sides, or no picture is a pair side by side.
    """

    aligned: ClassVar[bool] = True
    takes: ClassVar[tuple[str, ...]] = ("origin", "reverse")
    needs: ClassVar[str] = (
        "Paired translation learns from pairs=FOLDER (two sub-folders with the same file names, or pictures side by "
        "side), or from source=FOLDER and target=FOLDER. For example: mintage train pix2pix pairs=./pairs."
    )

    def __init__(self, path: Path, origin: Path | None = None, *, reverse: bool = False) -> None:
        path = Path(path)
        if origin is not None:
            sides = side_at(Path(origin), "The source side"), side_at(path, "The target side")
            inputs, targets, remarks = _matched(*sides, ("source", "target"))
        else:
            whole = side_at(path, "The folder of pairs")
            if (named := _two_folders(whole)) is not None:
                sides = _below(whole, named[0]), _below(whole, named[1])
                inputs, targets, remarks = _matched(*sides, named)
                remarks = [f"{named[0]} are the inputs, {named[1]} the targets; data.reverse=true turns it.", *remarks]
            else:
                inputs, targets = (Side(whole.source, whole.rows, half, whole.root) for half in Half)
                self._check_shape(inputs, path)
                remarks = ["Each picture is a pair side by side: left the input, right the target.", *whole.remarks]
        self.target, self.origin = (inputs, targets) if reverse else (targets, inputs)
        self.remarks = tuple(remarks)

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """A folder of two sub-folders that are called input and target, or alike, and share most file names."""
        if not path.is_dir():
            return False
        present = {entry.name.lower() for entry in path.iterdir() if entry.is_dir()}
        if not any(len(pair[0]) > 1 and present.issuperset(pair) for pair in _KNOWN):  # "a" and "b" may be classes
            return False
        try:
            whole = side_at(path, "The folder of pairs")
        except DataError:
            return False
        if (named := _two_folders(whole)) is None:
            return False
        keys = [{_key(name) for name in _below(whole, folder).names()} for folder in named]
        return len(keys[0] & keys[1]) > len(keys[0] ^ keys[1])

    def _check_shape(self, side: Side, path: Path) -> None:
        """A first look, since a folder of other pictures would only be found unreadable one by one."""
        reason = ""
        for place in range(0, len(side), -(-len(side) // _TRIED)):
            try:
                side[place]
                return
            except DataError as error:
                reason = str(error)
        raise DataError(f"{path} holds no pairs that can be read: {reason}. {self.needs}")


def _two_folders(whole: Side) -> tuple[str, str] | None:
    """(inputs, targets), if all lies in two sub-folders; train and test are not two sides, but parts of one."""
    tops = sorted({name.partition("/")[0] if "/" in name else "" for name in whole.names()})
    if len(tops) != 2 or "" in tops or _SPLITS.issuperset(top.lower() for top in tops):
        return None
    first, second = tops
    words = tuple(top.lower().removeprefix("train") for top in tops)
    return (second, first) if words[::-1] in _KNOWN else (first, second)


def _below(whole: Side, folder: str) -> Side:
    """What lies in one sub-folder, under names that start below it."""
    rows = [row for row, name in zip(whole.rows, whole.names(), strict=True) if name.startswith(f"{folder}/")]
    return Side(whole.source, rows, root=f"{whole.root}{folder}/")


def _matched(inputs: Side, targets: Side, words: tuple[str, str]) -> tuple[Side, Side, list[str]]:
    """Both sides with the names that both have, in the order of the targets, and what is said of the others."""
    sides = inputs, targets
    rows = [{_key(name): row for row, name in enumerate(side.names())} for side in sides]
    shared = [key for key in rows[1] if key in rows[0]]
    if not shared:
        (given, made), examples = words, [", ".join(list(side.names())[:2]) for side in sides]
        raise DataError(
            f"No file name is found on both sides, so nothing pairs: {given} has {examples[0]}, {made} has "
            f"{examples[1]}. Give partners the same name, or train without pairs: mintage train cyclegan."
        )
    remarks = list(dict.fromkeys(remark for side in sides for remark in side.remarks))
    for here, other, side, word in zip(rows, reversed(rows), sides, words, strict=True):
        if lone := [key for key in here if key not in other]:
            more = ", ..." if len(lone) > _SHOWN else ""
            remarks.append(
                f"{len(lone):,} of {word} have no partner and are left out: {', '.join(lone[:_SHOWN])}{more}."
            )
        if twice := len(side) - len(here):
            remarks.append(f"{twice:,} of {word} have the name of another one but for the suffix, and are left out.")
    chosen = [side.chosen([row[key] for key in shared]) for side, row in zip(sides, rows, strict=True)]
    return chosen[0], chosen[1], remarks


def _key(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
