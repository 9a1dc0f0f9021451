"""The codec of series goes both ways and keeps what it found."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mintage.codecs.series import Series
from mintage.errors import ConfigError, DataError


def lines(n: int = 3, length: int = 400) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(n):
        walk = rng.standard_normal((length, 3))
        price = np.exp(0.05 * walk[:, 0].cumsum() + 4)
        found.append(np.stack([price.round(2), (walk[:, 1].cumsum() * 10).round(), 0.5 * walk[:, 2] + 3], 1))
    return found


def fitted() -> Series:
    return Series().named(("price", "walk", "noise")).fit(lines())


def test_changes_are_found_and_kept_where_they_are_told() -> None:
    assert fitted().kinds == ("log", "difference", "level")
    told = Series(changes={"price": "difference"}).named(("price", "walk", "noise")).fit(lines())
    assert told.kinds == ("difference", "difference", "level")


def test_increments_have_a_spread_of_one_and_growth_starts_at_zero() -> None:
    x = fitted().encode(lines()[0])
    assert x.dtype == torch.float32
    assert x.shape == (400, 3)
    assert x[1:].std(0).tolist() == pytest.approx([1, 1, 1], abs=0.15)
    assert x[1:, 2].mean() == pytest.approx(0, abs=0.15)
    assert x[0, 0] == 0
    assert x[0, 1] != 0


def test_levels_come_back() -> None:
    codec, line = fitted(), lines()[0]
    x = codec.encode(line)
    np.testing.assert_allclose(codec.levels(line[0], x[None, 1:])[0], line[1:], rtol=1e-4, atol=1e-3)
    again = codec.decode(x)
    np.testing.assert_allclose(again[1:, 1:], line[1:, 1:], atol=2e-3)  # of growth only the shares are kept
    np.testing.assert_allclose(again[1:, 0] / again[0, 0], line[1:, 0] / line[0, 0], rtol=0.01)
    assert np.array_equal(again[:, 1], again[:, 1].round())


def test_a_variable_of_zeros_and_rare_steps_has_a_spread() -> None:
    rare = np.zeros((400, 1))
    rare[::50] = 5
    assert np.isfinite(Series().fit([rare]).encode(rare)).all()


def test_the_state_is_json_and_brings_the_codec_back() -> None:
    codec = fitted()
    assert Series.from_state(json.loads(json.dumps(codec.state()))) == codec
    assert set(Series.fitted) < set(codec.state())


def test_samples_are_written_as_a_table(tmp_path: Path) -> None:
    codec = fitted()
    path = codec.write([codec.decode(codec.encode(line[:5])) for line in lines()], tmp_path / "made.csv")
    rows = list(csv.reader(path.open()))
    assert rows[0] == ["sample", "step", "price", "walk", "noise"]
    assert len(rows) == 1 + 3 * 5


def test_what_cannot_be_learned_is_an_error_that_helps() -> None:
    with pytest.raises(DataError, match="'x0' never changes"):
        Series().fit([np.ones((9, 1))])
    with pytest.raises(DataError, match="names 'y'"):
        Series(changes={"y": "log"}).fit(lines())
    with pytest.raises(ConfigError, match="changes"):
        Series.read({"changes": {"y": "root"}}, "codec")
    with pytest.raises(DataError, match="two rows"):
        Series().fit([])
