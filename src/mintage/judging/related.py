"""How like two made tables are to the two real ones where they meet: children of a parent, and who goes with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mintage.contracts import Score
from mintage.data.table_packing import RecordCodec
from mintage.errors import ConfigError
from mintage.relating import draw_related, relation_of
from mintage.seeding import derive
from mintage.sources.related import Related
from mintage.statistics.associations import association, equal_widths, share_similarity, step_similarity
from mintage.statistics.intervals import jackknife
from mintage.statistics.record_space import RecordSpace
from mintage.tabular.relation import Joined, Relation
from mintage.trained import Trained

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["RelatedLikeness", "likeness_of_related", "related_scores"]

Pair = tuple["DataFrame", "DataFrame"]

_GROUPS = 8  # of parents, left out one at a time for the intervals
_FEWEST = 40  # parents


@dataclass(frozen=True)
class RelatedLikeness:
    """Similarities of two pairs of tables: 1 is alike in each figure, as in `metrics.table_quality`."""

    counts: float  # how many children parents have
    columns: Mapping[str, float]  # each column of the children
    pairs: Mapping[str, float]  # how a column of the parents goes with one of their children

    def figures(self) -> Mapping[str, float]:
        """The figures that can be told, by the names of their scores."""
        means = {"child_columns": self.columns, "child_pairs": self.pairs}
        return {"child_counts": self.counts} | {name: fmean(each.values()) for name, each in means.items() if each}


def likeness_of_related(relation: Relation, real: Pair, made: Pair, kinds: Mapping[str, Any]) -> RelatedLikeness:
    """How like made parents and children are to real ones; `kinds` are those of the joint table.

    A pair of columns is as like as its Cramér's V is in both, numbers being cut into ten.
    """
    sides = [_beside(relation, *pair) for pair in (real, made)]
    parent_names, child_names = relation.names(list(kinds))
    own = [relation.own(name) for name in child_names]
    space = RecordSpace.of(sides, {name: kinds[name] for name in (*parent_names, *own) if name != relation.key})
    values, codes = [space.values(both) for both in sides], [space.codes(both) for both in sides]
    alike, cut = {}, {}
    for place, name in enumerate(space.numbers):
        alike[name] = step_similarity(values[0][:, place], values[1][:, place])
        cut[name] = [equal_widths(side[:, place]) for side in values]
    for place, name in enumerate(space.levels):
        alike[name] = share_similarity(codes[0][:, place], codes[1][:, place])
        cut[name] = [side[:, place] for side in codes]
    pairs = {}
    for parent, child in product(parent_names, own):
        if parent in cut and child in cut:
            first, second = (association(cut[parent][side], cut[child][side]) for side in range(2))
            pairs[f"{parent} & {child}"] = 1 - abs(first - second)
    return RelatedLikeness(
        counts=share_similarity(*(_counts(relation, *pair) for pair in (real, made))),
        columns={name: alike[name] for name in own if name in alike},
        pairs={name: value for name, value in pairs.items() if not np.isnan(value)},
    )


def related_scores(trained: Trained, most: int = 10_000, seed: int = 0) -> list[Score]:
    """Scores child_counts, child_columns and child_pairs of a run that learned two tables, beside the real ones.

    At most so many parents of each side are looked at. The floor is one half of the real parents beside the other.

    Raises:
        ConfigError: the run learned from one table, or from too few parents.
        DataError: the tables that it learned from are gone.
    """
    relation, data, codec = relation_of(trained), trained.recipe.data, cast(RecordCodec, trained.codec)
    if relation is None or data.path is None:
        raise ConfigError(f"{trained.run.path} learned from one table, so it has no children to be judged.")
    source = Related(data.path, child=data.child, key=data.key, encoding=data.encoding)
    rng = np.random.default_rng(derive(seed, "parents"))
    real = _typed(codec, relation, source.joined)
    if (count := len(real[0])) < _FEWEST:
        raise ConfigError(f"{trained.run.path} learned from {count} parents, and {_FEWEST} are needed to judge.")
    real = _some(relation, real, rng.permutation(count) < most)
    count = len(real[0])
    half = rng.permutation(count) % 2 == 0
    one, other = _some(relation, real, half), _some(relation, real, ~half)
    made = draw_related(trained, count, seed)
    found = likeness_of_related(relation, real, made, codec.kinds_of).figures()
    floor = likeness_of_related(relation, one, other, codec.kinds_of).figures()
    groups, deleted = rng.permutation(count) % _GROUPS, []
    for out in range(_GROUPS):
        left = [_some(relation, pair, groups != out) for pair in (real, made)]
        deleted.append(likeness_of_related(relation, left[0], left[1], codec.kinds_of).figures())
    counts = {"made parents": len(made[0]), "real parents": count, "made": len(made[1]), "real": len(real[1])}
    return [_score(name, found[name], [each[name] for each in deleted], floor[name], counts) for name in found]


_WORDS = {
    "child_counts": "How many children parents have is {value:.1%} like the real tables (two real halves: "
    "{floor:.1%}).",
    "child_columns": "The columns of the children are spread {value:.1%} like the real ones on average (two real "
    "halves: {floor:.1%}).",
    "child_pairs": "How columns of the parents go with those of their children is {value:.1%} like the real tables on "
    "average (two real halves: {floor:.1%}).",
}


def _score(name: str, value: float, deleted: list[float], floor: float, counts: Mapping[str, int]) -> Score:
    low, high = jackknife(value, deleted)
    return Score(
        name=name,
        value=value,
        low=max(0.0, low),
        high=min(1.0, high),
        floor=floor,
        ideal=1.0,
        counts=counts,
        words=_WORDS[name].format(value=value, floor=floor),
        remarks=["The real tables are those that it learned from, whole: the floor is one half of them and the other."],
    )


def _typed(codec: RecordCodec, relation: Relation, joined: Joined) -> Pair:
    """Real parents and children as the codec reads them; keys are the numbers of parents."""
    parent_names, child_names = relation.names(codec.columns)
    frame = codec.decode_frame(codec.encode_frame(joined.frame))
    frame[relation.key] = joined.parents
    alone = joined.frame[relation.place].to_numpy() == "0"
    children = frame.loc[~alone, [relation.key, *map(relation.own, child_names)]]
    children.columns = [relation.key, *child_names]
    return frame.loc[alone, parent_names].reset_index(drop=True), children.reset_index(drop=True)


def _some(relation: Relation, pair: Pair, which: NDArray[np.bool_]) -> Pair:
    parents = pair[0][which]
    return parents, pair[1][pair[1][relation.key].isin(parents[relation.key])]


def _beside(relation: Relation, parents: DataFrame, children: DataFrame) -> DataFrame:
    """Children, called as in the joint table, each beside its parent."""
    named = children.rename(columns={name: relation.own(name) for name in children if name != relation.key})
    return named.merge(parents, on=relation.key, how="left").drop(columns=relation.key)


def _counts(relation: Relation, parents: DataFrame, children: DataFrame) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = (
        children[relation.key].value_counts().reindex(parents[relation.key], fill_value=0).to_numpy(np.int64)
    )
    return counts
