"""A toy table with known answers: income follows from age and trade, the number of rooms from income."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from mintage.contracts import Evidence, Examples
from mintage.judging.codes import Codes
from mintage.records import Kind, Records

pd = pytest.importorskip("pandas")

KINDS: Mapping[str, Kind] = {
    "age": "integer", "income": "number", "rooms": "integer", "trade": "category", "born": "date", "rich": "boolean",
    "key": "identifier",
}  # fmt: skip


def people(count: int, seed: int) -> pd.DataFrame:
    """So many people; some have not told their trade or their age."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 70, count)
    trade = rng.choice(["baker", "smith", "clerk", "priest"], count, p=[0.5, 0.25, 0.15, 0.1])
    pay = pd.Series(trade).map({"baker": 0.0, "smith": 15.0, "clerk": 30.0, "priest": -10.0}).to_numpy()
    income = age + pay + 6 * rng.standard_normal(count)
    frame = pd.DataFrame(
        {
            "age": age,
            "income": income,
            "rooms": np.clip(income / 12 + rng.standard_normal(count), 1, None).astype(int),
            "trade": trade,
            "born": pd.Timestamp("2020-01-01") - pd.to_timedelta(age * 365 + rng.integers(0, 365, count), unit="D"),
            "rich": income + 6 * rng.standard_normal(count) > 55,
            "key": [f"{seed}-{place}" for place in range(count)],
        }
    )
    frame["trade"] = frame["trade"].astype(object).mask(rng.random(count) < 0.1, None)
    frame["age"] = frame["age"].astype("float64").mask(rng.random(count) < 0.05)
    return frame


def apart(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The same columns, each in an order of its own."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: frame[name].to_numpy()[rng.permutation(len(frame))] for name in frame})


def judged(made: pd.DataFrame, count: int = 600, **other: Any) -> Evidence:
    """Made people beside real ones in their parts."""
    real, train = people(count, seed=2), people(2 * count, seed=3)
    parts = {"made": made, "real": real, "control": train[:count], "train": train, "kinds": KINDS, "target": "rich"}
    records = Records(**{**parts, **other})
    return Evidence(
        fake=_examples(records.made), real=_examples(records.real), control=_examples(records.control),
        train=_examples(records.train), embedder=Codes(1), records=records,
    )  # fmt: skip


def _examples(frame: pd.DataFrame) -> Examples:
    return Examples(torch.arange(len(frame))[:, None])
