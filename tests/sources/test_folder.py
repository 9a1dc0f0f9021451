"""Folders of every shape give the right images and classes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from mintage.errors import DataError
from mintage.sources.folder import Folder


def paint(file: Path, colour: str = "red") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), colour).save(file, "PNG")
    return file


def names(folder: Folder) -> list[str]:
    return [folder[index].name for index in range(len(folder))]


def test_two_sub_folders_with_images_are_classes_in_order(tmp_path: Path) -> None:
    for name in ("dogs/1.png", "cats/old/2.PNG", "cats/3.Png", "empty/readme.txt"):
        paint(tmp_path / name)
    folder = Folder(tmp_path)
    assert folder.classes == ("cats", "dogs")
    assert [(folder[i].name, folder[i].condition) for i in range(3)] == [
        ("cats/3.Png", 0),
        ("cats/old/2.PNG", 0),
        ("dogs/1.png", 1),
    ]
    assert folder[0].x == tmp_path / "cats/3.Png"


def test_one_sub_folder_is_no_class(tmp_path: Path) -> None:
    paint(tmp_path / "1.png")
    paint(tmp_path / "more/2.png")
    folder = Folder(tmp_path)
    assert folder.classes == ()
    assert folder[0].condition is None
    assert len(folder) == 2


def test_a_root_with_one_folder_in_it_is_descended(tmp_path: Path) -> None:
    paint(tmp_path / "download/set/a/1.png")
    paint(tmp_path / "download/set/b/1.png")
    assert Folder(tmp_path).classes == ("a", "b")


def test_a_few_files_beside_the_classes_are_left_out_and_said(tmp_path: Path) -> None:
    for name in ("a/1.png", "b/1.png", "preview.png"):
        paint(tmp_path / name)
    folder = Folder(tmp_path)
    assert names(folder) == ["a/1.png", "b/1.png"]
    assert "1 files" in folder.remarks[0]


def test_many_files_beside_sub_folders_mean_that_there_are_no_classes(tmp_path: Path) -> None:
    for name in ("2019/1.png", "2020/1.png", "1.png", "2.png", "3.png"):
        paint(tmp_path / name)
    folder = Folder(tmp_path)
    assert folder.classes == ()
    assert len(folder) == 5
    assert "not taken for classes" in folder.remarks[0]


def test_splits_that_look_like_classes_are_remarked(tmp_path: Path) -> None:
    paint(tmp_path / "train/1.png")
    paint(tmp_path / "test/1.png")
    assert "look like splits" in Folder(tmp_path).remarks[0]


def test_hidden_files_and_other_suffixes_are_ignored(tmp_path: Path) -> None:
    for name in ("a.png", ".b.png", ".thumbs/c.png", "d.txt", "e.png.part"):
        paint(tmp_path / name)
    (tmp_path / "folder.png").mkdir()
    assert names(Folder(tmp_path)) == ["a.png"]


def test_a_link_back_up_does_not_loop(tmp_path: Path) -> None:
    paint(tmp_path / "a/1.png")
    paint(tmp_path / "b/1.png")
    (tmp_path / "a/up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    assert names(Folder(tmp_path)) == ["a/1.png", "b/1.png"]


def test_a_linked_folder_is_followed(tmp_path: Path) -> None:
    paint(tmp_path / "elsewhere/1.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set/linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert names(Folder(tmp_path / "set")) == ["linked/1.png"]


def test_a_folder_without_images_says_which_suffixes_are_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(DataError, match=r"\.png .*\.tiff"):
        Folder(tmp_path)
    with pytest.raises(DataError, match="not a folder"):
        Folder(tmp_path / "missing")


def test_the_fingerprint_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    for place in ("one", "two"):
        paint(tmp_path / place / "1.png")
        paint(tmp_path / place / "2.png")
    one, two = Folder(tmp_path / "one"), Folder(tmp_path / "two")
    assert one.fingerprint() == two.fingerprint()
    facts = (tmp_path / "two/1.png").stat()
    paint(tmp_path / "two/1.png", "blue")
    os.utime(tmp_path / "two/1.png", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert one.fingerprint() != two.fingerprint()
    paint(tmp_path / "two/1.png")
    (tmp_path / "two/2.png").rename(tmp_path / "two/3.png")
    assert one.fingerprint() != Folder(tmp_path / "two").fingerprint()


def test_the_stamp_changes_with_any_write(tmp_path: Path) -> None:
    paint(tmp_path / "1.png")
    folder = Folder(tmp_path)
    before = folder.stamp()
    assert before == Folder(tmp_path).stamp()
    paint(tmp_path / "1.png", "blue")
    assert before != folder.stamp()


def test_an_idx_folder_is_not_accepted(tmp_path: Path) -> None:
    assert Folder.accepts(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    assert not Folder.accepts(tmp_path)
    assert not Folder.accepts(tmp_path / "train-images-idx3-ubyte.gz")
