"""A key is unique in every file and never a real one, wherever its shape has room."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mintage.codecs.table import Table
from mintage.errors import ConfigError
from mintage.tabular.patterns import filled, pattern_of, size_of

pd = pytest.importorskip("pandas")


def fitted(keys: Any, key: str = "id", parts: int = 3) -> Table:
    """Fitted to the first part alone, and told of all."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": keys, "x": rng.integers(0, 5, len(keys))})
    pieces = [frame.iloc[rows] for rows in np.array_split(np.arange(len(frame)), parts)]
    codec = Table(key=key).fit([pieces[0]])
    for piece in pieces:
        codec = codec.beyond(piece)
    return Table.from_state(json.loads(json.dumps(codec.state())))


def made(codec: Table, n: int, first: int = 0) -> Any:
    codes = np.zeros((n, codec.spec.shape[0] or 0), np.int64)
    return codec.decode_frame(codes, first)["id"]


def test_whole_numbers_go_on_after_the_largest() -> None:
    keys = np.random.default_rng(1).permutation(50_000)[:3_000]
    assert made(fitted(keys), 3).tolist() == [keys.max() + 1, keys.max() + 2, keys.max() + 3]


def test_names_of_a_shape_pass_real_ones_over() -> None:
    rng = np.random.default_rng(2)
    keys = filled("AA\\-00", rng.permutation(size_of("AA\\-00"))[:30_000])
    codec = fitted(keys)
    found = pd.concat([made(codec, 5_000), made(codec, 5_000, first=5_000)])
    assert found.is_unique
    assert not found.isin(keys).any()
    assert {pattern_of(word) for word in found} == {"AA\\-00"}
    assert pd.Series(filled("AA\\-00", np.arange(10_000))).isin(keys).mean() > 0.4  # what would be made unawares


def test_a_record_has_the_same_key_alone_or_among_others() -> None:
    codec = fitted(filled("A000", np.arange(900)))
    whole = made(codec, 1_000)
    assert made(fitted(filled("A000", np.arange(900))), 10, first=990).tolist() == whole[990:].tolist()


def test_the_last_free_names_are_found_and_one_more_is_refused() -> None:
    codec = fitted(filled("A00", np.random.default_rng(3).permutation(2_600)[:2_500]))
    codec.check_room(100)
    assert made(codec, 100).is_unique
    with pytest.raises(ConfigError, match=r"100 names of its shape .A00. that no real record has, and 101"):
        codec.check_room(101)
    assert len(made(codec, 500)) == 500  # real records are shown all the same


def test_a_small_shape_that_is_used_up_goes_over_to_a_larger() -> None:
    codec = fitted(np.concatenate([filled("A0", np.arange(0, 260, 2)), filled("A0000", np.arange(500))]), parts=1)
    small = [column.name for column in codec.spec.columns].index("id")
    codes = np.zeros((1_000, codec.spec.shape[0] or 0), np.int64)
    codes[:, small] = 1
    found = codec.decode_frame(codes)["id"]
    assert found.is_unique
    assert (found.str.len() == 2).sum() == 130


def test_zeros_in_front_stay() -> None:
    found = made(fitted([f"{number:05d}" for number in range(100)]), 50)
    assert (found.str.len() == 5).all()
    assert (found.astype(int) >= 100).all()


def test_a_column_that_repeats_itself_is_no_key() -> None:
    with pytest.raises(ConfigError, match="id differs in every record"):
        fitted(["a1", "b2"] * 50)
    with pytest.raises(ConfigError, match="no column 'key'"):
        fitted(range(10), key="key")
