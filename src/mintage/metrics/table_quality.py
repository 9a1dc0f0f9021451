"""Table quality: whether columns have the shape of the real ones, and pairs of them go together as the real ones do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from mintage.baselines.drawn import baseline_records
from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.associations import (
    association,
    correlation,
    correlation_similarity,
    equal_widths,
    joint,
    share_similarity,
    step_similarity,
)
from mintage.statistics.intervals import jackknife
from mintage.statistics.record_space import Codes, Floats, RecordSpace, lack_of_records

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["TableQuality"]

_FEWEST = 40
_GROUPS = 20  # of records, left out one at a time
_WORST = 3  # columns and pairs that are named

Name = tuple[str, ...]  # of a column, or of a pair of them


class TableQuality(Settings):
    """SDMetrics' quality report, each of its numbers with an interval and a floor (DataCebo, 2022).

    `column_shapes`: 1 - the Kolmogorov-Smirnov statistic of numbers and dates, 1 - the total variation distance of
    categories, averaged over columns; missing values are left out: `missing_rates` tells of them. `pair_trends`: how
    near the correlations of two numbers are, 1 - the total variation distance of two categories, numbers beside
    categories cut into ten of equal width by each table's own ends; a missing category is a category. Averaged over the
    pairs that belong together in the reference, as the report has done since 2026. `quality` is the mean of both;
    `quality_all_pairs` that of before, over all pairs, which is easily high where columns have little to do with each
    other. Identifiers are left out.

    Intervals are by the jackknife over groups of records of both sides, with cuts and pairs as they are.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    correlation: float = Field(0.5, ge=0, lt=1)
    """Two numbers belong together whose correlation is farther from zero than this."""
    association: float = Field(0.3, ge=0, lt=1)
    """Two columns of which one is a category belong together if their Cramér's V is above this."""

    def lacks(self, evidence: Evidence) -> str:
        """Records, some of each kind, with a column that is no identifier."""
        return lack_of_records(evidence, _FEWEST, "made", "real")

    def measure(self, evidence: Evidence) -> Findings:
        """Scores column_shapes, pair_trends, quality, quality_all_pairs, and, where anything is, missing_rates."""
        records = evidence.records
        assert records is not None
        baselines = baseline_records(evidence)
        frames = {"made": records.made, "control": records.control, **baselines}
        space = RecordSpace.of([records.real, *frames.values()], records.kinds)
        real = _Table.of(space, records.real)
        tables = {name: _Table.of(space, frame) for name, frame in frames.items()}
        strong = self._strong(real)
        found = {name: _Likeness.of(table, real, strong) for name, table in tables.items()}
        floor = found["control"] if len(records.control) >= _FEWEST else None
        rng = np.random.default_rng(evidence.seed)
        groups = [rng.permutation(len(table)) % _GROUPS for table in (tables["made"], real)]
        deleted = []
        for group in range(_GROUPS):
            fewer, rest = (table.rows(of != group) for table, of in zip((tables["made"], real), groups, strict=True))
            deleted.append(_Likeness.of(fewer, rest, strong).scores)
        counts = {"made": len(records.made), "real": len(records.real)}
        scores = []
        for name, value in found["made"].scores.items():
            low, high = jackknife(value, [each[name] for each in deleted])
            scores.append(
                Score(
                    name=name, value=value, low=max(low, 0.0), high=min(high, 1.0),
                    floor=None if floor is None else floor.scores.get(name), ideal=1.0,
                    baselines={of: found[of].scores[name] for of in baselines},
                    counts=counts, words=found["made"].words(name, floor), remarks=_remarks(name, strong),
                )
            )  # fmt: skip
        return Findings(scores)

    def _strong(self, real: _Table) -> set[Name]:
        """The pairs of columns that belong together."""
        strong = set()
        for pair, kind in real.pairs():
            if kind == "numbers":
                is_strong = abs(correlation(*(real.numbers[name] for name in pair))) > self.correlation
            else:
                is_strong = association(*(real.cut(name) for name in pair)) > self.association
            strong |= {pair} if is_strong else set()
        return strong


