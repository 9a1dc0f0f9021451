"""Two related files are one source: held in parts, told by content, and with what is wrong named by its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mintage.codecs.table import Table
from mintage.data.table_packing import pack_table
from mintage.errors import DataError
from mintage.sources.related import Related

pytest.importorskip("pandas")


def written(folder: Path, orders: str = "") -> Related:
    (folder / "customers.csv").write_text("id,kind\n" + "".join(f"c{k},{'ab'[k % 2]}\n" for k in range(40)))
    lines = orders or "".join(f"o{k},c{k % 30},{k % 7}\n" for k in range(90))
    (folder / "orders.csv").write_text("order,id,size\n" + lines)
    return Related(folder / "customers.csv", child=folder / "orders.csv", key="id")


def test_records_of_both_files_are_packed_as_one_table(tmp_path: Path) -> None:
    source = written(tmp_path)
    assert len(source) == 40 + 90 == len(source.groups)
    packed, report = pack_table(source, Table(key="id"), tmp_path / "cache")
    assert len(packed) == 130
    assert [column.name for column in report.columns][:4] == ["id", "kind", "number of orders", "orders in all"]
    frame = packed.codec.decode_frame(packed.codec.expand(packed.gather(range(130))[0]).numpy())  # type: ignore[arg-type]
    later = frame[frame["place in orders"] > 0]
    assert len(later) == 90
    assert (later["place in orders"] <= later["orders in all"]).all()
    assert source[1].x["orders.size"] == "0"


def test_what_is_wrong_is_told_with_its_file(tmp_path: Path) -> None:
    source = written(tmp_path, "o1,c1,3\no2,c2,4,5,6\no3,nobody,1\n")
    assert len(source) == 41
    assert source.unreadable == [("orders.csv line 3", "it has 5 values, 3 are wanted")]
    assert source.num_unreadable == 1
    assert source.remarks == ["1 records of orders name no parent, and are left out."]
    with pytest.raises(DataError, match="no table at"):
        Related(tmp_path / "customers.csv", child=tmp_path / "none.csv", key="id")


def test_a_change_in_either_file_is_another_table(tmp_path: Path) -> None:
    before = written(tmp_path).fingerprint()
    assert written(tmp_path).fingerprint() == before
    assert written(tmp_path, "o1,c1,3\n").fingerprint() != before
