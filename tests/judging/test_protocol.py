"""Protocols: what they are made of, and that scores of different ones refuse to be compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mintage.errors import ConfigError
from mintage.judging.protocol import Protocol, check_same

ONE = Protocol(
    embedding="domain-12345678", reference="ab", split="held-out", prepared="28x28x1 crop lanczos", seed=0,
    version="0.1.0", counts={"fake": 100, "real": 100},
)  # fmt: skip
OTHERS = {
    "embedding": "inception-6726825d-clean", "reference": "cd", "split": "half", "prepared": "32x32x1 crop lanczos",
    "seed": 1, "version": "0.2.0", "counts": {"fake": 99, "real": 100},
}  # fmt: skip


@pytest.mark.parametrize("key", OTHERS)
def test_whatever_differs_is_named_and_changes_the_id(key: str) -> None:
    other = replace(ONE, **{key: OTHERS[key]})
    assert other.id != ONE.id
    with pytest.raises(ConfigError, match=f"their {key} differs.*mintage compare"):
        check_same([ONE, other], ["a", "b"])


def test_the_same_protocol_compares() -> None:
    check_same([ONE, Protocol(**ONE.as_dict())], ["a", "b"])
