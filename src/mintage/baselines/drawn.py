"""The records that simple ways make of the same training records, as many as are judged: drawn once a judgement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mintage.baselines.gaussian_copula import GaussianCopula
from mintage.baselines.independent_columns import IndependentColumns
from mintage.baselines.noisy_bootstrap import NoisyBootstrap
from mintage.contracts import Evidence
from mintage.seeding import derive

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["baseline_records"]

_WAYS: Mapping[str, type[IndependentColumns | GaussianCopula | NoisyBootstrap]] = {
    "independent columns": IndependentColumns,
    "Gaussian copula": GaussianCopula,
    "noisy bootstrap": NoisyBootstrap,
}


def baseline_records(evidence: Evidence) -> Mapping[str, DataFrame]:
    """What each way makes of the training records of a judgement of records."""
    return evidence.once("baseline_records", lambda: _drawn(evidence))


def _drawn(evidence: Evidence) -> dict[str, DataFrame]:
    records = evidence.records
    assert records is not None
    drawn = {}
    for name, way in _WAYS.items():
        rng = np.random.default_rng(derive(evidence.seed, "baseline", name))
        drawn[name] = way.fit(records.train, records.kinds).draw(len(records.made), rng)
    return drawn
