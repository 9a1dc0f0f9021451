"""Two related tables, parents and their children, as the records of one: `tabular.relation` says how they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from mintage.contracts import Example
from mintage.errors import ConfigError, DataError
from mintage.tabular.files import ROWS, TableFile
from mintage.tabular.relation import Joined, Relation

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Related"]


class Related:
    """Parents in one file and children in another, each of which names its parent by `key`. Both are held in memory."""

    takes: ClassVar[tuple[str, ...]] = ("child", "key", "encoding")
    needs: ClassVar[str] = (
        "Related tables are two: mintage train customers.csv data.source=related data.child=orders.csv "
        "data.key=customer_id"
    )
    classes: ClassVar[Sequence[str]] = ()

    def __init__(self, path: Path, *, child: Path | None = None, key: str = "", encoding: str | None = None) -> None:
        if child is None or not key:
            raise ConfigError(f"{self.needs}.")
        self.paths = (Path(path), Path(child))
        for one in self.paths:
            if not one.is_file():
                raise DataError(f"There is no table at {one}.")
        self.relation = Relation(Path(child).stem, key)
        self._files = [TableFile(one, encoding) for one in self.paths]

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Nothing by itself: it takes two files."""
        return False

    @property
    def remarks(self) -> list[str]:
        """What a person should know of the files."""
        told = [
            f"{path.name}: {line}" for path, file in zip(self.paths, self._files, strict=True) for line in file.remarks
        ]
        if orphans := self.joined.num_orphans:
            told.append(f"{orphans:,} records of {self.relation.child} name no parent, and are left out.")
        return told

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(line, reason) of the first lines that were left out."""
        return [(f"{path.name} {line}", why) for path, file in zip(self.paths, self._files, strict=True)
                for line, why in file.unreadable]  # fmt: skip

    @property
    def num_unreadable(self) -> int:
        """How many lines were left out."""
        return sum(file.num_unreadable for file in self._files)

    @property
    def size(self) -> int:
        """Bytes of both files."""
        return sum(path.stat().st_size for path in self.paths)

    @property
    def groups(self) -> NDArray[np.int64]:
        """The number of each record's parent: what has the same is held out together."""
        return self.joined.parents

    @cached_property
    def joined(self) -> Joined:
        """Both tables side by side."""
        import pandas as pd

        parents, children = (pd.concat(list(file.frames()), ignore_index=True) for file in self._files)
        return self.relation.join(parents, children)

    def frames(self) -> Iterator[DataFrame]:
        """All records in parts, in order."""
        for first in range(0, len(self), ROWS):
            yield self.joined.frame.iloc[first : first + ROWS].reset_index(drop=True)

    def __len__(self) -> int:
        return len(self.joined.frame)

    def __getitem__(self, index: int) -> Example:
        return Example(f"record {index + 1}", self.joined.frame.iloc[index].to_dict())

    def fingerprint(self) -> str:
        """A hash of the content of both files, and of how they are read."""
        told = f"{self.relation} {[file.encoding for file in self._files]}"
        total = hashlib.blake2b(told.encode(), digest_size=16)
        for path in self.paths:
            total.update(hashlib.blake2b(path.read_bytes()).digest())
        return total.hexdigest()
