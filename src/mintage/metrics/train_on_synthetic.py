"""Train on synthetic, test on real: whether made records teach what the real ones do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import torch

from mintage.baselines.drawn import baseline_records
from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.records import Records
from mintage.seeding import derive
from mintage.statistics.boosted_trees import chances, foretold
from mintage.statistics.intervals import normal
from mintage.statistics.ranks import area_under_curve
from mintage.statistics.record_space import Codes, Floats, RecordSpace

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["TrainOnSynthetic"]

_FEWEST = 100
_MOST_CLASSES = 10  # the most frequent ones; trees take time for each
_REPLICATES = 200
_MEASURES = {
    "area": "tells two records of different classes apart in",
    "areas": "tells two records of different classes apart in",
    "r2": "explains of the spread of the target",
}


class TrainOnSynthetic(Settings):
    """What trees that learned made records foretell of real ones that nobody learned from (Esteban et al., 2017).

    Of a target of two classes the area under the curve, of more the mean of each class against the rest, of numbers and
    dates R². The floor learned as many real records; `all real records` stands beside the baselines. `utility_gap` is
    how much better the floor is, on the same records: its interval is the one that tells whether made records cost
    anything. Intervals are by the bootstrap over the records that are foretold, for the trees that were grown.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    def lacks(self, evidence: Evidence) -> str:
        """Records with a target that others can foretell."""
        records = evidence.records
        if records is None:
            return "it reads records"
        if not records.target:
            return "no column is the target: name it with data.target"
        if records.kinds[records.target] == "identifier":
            return f"the target {records.target} is an identifier, which nothing foretells"
        if len([kind for kind in records.kinds.values() if kind != "identifier"]) < 2:
            return "no column is there to foretell the target by"
        parts = {"made": records.made, "held-out": records.real, "training": records.train}
        for name, frame in parts.items():
            if (there := int(frame[records.target].notna().sum())) < _FEWEST:
                return f"{there} {name} records have a target, {_FEWEST} are needed"
        return f"all have the same {records.target}" if records.real[records.target].nunique() < 2 else ""

    def measure(self, evidence: Evidence) -> Findings:
        """Scores train_on_synthetic and utility_gap."""
        records = evidence.records
        assert records is not None
        baselines = baseline_records(evidence)
        rng = np.random.default_rng(derive(evidence.seed, "train on synthetic"))
        as_many = records.train.iloc[rng.permutation(len(records.train))[: len(records.made)]]
        teachers = {"made": records.made, "real": as_many, "all real records": records.train, **baselines}
        task = _Task.of(records, [records.real, *teachers.values()])
        answers = {name: task.answers(frame, evidence.seed) for name, frame in teachers.items()}
        values = {name: task.value(each) for name, each in answers.items()}
        draws = [rng.integers(len(task.truth), size=len(task.truth)) for _ in range(_REPLICATES)]
        again = {name: np.array([task.value(answers[name][rows], rows) for rows in draws]) for name in ("made", "real")}
        counts = {"made": len(records.made), "real": len(as_many), "tested on": len(task.truth)}
        others = {name: value for name, value in values.items() if name not in ("made", "real")}
        return Findings([_of_made(task, values, again["made"], others, counts), _gap(values, again, counts)])


@dataclass(frozen=True, eq=False)
class _Task:
    """A column to foretell by the others, and real records to foretell it of."""

    target: str
    measure: Literal["area", "areas", "r2"]
    space: RecordSpace
    others: RecordSpace
    test: DataFrame
    truth: Floats | Codes  # (N,): numbers, or classes 0 ..

    @classmethod
    def of(cls, records: Records, frames: list[DataFrame]) -> _Task:
        target, kinds = records.target, records.kinds
        space = RecordSpace.of(frames, {target: kinds[target]})
        others = RecordSpace.of(frames, {name: kind for name, kind in kinds.items() if name != target})
        test = records.real[records.real[target].notna()]
        measure: Literal["area", "areas", "r2"] = "r2"
        if space.levels:
            measure = "area" if test[target].nunique() == 2 else "areas"
        return cls(target, measure, space, others, test, _truth(space, test))

    def answers(self, teacher: DataFrame, seed: int) -> Floats:
        """Of each test record: a number, or the chance of each class. Shape: (N,) or (N, classes)."""
        teacher = teacher[teacher[self.target].notna()]
        learn, test = self.others.features(teacher), self.others.features(self.test)
        truth, is_category = _truth(self.space, teacher), self.others.is_category
        if self.measure == "r2":
            return foretold(learn, truth.astype(np.float64), test, is_category, seed=seed)
        return chances(learn, truth.astype(np.int64), test, is_category, classes=_MOST_CLASSES + 1, seed=seed)

    def value(self, answers: Floats, rows: Codes | slice = slice(None)) -> float:
        """How good answers are for these test records."""
        truth = self.truth[rows]
        if self.measure == "r2":
            return 1 - float(((truth - answers) ** 2).sum()) / float(((truth - truth.mean()) ** 2).sum())
        areas = []
        for place in [1] if self.measure == "area" else np.unique(truth):
            of, rest = (torch.from_numpy(answers[which, place]) for which in (truth == place, truth != place))
            areas.append(area_under_curve(of, rest).value)
        return sum(areas) / len(areas)


def _truth(space: RecordSpace, frame: DataFrame) -> Floats | Codes:
    if not space.levels:
        return space.values(frame)[:, 0]
    return np.minimum(space.codes(frame)[:, 0] - 1, _MOST_CLASSES)


def _of_made(
    task: _Task, values: Mapping[str, float], again: Floats, others: Mapping[str, float], counts: Mapping[str, int]
) -> Score:
    low, high = normal(values["made"], float(again.var(ddof=1)))
    remarks = []
    if task.space.levels and len(task.space.levels[task.target]) > _MOST_CLASSES + 1:
        remarks.append(f"All but the {_MOST_CLASSES} most frequent of {task.target} count as one class.")
    said = _MEASURES[task.measure]
    return Score(
        name="train_on_synthetic", value=values["made"], low=low, high=high, floor=values["real"], baselines=others,
        counts=counts, remarks=remarks,
        words=f"What made records teach about {task.target} {said} {values['made']:.1%} ({low:.1%} to {high:.1%}); as "
        f"many real records reach {values['real']:.1%}, all {values['all real records']:.1%}.",
    )  # fmt: skip


def _gap(values: Mapping[str, float], again: Mapping[str, Floats], counts: Mapping[str, int]) -> Score:
    value = values["real"] - values["made"]
    low, high = normal(value, float((again["real"] - again["made"]).var(ddof=1)))
    sure = "teach less than" if low > 0 else "teach more than" if high < 0 else "may teach as much as"
    return Score(
        name="utility_gap", value=value, low=low, high=high, ideal=0.0, counts=counts,
        words=f"Made records {sure} as many real ones: they are {100 * value:.1f} points behind ({100 * low:.1f} to "
        f"{100 * high:.1f}).",
    )  # fmt: skip
