"""How the names of files become classes: the one rule that folders and archives share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mintage.errors import DataError

__all__ = ["IMAGE_SUFFIXES", "Arrangement", "arrange", "is_wanted"]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"})


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which files are examples, in order, and the class of each."""

    kept: tuple[int, ...]  # places in the names that were given
    classes: tuple[str, ...]
    conditions: tuple[int, ...]  # of the kept ones; empty without classes
    remarks: tuple[str, ...]  # what a person should know: files that were left out


def is_wanted(name: str, suffixes: Sequence[str]) -> bool:
    """Whether a relative name has one of the suffixes (in any case) and no hidden part.

    >>> is_wanted("cats/1.JPG", (".jpg",)), is_wanted("cats/.cache/1.jpg", (".jpg",))
    (True, False)
    """
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in suffixes and not hidden


def arrange(names: Sequence[str], where: Path, suffixes: Sequence[str]) -> Arrangement:
    """Sub-folders of the first level are classes if at least two of them hold examples.

    A root that holds nothing but one folder is descended first. Examples that lie beside the class folders are left
    out if they are the fewer; if they are the more, the sub-folders are no classes and everything is taken.

    >>> found = arrange(["set/b/1.png", "set/a/2.png"], Path("set.zip"), (".png",))
    >>> found.classes, found.conditions
    (('a', 'b'), (1, 0))

    Raises:
        DataError: there is no example at all.
    """
    if not names:
        raise DataError(f"{where} holds no file that can be read. Wanted are files that end in {' '.join(suffixes)}.")
    depth = _depth_of_root(names)
    tops = [parts[depth] if len(parts := name.split("/")) > depth + 1 else None for name in names]
    counts = Counter(tops)
    loose = counts.pop(None, 0)
    if len(counts) < 2:
        return Arrangement(tuple(range(len(names))), (), (), ())
    classed = len(names) - loose
    if loose >= classed:
        remark = f"Sub-folders are not taken for classes: {loose} files lie beside them and only {classed} inside."
        return Arrangement(tuple(range(len(names))), (), (), (remark,))
    remarks: tuple[str, ...] = ()
    if loose:
        remarks = (f"{loose} files that lie beside the class folders are left out.",)
    classes = tuple(sorted(str(top) for top in counts))
    if _SPLITS.issuperset(name.lower() for name in classes):
        remarks += (f"The classes {' and '.join(classes)} look like splits: give the path of one of them instead.",)
    place = {name: index for index, name in enumerate(classes)}
    kept = tuple(index for index, top in enumerate(tops) if top is not None)
    return Arrangement(kept, classes, tuple(place[str(tops[index])] for index in kept), remarks)


def _depth_of_root(names: Sequence[str]) -> int:
    shared = PurePosixPath(names[0]).parts[:-1]
    for name in names:
        parts = name.split("/")[:-1]
        same = next((n for n, (a, b) in enumerate(zip(shared, parts, strict=False)) if a != b), len(parts))
        shared = shared[: min(same, len(parts))]
    return len(shared)
