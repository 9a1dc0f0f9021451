"""Two sides that show different things: folders and archives, what they are called, and what is lacking."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from mintage.errors import ConfigError, DataError
from mintage.sources.unpaired import Unpaired


def paint(folder: Path, *names: str, mode: str = "RGB") -> Path:
    for number, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, (8, 8), 20 * number if mode == "L" else (20 * number, 0, 0)).save(file)
    return folder


def zipped(folder: Path, file: Path, root: str = "") -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for entry in sorted(folder.rglob("*.png")):
            archive.write(entry, root + entry.relative_to(folder).as_posix())
    return file


def test_each_side_is_its_own_folder_in_its_own_order(tmp_path: Path) -> None:
    a, b = paint(tmp_path / "a", "2.png", "1.png"), paint(tmp_path / "b", "9.png", "8.png", "7.png")
    both = Unpaired(b, a)
    assert [list(side.names()) for side in (both.origin, both.target)] == [
        ["1.png", "2.png"],
        ["7.png", "8.png", "9.png"],
    ]
    assert [both.origin[k].name for k in range(2)] == ["1.png", "2.png"]
    assert both.origin[0].x == a / "1.png"
    assert not both.remarks


def test_sub_folders_of_a_side_are_no_classes(tmp_path: Path) -> None:
    a = paint(tmp_path / "a", "cats/1.png", "dogs/1.png")
    both = Unpaired(paint(tmp_path / "b", "1.png", "2.png"), a)
    assert list(both.origin.classes) == []
    assert both.origin[0].condition is None
    assert list(both.origin.names()) == ["cats/1.png", "dogs/1.png"]


def test_a_zip_reads_as_its_folder_does_wherever_in_it_the_pictures_lie(tmp_path: Path) -> None:
    a, b = paint(tmp_path / "a", "1.png", "2.png"), paint(tmp_path / "b", "1.png", "2.png")
    archives = zipped(a, tmp_path / "a.zip", "a/"), zipped(b, tmp_path / "b.zip", "deep/down/")
    both = Unpaired(archives[1], archives[0])
    assert list(both.origin.names()) == list(both.target.names()) == ["1.png", "2.png"]
    assert both.target[1].name == "2.png"
    assert both.target[1].x == (b / "2.png").read_bytes()


def test_what_a_side_leaves_out_is_remarked(tmp_path: Path) -> None:
    a = paint(tmp_path / "a", "cats/1.png", "dogs/1.png", "preview.png")
    both = Unpaired(paint(tmp_path / "b", "1.png", "2.png"), a)
    assert "Inputs: 1 files" in both.remarks[0]


def test_an_empty_side_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    full = paint(tmp_path / "full", "1.png", "2.png")
    with pytest.raises(DataError, match=r"The source side.*empty holds no file.*\.png"):
        Unpaired(full, tmp_path / "empty")
    with pytest.raises(DataError, match=r"The target side.*empty holds no file"):
        Unpaired(tmp_path / "empty", full)


def test_a_side_that_is_missing_or_no_data_is_named(tmp_path: Path) -> None:
    full = paint(tmp_path / "full", "1.png", "2.png")
    with pytest.raises(DataError, match=r"The source side, .*nowhere, does not exist"):
        Unpaired(full, tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match="neither a folder of pictures nor a zip"):
        Unpaired(tmp_path / "notes.txt", full)


def test_one_picture_is_no_domain(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"The source side, .*one, holds one picture\. A domain needs"):
        Unpaired(paint(tmp_path / "two", "1.png", "2.png"), paint(tmp_path / "one", "1.png"))


def test_both_sides_have_to_be_given_and_to_differ(tmp_path: Path) -> None:
    a = paint(tmp_path / "a", "1.png", "2.png")
    with pytest.raises(ConfigError, match="source=FOLDER of what is translated, target=FOLDER"):
        Unpaired(a)
    with pytest.raises(ConfigError, match="the same folder"):
        Unpaired(a, tmp_path / "b/../a")
    assert not Unpaired.accepts(a)


def test_a_fingerprint_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    sides = [paint(tmp_path / place, "1.png", "2.png") for place in "abc"]
    both = Unpaired(sides[0], sides[1])
    assert both.target.fingerprint() == both.origin.fingerprint()
    assert both.target.stamp() != both.origin.stamp()
    paint(sides[0], "2.png")
    assert Unpaired(sides[0], sides[1]).target.fingerprint() != both.origin.fingerprint()
