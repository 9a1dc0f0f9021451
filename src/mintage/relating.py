"""A trained model of two related tables at work: parents, the children of each, keys that match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from mintage.data.table_packing import RecordCodec
from mintage.errors import ConfigError
from mintage.layers.record_sampler import UNKNOWN, RecordSampler
from mintage.sampling import noise_of
from mintage.seeding import derive
from mintage.tabular.files import write_frames
from mintage.tabular.relation import Relation
from mintage.trained import Trained

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["draw_related", "relation_of", "write_related"]

PART = RecordSampler.chunk  # parents that are drawn at once

Codes = NDArray[np.int64]
Pair = tuple["DataFrame", "DataFrame"]


def relation_of(trained: Trained) -> Relation | None:
    """How the tables that a run learned from are related; None: it learned from one alone."""
    data = trained.recipe.data
    return Relation(data.child.stem, data.key) if data.child is not None else None


def draw_related(trained: Trained, n: int, seed: int = 0) -> Pair:
    """The first `n` parents of a seed and all their children, as two tables.

    Raises:
        ConfigError: the run learned from one table, or its model cannot be held to what is known.
    """
    import pandas as pd

    parents, children = zip(*_parts(trained, n, seed), strict=True)
    return pd.concat(parents, ignore_index=True), pd.concat(children, ignore_index=True)


def write_related(trained: Trained, n: int, folder: Path, seed: int = 0) -> tuple[Path, Path]:
    """Write both tables into a folder, called as those that were learned from.

    Raises:
        ConfigError: as `draw_related`.
    """
    parents, children = draw_related(trained, n, seed)
    data = trained.recipe.data
    assert data.path is not None
    assert data.child is not None
    return write_frames([parents], folder / data.path.name), write_frames([children], folder / data.child.name)


def _parts(trained: Trained, n: int, seed: int) -> Iterator[Pair]:
    desk = _Desk(trained)
    desk.codec.check_room(n)
    num_children = 0
    for first in range(0, n, PART):
        parents, children = desk.part(first, min(PART, n - first), num_children, seed)
        num_children += len(children)
        yield parents, children


class _Desk:
    """Everything that making parents and children needs."""

    def __init__(self, trained: Trained) -> None:
        relation = relation_of(trained)
        if relation is None:
            raise ConfigError(f"{trained.run.path} learned from one table: train with data.child for two.")
        if not isinstance(trained.sampler, RecordSampler):
            raise ConfigError(
                f"The model {trained.recipe.model['name']} cannot be told whose child it makes. Use tabular_ar."
            )
        self.relation, self.sampler = relation, trained.sampler
        self.codec = cast(RecordCodec, trained.codec)
        self.parent_names, self.child_names = relation.names(self.codec.columns)
        widths = [len(column.levels) + column.free for column in trained.spec.x.columns]
        stops = np.cumsum(widths).tolist()
        named = [column.name for column in trained.spec.x.columns]
        self.spans = {name: slice(stop - width, stop) for name, stop, width in zip(named, stops, widths, strict=True)}
        self.count_given = self._present(trained, relation.count)
        beside = {relation.place, relation.count, relation.total}
        beside |= {*map(relation.before, self.child_names), *map(relation.own, self.child_names)}
        needed = self.codec.rulebook.needed([name for name in self.codec.columns if name not in beside])
        self.of_parents = [self.spans[name] for name in named if name in needed]

    def part(self, first: int, count: int, num_children: int, seed: int) -> Pair:
        """Parents `first` to `first + count - 1`, and their children, of which there were so many before."""
        import pandas as pd

        relation, codec = self.relation, self.codec
        alone = self._unknown(count)
        self._tell(alone, {relation.place: _words("0", count), relation.total: _words("", count)})
        codes = self._drawn(noise_of(self.sampler, first, count, seed), alone, self.count_given)
        parents = codec.decode_frame(codes, first, [*self.parent_names, relation.count])
        counts = parents.pop(relation.count).to_numpy(np.int64)
        made, owners = [], []
        before = {relation.before(name): _words("", count) for name in self.child_names}
        rows = np.arange(count)
        for place in range(1, int(counts.max(initial=0)) + 1):
            kept = counts[rows] >= place
            rows, before = rows[kept], {name: one[kept].reset_index(drop=True) for name, one in before.items()}
            known = self._unknown(len(rows))
            for span in self.of_parents:
                known[:, span] = torch.from_numpy(codes[rows, span])
            told = {relation.place: _words(str(place), len(rows)), relation.count: _words("", len(rows))}
            self._tell(known, {**told, relation.total: pd.Series(counts[rows]).astype(str), **before})
            noise = noise_of(self.sampler, first, count, derive(seed, "child", place))[torch.from_numpy(rows)]
            found = codec.decode_frame(self._drawn(noise, known), only=[*map(relation.own, self.child_names)])
            found.columns = self.child_names
            before = {relation.before(name): found[name] for name in self.child_names}
            made.append(found)
            owners.append(rows)
        if not made:
            return parents, pd.DataFrame(columns=[relation.key, *self.child_names])
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")  # the children of a parent stand together, in order
        children = pd.concat(made, ignore_index=True).iloc[order].reset_index(drop=True)
        children.insert(0, relation.key, parents[relation.key].to_numpy()[owner[order]])
        return parents, self._renumbered(children, num_children)

    def _renumbered(self, children: DataFrame, first: int) -> DataFrame:
        """Children with names of their own by their place in the whole file."""
        for name in self.child_names:
            if self.codec.kinds_of[self.relation.own(name)] == "identifier":
                codes = np.zeros((len(children), self.sampler.width), np.int64)
                children[name] = self.codec.decode_frame(codes, first, [self.relation.own(name)]).iloc[:, 0]
        return children

    def _unknown(self, count: int) -> torch.Tensor:
        return torch.full((count, self.sampler.width), UNKNOWN)

    def _tell(self, known: torch.Tensor, values: Mapping[str, Series]) -> None:
        for name, codes in self.codec.encode_learned(values).items():
            known[:, self.spans[name]] = torch.from_numpy(codes)

    def _drawn(
        self, noise: torch.Tensor, known: torch.Tensor, allowed: Mapping[int, torch.Tensor] | None = None
    ) -> Codes:
        with torch.inference_mode():
            return self.sampler.draw(noise, known, allowed)[0].numpy()

    @staticmethod
    def _present(trained: Trained, name: str) -> dict[int, torch.Tensor]:
        """The codes of a column's first position that say that there is a value."""
        at = 0
        for column in trained.spec.x.columns:
            if column.name == name and column.levels and column.missing is not None:
                return {at: torch.arange(column.levels[0]) != column.missing}
            at += len(column.levels)
        return {}


def _words(word: str, count: int) -> Series:
    import pandas as pd

    return pd.Series([word] * count, dtype="str")
