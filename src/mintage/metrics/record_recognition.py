"""Record recognition: how well someone who studied both tells a made record from a real one."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from pydantic import Field

from mintage.baselines.drawn import baseline_records
from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.seeding import derive
from mintage.statistics.boosted_trees import chances
from mintage.statistics.gaussians import Estimate
from mintage.statistics.intervals import normal
from mintage.statistics.ranks import area_under_curve
from mintage.statistics.record_space import Floats, RecordSpace, lack_of_records

__all__ = ["RecordRecognition"]

_FEWEST = 100  # of each kind


class RecordRecognition(Settings):
    """Area under the curve of boosted trees asked "real or made?" (Lopez-Paz and Oquab, 2017): 0.5 cannot be told.

    The strictest of the scores of a table: it sees any columns together, and made records that no person could tell are
    often told. Equally many of both are cut into folds; each is judged by trees that learned the others, and the areas
    are averaged. The interval (DeLong et al., 1988) is for the trees that were grown. The floor is the same judge
    between control and reference. Below 0.5 the reference itself was copied.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    folds: int = Field(5, ge=2)
    """Parts that are judged in turn, by a judge that learned the others."""

    def lacks(self, evidence: Evidence) -> str:
        """Records, some of each kind, with a column that is no identifier."""
        return lack_of_records(evidence, _FEWEST, "made", "real")

    def measure(self, evidence: Evidence) -> Findings:
        """The score record_recognition."""
        records = evidence.records
        assert records is not None
        baselines = baseline_records(evidence)
        frames = {"made": records.made, "control": records.control, **baselines}
        space = RecordSpace.of([records.real, *frames.values()], records.kinds)
        real = space.features(records.real)
        areas = {
            name: self._area(space.features(frame), real, space.is_category, evidence.seed)
            for name, frame in frames.items()
            if len(frame) >= _FEWEST
        }
        value, variance = areas["made"]
        low, high = normal(value, variance)
        floor = areas["control"].value if "control" in areas else None
        beside = "" if floor is None else f", other real records from these in {floor:.0%}"
        count = min(len(records.made), len(records.real))
        score = Score(
            name="record_recognition", value=value, low=max(low, 0.0), high=min(high, 1.0), floor=floor, ideal=0.5,
            baselines={name: areas[name].value for name in baselines}, counts={"made": count, "real": count},
            words=f"Of a made and a real record, a judge picks the made one in {value:.0%} of cases "
            f"({max(low, 0.0):.0%} to {min(high, 1.0):.0%}){beside}; 50% would be indistinguishable.",
            remarks=[] if floor is not None else [f"no floor: {len(records.control)} control records are too few"],
        )  # fmt: skip
        return Findings([score])

    def _area(self, made: Floats, real: Floats, is_category: list[bool], seed: int) -> Estimate:
        count = min(len(made), len(real))
        rng = np.random.default_rng(derive(seed, "record recognition"))
        made, real = (side[rng.permutation(len(side))[:count]] for side in (made, real))
        fold = np.arange(count) % self.folds
        found = []
        for part in range(self.folds):
            learn = np.concatenate([side[fold != part] for side in (real, made)])
            test = [side[fold == part] for side in (real, made)]
            labels = np.repeat([0, 1], len(learn) // 2)
            answers = chances(learn, labels, np.concatenate(test), is_category, classes=2, seed=seed)[:, 1]
            of_real, of_made = torch.from_numpy(answers).chunk(2)
            found.append(area_under_curve(of_made, of_real))
        return Estimate(
            sum(each.value for each in found) / self.folds, sum(each.variance for each in found) / self.folds**2
        )