@dataclass(frozen=True, eq=False)
class _Table:
    """Columns as numbers or codes; numbers also cut into codes."""

    numbers: Mapping[str, Floats]  # (N,) each
    categories: Mapping[str, Codes]  # (N,) each
    cuts: Mapping[str, Codes]  # (N,) of each column of numbers

    @classmethod
    def of(cls, space: RecordSpace, frame: DataFrame) -> _Table:
        numbers = dict(zip(space.numbers, space.values(frame).T, strict=True))
        categories = dict(zip(space.levels, space.codes(frame).T, strict=True))
        return cls(numbers, categories, {name: equal_widths(values) for name, values in numbers.items()})

    def __len__(self) -> int:
        return len(next(iter([*self.numbers.values(), *self.categories.values()])))

    def rows(self, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> _Table:
        return _Table(
            {name: values[kept] for name, values in self.numbers.items()},
            {name: codes[kept] for name, codes in self.categories.items()},
            {name: codes[kept] for name, codes in self.cuts.items()},
        )

    def cut(self, name: str) -> Codes:
        return self.categories[name] if name in self.categories else self.cuts[name]

    def pairs(self) -> Iterator[tuple[Name, str]]:
        for pair in combinations([*self.numbers, *self.categories], 2):
            yield pair, "numbers" if set(pair) <= set(self.numbers) else "categories"


@dataclass(frozen=True, eq=False)
class _Likeness:
    """How alike two tables are, column by column and pair by pair; what cannot be compared is left out."""

    columns: Mapping[Name, float]
    pairs: Mapping[Name, float]
    missing: Mapping[Name, float]  # how near the shares of what is missing are; of columns where something is
    strong: set[Name]

    @classmethod
    def of(cls, made: _Table, real: _Table, strong: set[Name]) -> _Likeness:
        columns: dict[Name, float] = {}
        missing: dict[Name, float] = {}
        pairs: dict[Name, float] = {}
        for name, values in made.numbers.items():
            columns[(name,)] = step_similarity(values, real.numbers[name])
            missing[(name,)] = _gap(np.isnan(values), np.isnan(real.numbers[name]))
        for name, codes in made.categories.items():
            columns[(name,)] = share_similarity(*(side[side > 0] for side in (codes, real.categories[name])))
            missing[(name,)] = _gap(codes == 0, real.categories[name] == 0)
        for pair, kind in made.pairs():
            if kind == "numbers":
                both = (correlation(*(table.numbers[name] for name in pair)) for table in (made, real))
                pairs[pair] = correlation_similarity(*both)
            else:
                one, other = ((table.cut(pair[0]), table.cut(pair[1])) for table in (made, real))
                pairs[pair] = share_similarity(*joint(one, other))
        return cls(_known(columns), _known(pairs), _known(missing), strong)

    @property
    def scores(self) -> dict[str, float]:
        shapes, trends, all_trends = _mean(self.columns), _mean(self._strong_pairs), _mean(self.pairs)
        found = {
            "column_shapes": shapes,
            "pair_trends": trends,
            "quality": _mean({"shapes": shapes, "trends": trends}),
            "quality_all_pairs": _mean({"shapes": shapes, "trends": all_trends}),
            "missing_rates": _mean(self.missing),
        }
        return {name: value for name, value in found.items() if not math.isnan(value)}

    @property
    def _strong_pairs(self) -> dict[Name, float]:
        return {pair: value for pair, value in self.pairs.items() if pair in self.strong}

    def words(self, name: str, floor: _Likeness | None) -> str:
        value = self.scores[name]
        beside = (
            "" if floor is None or name not in floor.scores else f"; other real records reach {floor.scores[name]:.1%}"
        )
        meant = {
            "column_shapes": "Single columns are distributed as the real ones are",
            "pair_trends": "Columns that belong together go together as the real ones do",
            "quality": "Columns and the pairs that belong together are like the real ones",
            "quality_all_pairs": "Columns and all pairs of them are like the real ones",
            "missing_rates": "Values are missing as often as in the real records",
        }[name]
        parts = {"column_shapes": self.columns, "pair_trends": self._strong_pairs, "missing_rates": self.missing}
        return f"{meant} to {value:.1%}{beside}.{_worst(parts.get(name, {}))}"


def _remarks(name: str, strong: set[Name]) -> list[str]:
    if name in ("pair_trends", "quality"):
        return [f"{len(strong)} pairs of columns belong together." if strong else "No two columns belong together."]
    return []


def _worst(parts: Mapping[Name, float]) -> str:
    """The columns or pairs that are least alike."""
    worst = sorted(parts.items(), key=lambda part: part[1])[:_WORST]
    named = [f"{' with '.join(name)} ({value:.1%})" for name, value in worst if value < 1]
    return f" Least alike: {', '.join(named)}." if named else ""


def _gap(made: np.ndarray[tuple[int], np.dtype[np.bool_]], real: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """NaN where nothing is missing on either side."""
    shares = float(made.mean()), float(real.mean())
    return 1 - abs(shares[0] - shares[1]) if any(shares) else math.nan


def _known(values: Mapping[Name, float]) -> dict[Name, float]:
    return {name: value for name, value in values.items() if not math.isnan(value)}


def _mean(values: Mapping[Name, float] | Mapping[str, float]) -> float:
    known = [value for value in values.values() if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
