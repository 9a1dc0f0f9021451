"""Texts may begin with a line that says their class, their title or a column of their table."""

from __future__ import annotations

from pathlib import Path

import pytest

from mintage.errors import ConfigError
from mintage.sources.texts import Texts


@pytest.fixture
def poems(tmp_path: Path) -> Path:
    for name, text in (("sonnets/18.txt", "Shall I"), ("odes/the ship.txt", "Sail on"), ("loose.txt", "Nothing")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def texts(source: Texts) -> list[str]:
    return ["".join(document.pieces()) for document in source.documents()]


def test_a_heading_is_the_sub_folder_or_the_name_of_the_file(poems: Path) -> None:
    assert texts(Texts(poems)) == ["Nothing", "Sail on", "Shall I"]
    named = Texts(poems, heading="name")
    assert texts(named) == ["loose\nNothing", "the ship\nSail on", "18\nShall I"]
    assert not named.remarks
    by_folder = Texts(poems, heading="folder")
    assert texts(by_folder) == ["Nothing", "odes\nSail on", "sonnets\nShall I"]
    assert "loose.txt: no heading" in by_folder.remarks[0]


def test_a_heading_changes_the_fingerprint(poems: Path) -> None:
    sources = [Texts(poems, heading=heading) for heading in (None, "name", "folder")]
    assert len({source.fingerprint() for source in sources}) == len({source.stamp() for source in sources}) == 3


def test_a_heading_is_a_column_of_a_table_in_one_line(tmp_path: Path) -> None:
    table = tmp_path / "poems.csv"
    table.write_text('title,year,text\n"One,\nagain",1801,The first text of all\n,1802,Another one\n')
    assert texts(Texts(table, heading="title")) == ["One, again\nThe first text of all", "Another one"]
    assert texts(Texts(table, heading="year"))[1] == "1802\nAnother one"
    assert "data.heading=title" in Texts(table).remarks[0]
    assert not Texts(table, heading="year").remarks
    with pytest.raises(ConfigError, match="title, year, text"):
        Texts(table, heading="form").fingerprint()


def test_a_column_of_plain_texts_is_an_error(poems: Path) -> None:
    with pytest.raises(ConfigError, match="plain text"):
        Texts(poems, heading="title").fingerprint()
