"""A table is packed once, whole, in order, in bounded memory, and only mapped again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pd = pytest.importorskip("pandas")

from tests.tables import people  # noqa: E402

from mintage.codecs.table import Table as Codec  # noqa: E402
from mintage.data import table_packing  # noqa: E402
from mintage.data.table_packing import pack_table  # noqa: E402
from mintage.errors import DataError  # noqa: E402
from mintage.sources.table import Table  # noqa: E402


@pytest.fixture
def path(tmp_path: Path) -> Path:
    people(700).drop(columns="id").to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


def test_every_record_lies_in_its_place(path: Path) -> None:
    done: list[tuple[int, int]] = []
    packed, report = pack_table(Table(path), Codec(), path.parent / "cache", lambda *told: done.append(told))
    codec: Any = packed.codec
    (frame,) = Table(path).frames()
    assert len(packed) == report.count == 700
    assert done[-1] == (700, 700)
    stored = torch.from_numpy(np.array(packed.x))
    assert torch.equal(codec.expand(stored), torch.from_numpy(codec.encode_frame(frame)))


def test_the_same_table_is_only_mapped_again_and_another_is_packed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = path.parent / "cache"
    first, report = pack_table(Table(path), Codec(), cache)
    with monkeypatch.context() as closed:
        closed.setattr(table_packing, "_pack", None)
        again, told = pack_table(Table(path), Codec(), cache)
    assert told == report
    assert again.fingerprint == first.fingerprint
    other, _ = pack_table(Table(path), Codec(cells=8), cache)
    assert other.codec != first.codec
    people(600).to_csv(path, index=False)
    assert len(pack_table(Table(path), Codec(), cache)[0]) == 600


def test_a_large_table_is_fitted_to_a_sample_and_packed_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_packing, "_SAMPLE_ROWS", 100)
    packed, report = pack_table(Table(path), Codec(), path.parent / "cache")
    assert (len(packed), report.sampled) == (700, 100)
    assert "columns judged by 100 of them" in report.lines()[0]


def test_the_sample_is_even(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_packing, "_SAMPLE_ROWS", 500)
    frames = [pd.DataFrame({"n": np.arange(at, at + 1_000)}) for at in range(0, 10_000, 1_000)]
    sample, count = table_packing._sampled(iter(frames))
    assert (len(sample), count) == (500, 10_000)
    assert sample["n"].is_monotonic_increasing
    assert np.histogram(sample["n"], 5)[0].min() > 70  # of a hundred


def test_a_table_that_changes_meanwhile_is_no_cache(path: Path) -> None:
    class Growing(Table):
        passes = 0

        def frames(self) -> Iterator[Any]:
            self.passes += 1
            yield from super().frames()
            if self.passes > 1:
                yield next(super().frames()).iloc[:5]

    with pytest.raises(DataError, match="was changed while it was packed"):
        pack_table(Growing(path), Codec(), path.parent / "cache")
    assert not list((path.parent / "cache").glob("*/meta.json"))


def test_columns_that_are_left_out_are_told_and_not_packed(path: Path) -> None:
    packed, report = pack_table(Table(path), Codec(leave_out=("pay",)), path.parent / "cache")
    assert "pay" not in packed.codec.columns  # type: ignore[attr-defined]
    assert [facts.kind for facts in report.columns if facts.name == "pay"] == ["left out"]
