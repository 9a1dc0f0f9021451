"""Tables of people with known answers: fresh draws of one distribution, copies, and copies of a part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from mintage.contracts import Evidence, Examples
from mintage.records import Kind, Records

KINDS: dict[str, Kind] = {
    "id": "identifier",
    "age": "integer",
    "income": "number",
    "town": "category",
    "work": "category",
    "married": "boolean",
    "since": "date",
}


def people(count: int, seed: int) -> pd.DataFrame:
    """Age says something of income, work and marriage; some values are missing."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, count)
    income = np.exp(rng.normal(9 + age / 60, 0.6)).round(2)
    return pd.DataFrame(
        {
            "id": [f"{seed}-{row}" for row in range(count)],
            "age": age,
            "income": np.where(rng.random(count) < 0.05, np.nan, income),
            "town": rng.choice(["Ulm", "Bonn", "Jena", None], count, p=[0.5, 0.3, 0.15, 0.05]),
            "work": np.where(age > 65, "retired", rng.choice(["office", "field", "school"], count)),
            "married": rng.random(count) < age / 90,
            "since": pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 7000, count), unit="D"),
        }
    )


def evidence(made: pd.DataFrame, train: pd.DataFrame, real: pd.DataFrame, *, known: bool = True) -> Evidence:
    """Audits read tables alone."""
    none = Examples(torch.zeros(0, 1, dtype=torch.int64))
    return Evidence(
        fake=none,
        real=none,
        control=none,
        train=none,
        embedder=None,  # type: ignore[arg-type]
        train_is_known=known,
        records=Records(made=made, real=real, control=train[: len(real)], train=train, kinds=KINDS, target="married"),
    )
