"""A small table whose columns hang together, and a run that learned it in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import mintage
from mintage.api import Run

TINY = ("model.name=tabular_ar", "model.width=32", "model.hidden=32", "training.frames=2", "training.precision=float32")


def people(n: int = 3_000, seed: int = 0) -> Any:
    """The town says in which tens the age lies, both say the pay; one pay in five is missing, more often in Pisa."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    town = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    age = 20 + 20 * town + 5 * rng.integers(0, 4, n)
    rich = rng.random(n) < np.where(age >= 50, 0.8, 0.2)
    pay = np.where(rich, 3.0, 1.0) * rng.lognormal(0, 0.2, n)
    pay[rng.random(n) < np.where(town == 2, 0.6, 0.1)] = np.nan
    return pd.DataFrame(
        {
            "town": np.array(["Rome", "Bari", "Pisa"])[town],
            "age": age,
            "rich": np.where(rich, "yes", "no"),
            "pay": pay.round(3),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(10 * age, unit="D"),
            "id": np.arange(n) + 1,
        }
    )


def learned(folder: Path, *overrides: str, steps: int = 250, n: int = 10_000) -> Run:
    """A run of tabular AR on these people."""
    path = folder / "people.csv"
    people(n).to_csv(path, index=False)
    words = [*TINY, f"training.steps={steps}", "training.batch=256", *overrides]
    return mintage.train(path, overrides=words, out=folder / "runs")
