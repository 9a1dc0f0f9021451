"""Tables are written whole or not at all, part by part, and read as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pd = pytest.importorskip("pandas")

from mintage.errors import ConfigError, DataError  # noqa: E402
from mintage.tabular import files  # noqa: E402
from mintage.tabular.files import SUFFIXES, TableFile, write_frames  # noqa: E402


def parts() -> list[Any]:
    words = pd.Series(["x, y", None, 'so "to" say', "two\nlines"], dtype="str")
    whole = pd.DataFrame({"w": words, "n": pd.Series([1, 2, 3, None], dtype="Int64"), "t": [True, False] * 2})
    return [whole.iloc[:2], whole.iloc[2:]]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_parts_become_one_table(tmp_path: Path, suffix: str) -> None:
    path = write_frames(parts(), tmp_path / "new" / f"t{suffix}")
    (frame,) = TableFile(path).frames()
    assert frame["w"].fillna("").tolist() == ["x, y", "", 'so "to" say', "two\nlines"]
    assert [str(one) for one in frame["n"][:3]] == ["1", "2", "3"]
    assert [path.name for path in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_breaks_off_leaves_nothing_and_spoils_nothing(tmp_path: Path, suffix: str) -> None:
    def breaking() -> Iterator[Any]:
        yield parts()[0]
        raise DataError("so it goes")

    path = tmp_path / f"t{suffix}"
    path.write_text("before")
    with pytest.raises(DataError, match="so it goes"):
        write_frames(breaking(), path)
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Name it \*.csv, \*.tsv, \*.parquet"):
        write_frames(parts(), tmp_path / "t.xlsx")


def test_a_file_is_read_in_parts_and_each_pass_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ROWS", 600)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i},x{',y' * (i == 700)}\n" for i in range(1_500)))
    file = TableFile(path)
    passes = [list(file.frames()) for _ in range(2)]
    assert [len(part) for part in passes[0]] == [600, 600, 299]
    assert file.num_unreadable == 1
    assert file.unreadable == [("line 702", "it has 3 values, 2 are wanted")]
    assert all(one.equals(two) for one, two in zip(*passes, strict=True))
