"""Gradient-boosted trees as a judge's ready opinion of records: quick, with no settings to tune, and hard to beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mintage.statistics.record_space import Floats

__all__ = ["chances", "foretold"]


def chances(
    learn: Floats, labels: NDArray[np.int64], test: Floats, is_category: Sequence[bool], *, classes: int, seed: int
) -> Floats:
    """How likely each class is, to trees that learned others (Ke et al., 2017; scikit-learn's, which knows categories).

    A class that was never shown has no chance.

    Shape: (N, F), (N,) below `classes`, (M, F) -> (M, classes).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    known, found = np.unique(labels), np.zeros((len(test), classes))
    if len(known) == 1:
        found[:, known[0]] = 1.0
        return found
    model = HistGradientBoostingClassifier(**_habits(is_category, seed)).fit(learn, labels)
    found[:, known] = model.predict_proba(test)
    return found


def foretold(learn: Floats, numbers: Floats, test: Floats, is_category: Sequence[bool], *, seed: int) -> Floats:
    """A number of each record, by trees that learned it of others. Shape: (N, F), (N,), (M, F) -> (M,)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(**_habits(is_category, seed)).fit(learn, numbers)
    return model.predict(test)  # type: ignore[no-any-return]


def _habits(is_category: Sequence[bool], seed: int) -> dict[str, Any]:
    return {"categorical_features": list(is_category), "early_stopping": False, "random_state": seed % (1 << 32)}
