"""Pairs in each of their arrangements: partners stay together, and what has none is named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mintage.errors import DataError
from mintage.sources.pairs import Pairs


def paint(file: Path, left: int, right: int | None = None) -> Path:
    """A square of one level of grey, or two side by side."""
    pixels = np.full((8, 8), left, np.uint8)
    if right is not None:
        pixels = np.concatenate([pixels, np.full((8, 8), right, np.uint8)], 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file


def folder(path: Path, *names: str, first: int = 0) -> Path:
    for name in names:
        paint(path / name, first + int(Path(name).stem))
    return path


def seen(pairs: Pairs) -> list[tuple[str, str, int, int]]:
    """Names and levels of input and target."""
    found = []
    for k in range(len(pairs.target)):
        sides = pairs.origin[k], pairs.target[k]
        levels = [level(side.x) for side in sides]
        found.append((sides[0].name, sides[1].name, levels[0], levels[1]))
    return found


def level(raw: Path | Image.Image) -> int:
    with raw if isinstance(raw, Image.Image) else Image.open(raw) as image:
        assert image.size == (8, 8)
        values = np.asarray(image)
    assert values.min() == values.max()
    return int(values[0, 0])


def test_two_folders_pair_by_name_whatever_the_suffix(tmp_path: Path) -> None:
    a, b = (
        folder(tmp_path / "a", "1.png", "2.bmp", "x/3.png"),
        folder(tmp_path / "b", "2.png", "1.png", "x/3.png", first=100),
    )
    pairs = Pairs(b, a)
    assert seen(pairs) == [
        ("1.png", "1.png", 1, 101), ("2.bmp", "2.png", 2, 102), ("x/3.png", "x/3.png", 3, 103),
    ]  # fmt: skip
    assert not pairs.remarks


def test_two_sub_folders_are_inputs_and_targets_by_what_they_are_called(tmp_path: Path) -> None:
    folder(tmp_path / "target", "1.png", "2.png", first=100)
    folder(tmp_path / "input", "1.png", "2.png")
    pairs = Pairs(tmp_path)
    assert seen(pairs) == [("1.png", "1.png", 1, 101), ("2.png", "2.png", 2, 102)]
    assert pairs.remarks[0].startswith("input are the inputs, target the targets")


def test_sub_folders_of_other_names_go_by_the_alphabet_and_it_is_said(tmp_path: Path) -> None:
    folder(tmp_path / "monet", "1.png")
    folder(tmp_path / "camera", "1.png", first=100)
    pairs = Pairs(tmp_path)
    assert seen(pairs) == [("1.png", "1.png", 101, 1)]
    assert pairs.remarks == ("camera are the inputs, monet the targets; data.reverse=true turns it.",)


def test_halves_of_a_picture_are_input_and_target(tmp_path: Path) -> None:
    for number in (1, 2):
        paint(tmp_path / f"{number}.png", number, 100 + number)
    pairs = Pairs(tmp_path)
    assert seen(pairs) == [("1.png", "1.png", 1, 101), ("2.png", "2.png", 2, 102)]
    assert "left the input, right the target" in pairs.remarks[0]
    assert pairs.origin.fingerprint() != pairs.target.fingerprint()


def test_train_and_test_are_parts_of_one_set_and_not_two_sides(tmp_path: Path) -> None:
    for part, shift in (("train", 0), ("val", 10)):
        paint(tmp_path / part / "1.png", 1 + shift, 101 + shift)
    assert seen(Pairs(tmp_path)) == [
        ("train/1.png", "train/1.png", 1, 101), ("val/1.png", "val/1.png", 11, 111),
    ]  # fmt: skip


@pytest.mark.parametrize("arrangement", ["two folders", "sub-folders", "side by side"])
def test_reverse_turns_every_arrangement(tmp_path: Path, arrangement: str) -> None:
    if arrangement == "side by side":
        paint(tmp_path / "1.png", 1, 101)
    else:
        folder(tmp_path / "a", "1.png")
        folder(tmp_path / "b", "1.png", first=100)
    origin = tmp_path / "a" if arrangement == "two folders" else None
    path = tmp_path / "b" if origin else tmp_path
    assert seen(Pairs(path, origin)) == [("1.png", "1.png", 1, 101)]
    assert seen(Pairs(path, origin, reverse=True)) == [("1.png", "1.png", 101, 1)]


def test_archives_pair_as_folders_do(tmp_path: Path) -> None:
    folder(tmp_path / "in/a", "1.png", "2.png")
    folder(tmp_path / "in/b", "1.png", "2.png", first=100)
    for side in "ab":
        with zipfile.ZipFile(tmp_path / f"{side}.zip", "w") as archive:
            for name in ("1.png", "2.png"):
                archive.write(tmp_path / "in" / side / name, f"{side}/{name}")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name in ("a/1.png", "b/1.png", "a/2.png", "b/2.png"):
            archive.write(tmp_path / "in" / name, f"set/{name}")
    two, one = Pairs(tmp_path / "b.zip", tmp_path / "a.zip"), Pairs(tmp_path / "both.zip")
    for pairs in (two, one):
        assert list(pairs.origin.names()) == list(pairs.target.names()) == ["1.png", "2.png"]
        assert pairs.origin[1].x == (tmp_path / "in/a/2.png").read_bytes()
        assert pairs.target[1].x == (tmp_path / "in/b/2.png").read_bytes()


def test_missing_partners_are_left_out_and_named(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", "1.png", "2.png", "3.png", "4.png", "5.png")
    pairs = Pairs(folder(tmp_path / "b", "1.png", "6.png", first=100), a)
    assert seen(pairs) == [("1.png", "1.png", 1, 101)]
    assert pairs.remarks == (
        "4 of source have no partner and are left out: 2, 3, 4, ....",
        "1 of target have no partner and are left out: 6.",
    )


def test_a_name_that_stands_twice_on_a_side_is_remarked(tmp_path: Path) -> None:
    pairs = Pairs(folder(tmp_path / "b", "1.png"), folder(tmp_path / "a", "1.bmp", "1.png"))
    assert len(pairs.target) == len(pairs.origin) == 1
    assert pairs.remarks[0].startswith("1 of source have the name of another one")


def test_sides_without_a_common_name_show_what_they_have(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing pairs: source has 1\.png, 2\.png, target has 3\.png\..*same name"):
        Pairs(folder(tmp_path / "b", "3.png"), folder(tmp_path / "a", "1.png", "2.png"))


def test_a_folder_of_squares_is_no_folder_of_pairs(tmp_path: Path) -> None:
    folder(tmp_path / "set", "1.png", "2.png")
    with pytest.raises(DataError, match=r"holds no pairs.*8x8 is no pair side by side.*pairs=FOLDER"):
        Pairs(tmp_path / "set")
    with pytest.raises(DataError, match=r"nowhere, does not exist"):
        Pairs(tmp_path / "nowhere")


def test_a_square_among_pairs_says_its_name_when_it_is_read(tmp_path: Path) -> None:
    paint(tmp_path / "1.png", 1, 101)
    paint(tmp_path / "2.png", 1)
    (tmp_path / "3.png").write_bytes(b"nonsense")
    pairs = Pairs(tmp_path)
    with pytest.raises(DataError, match=r"2\.png: 8x8"):
        pairs.target[1]
    with pytest.raises(DataError, match=r"3\.png cannot be read"):
        pairs.origin[2]


def test_a_folder_is_recognised_only_by_names_that_can_mean_nothing_else(tmp_path: Path) -> None:
    for first, second in (("input", "target"), ("a", "b"), ("cats", "dogs")):
        for place, name in enumerate((first, second)):
            folder(tmp_path / f"{first}-{second}" / name, "1.png", "2.png", first=100 * place)
    assert Pairs.accepts(tmp_path / "input-target")
    assert not Pairs.accepts(tmp_path / "a-b")
    assert not Pairs.accepts(tmp_path / "cats-dogs")
    folder(tmp_path / "strangers/input", "1.png", "2.png")
    folder(tmp_path / "strangers/target", "3.png", "4.png")
    assert not Pairs.accepts(tmp_path / "strangers")
