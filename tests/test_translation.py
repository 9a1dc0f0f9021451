"""Translators at work as a person uses them: one picture or a folder, with what pictures carry and what goes wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import mintage
from mintage.errors import ConfigError, DataError

FAST = [
    "training.steps=1",
    "training.batch=2",
    "training.frames=2",
    "training.channels_last=true",
    "training.lr=0.05",
    "data.heldout=0",
]
SIDES = ["codec.size=32", "model.blocks=1", "model.judge_width=4"]
CROPS = ["data.window=16", "data.tile=32", "model.blocks=1"]


def noise(*shape: int, seed: int = 0, dtype: type = np.uint8) -> NDArray[np.integer]:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def folder_of(path: Path, *shape: int, dtype: type = np.uint8) -> Path:
    path.mkdir(parents=True)
    for seed in range(12):
        Image.fromarray(noise(*shape, seed=seed, dtype=dtype)).save(path / f"{seed}.png")
    return path


Learned = Callable[..., mintage.Run]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    def learn(recipe: str, *words: str) -> mintage.Run:
        return mintage.train(recipe, overrides=[*words, *FAST, "model.width=4"], out=tmp_path_factory.mktemp("runs"))

    return learn


@pytest.fixture(scope="module")
def colour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(tmp_path_factory.mktemp("data") / "colour", 32, 32, 3)


@pytest.fixture(scope="module")
def grey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(tmp_path_factory.mktemp("data") / "grey", 32, 32)


@pytest.fixture(scope="module")
def restyler(learned: Learned, colour: Path, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    target = folder_of(tmp_path_factory.mktemp("data") / "target", 32, 32, 3)
    return learned("cyclegan", f"source={colour}", f"target={target}", *SIDES)


@pytest.fixture(scope="module")
def enlarger(learned: Learned, colour: Path) -> mintage.Run:
    return learned("restore-sr", f"data={colour}", "scale=2", *CROPS)


@pytest.fixture(scope="module")
def grey_enlarger(learned: Learned, grey: Path) -> mintage.Run:
    return learned("restore-sr", f"data={grey}", "scale=2", *CROPS)


@pytest.fixture(scope="module")
def filler(learned: Learned, colour: Path) -> mintage.Run:
    return learned("restore-inpaint", f"data={colour}", *CROPS)


def pixels(image: Image.Image) -> NDArray[np.int32]:
    return np.asarray(image).astype(np.int32)


def test_a_picture_may_be_a_file_an_image_or_an_array(restyler: mintage.Run, colour: Path) -> None:
    made = [restyler.translate(raw) for raw in (str(colour / "3.png"), colour / "3.png", noise(32, 32, 3, seed=3))]
    made.append(restyler.translate(Image.fromarray(noise(32, 32, 3, seed=3))))
    assert all(np.array_equal(pixels(one), pixels(made[0])) for one in made)
    assert np.abs(pixels(made[0]) - noise(32, 32, 3, seed=3)).mean() > 1


def test_a_folder_becomes_a_folder_with_the_same_sub_folders(restyler: mintage.Run, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for place, name in enumerate(("b.jpg", "b.png", "deep/er/a.png", "deep/film.gif")):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(20 + place, 30, 3)).save(source / name)
    (source / "deep/notes.txt").write_text("no picture")
    told: list[tuple[int, int, str]] = []
    made = restyler.translate_files(source, out, progress=lambda done, of, file: told.append((done, of, file.name)))
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "b.jpg", "b.png", "deep/er/a.png", "deep/film.gif.png"
    ]  # fmt: skip
    assert made.skipped == {}
    assert [(done, of) for done, of, _ in told] == [(k, 4) for k in range(4)]
    with Image.open(out / "b.jpg") as jpeg, Image.open(out / "b.png") as png:
        assert (jpeg.size, png.size) == ((30, 20), (30, 21))


def test_neither_order_nor_age_nor_company_changes_a_result(restyler: mintage.Run, tmp_path: Path) -> None:
    sides = [(40, 52), (150, 170), (21, 34)]  # the second takes several tiles, and holds moments
    for seed, side in enumerate(sides):
        file = tmp_path / "one" / f"{seed}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(noise(*side, 3, seed=seed)).save(file)
        (tmp_path / "two").mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / "two" / f"{9 - seed}.png")
        os.utime(tmp_path / "two" / f"{9 - seed}.png", (seed, seed))
    for name in ("one", "two"):
        restyler.translate_files(tmp_path / name, tmp_path / "out" / name, tile=64)
    for seed in range(3):
        alone = restyler.translate_files(tmp_path / "one" / f"{seed}.png", tmp_path / "out" / "alone", tile=64)
        found = [(tmp_path / "out" / name).read_bytes() for name in (f"one/{seed}.png", f"two/{9 - seed}.png")]
        assert found[0] == found[1] == alone.written[0].read_bytes()


def test_damaged_files_of_a_folder_are_passed_over_and_listed(restyler: mintage.Run, tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    Image.fromarray(noise(20, 30, 3)).save(source / "whole.png")
    (source / "deep" / "short.png").write_bytes((source / "whole.png").read_bytes()[:300])
    (source / "text.jpg").write_bytes(b"hello")
    made = restyler.translate_files(source, tmp_path / "out")
    assert [path.name for path in made.written] == ["whole.png"]
    assert set(made.skipped) == {str(Path("deep/short.png")), "text.jpg"}
    assert "not a picture" in made.skipped["text.jpg"]
    with pytest.raises(DataError, match="not a picture"):
        restyler.translate_files(source / "text.jpg", tmp_path / "out")
    (source / "whole.png").unlink()
    with pytest.raises(DataError, match="None of the 2 pictures"):
        restyler.translate_files(source, tmp_path / "out")


def test_where_there_is_no_picture_is_an_error(restyler: mintage.Run, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pictures"):
        restyler.translate_files(tmp_path, tmp_path / "out")
    with pytest.raises(DataError, match="no picture at"):
        restyler.translate_files(tmp_path / "none.png", tmp_path / "out")


def test_no_input_and_no_mask_is_ever_written_over(restyler: mintage.Run, filler: mintage.Run, tmp_path: Path) -> None:
    source = tmp_path / "in"
    for name in ("in/1.png", "1.png"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(20, 30, 3)).save(source / name)
    before = {path: path.read_bytes() for path in source.rglob("*.png")}
    for given, out in [(source, source), (source / "1.png", source), (source, tmp_path)]:
        with pytest.raises(ConfigError, match=r"would be written over.*--out"):
            restyler.translate_files(given, out)
    with pytest.raises(ConfigError, match="would be written over"):
        filler.translate_files(source / "1.png", source / "in", mask=source / "in")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.png")} == before


def test_results_in_a_folder_of_the_input_are_no_input_the_next_time(restyler: mintage.Run, tmp_path: Path) -> None:
    Image.fromarray(noise(20, 30, 3)).save(tmp_path / "1.png")
    for _ in range(2):
        made = restyler.translate_files(tmp_path, tmp_path / "out")
        assert made.written == [tmp_path / "out" / "1.png"]


@pytest.mark.parametrize("sides", [(1, 1), (1, 900), (700, 3), (5, 7)])
def test_pictures_of_odd_sides_come_out_whole(
    restyler: mintage.Run, enlarger: mintage.Run, filler: mintage.Run, sides: tuple[int, int]
) -> None:
    picture = noise(*sides, 3)
    assert restyler.translate(picture, tile=64).size == sides[::-1]
    assert enlarger.translate(picture, tile=64).size == (2 * sides[1], 2 * sides[0])
    assert filler.translate(picture, mask=noise(*sides) > 127, tile=64).size == sides[::-1]


def test_transparency_and_notes_come_through_a_run(enlarger: mintage.Run, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A maker"
    Image.fromarray(noise(20, 30, 4)).save(tmp_path / "a.png", exif=exif)
    with Image.open(enlarger.translate_files(tmp_path / "a.png", tmp_path / "out").written[0]) as made:
        assert (made.mode, made.size) == ("RGBA", (40, 60))
        assert made.getexif()[0x010F] == "A maker"
        assert 0x0112 not in made.getexif()


def test_a_grey_run_keeps_sixteen_bits_and_takes_colour(grey_enlarger: mintage.Run) -> None:
    deep = grey_enlarger.translate(noise(20, 30, dtype=np.uint16))
    assert (deep.mode, deep.size) == ("I;16", (60, 40))
    assert len(np.unique(pixels(deep))) > 256
    assert grey_enlarger.translate(noise(20, 30, 3)).mode == "L"


def test_white_of_sixteen_bits_is_what_the_run_learned_as_white(learned: Learned, tmp_path: Path) -> None:
    data = folder_of(tmp_path / "scans", 32, 32, dtype=np.uint16)
    for file in data.iterdir():
        Image.fromarray(noise(32, 32, dtype=np.uint16) >> 4).save(file)
    run = learned("restore-denoise", f"data={data}", *CROPS)
    assert run.recipe.codec["white"] == 4095
    scan = noise(20, 30, dtype=np.uint16) >> 4
    assert np.array_equal(pixels(run.translate(scan, strength=0)), scan)
    shown = pixels(run.translate((scan >> 4).astype(np.uint8))) / 255
    assert np.abs(pixels(run.translate(scan)) / 4095 - shown).mean() < 0.01


def test_grey_into_a_colour_run_stays_grey_where_it_restores(restyler: mintage.Run, enlarger: mintage.Run) -> None:
    assert restyler.translate(noise(20, 30)).mode == "RGB"
    assert restyler.translate(noise(20, 30, dtype=np.uint16)).mode == "RGB"
    assert enlarger.translate(noise(20, 30)).mode == "L"
    assert enlarger.translate(noise(20, 30, dtype=np.uint16)).mode == "I;16"


def test_strength_zero_gives_the_input_back(restyler: mintage.Run, enlarger: mintage.Run) -> None:
    picture = noise(40, 50, 3)
    full, half, none = (pixels(restyler.translate(picture, strength=strength)) for strength in (1, 0.5, 0))
    assert np.array_equal(none, picture)
    assert np.abs(half - (full + none) / 2).max() <= 1
    flat = np.full((20, 30, 3), 77, np.uint8)
    assert np.array_equal(pixels(enlarger.translate(flat, strength=0)), np.full((40, 60, 3), 77))


def test_strength_below_one_needs_the_same_channels(learned: Learned, colour: Path, grey: Path) -> None:
    run = learned("pix2pix", f"source={grey}", f"target={colour}", "codec.size=32")
    assert run.translate(noise(20, 30)).mode == "RGB"
    with pytest.raises(ConfigError, match="use strength 1"):
        run.translate(noise(20, 30), strength=0.5)


def test_only_what_is_missing_is_filled(filler: mintage.Run) -> None:
    picture, mask = noise(40, 50, 3), np.zeros((40, 50), bool)
    mask[10:20, 15:30] = True
    made = pixels(filler.translate(picture, mask=mask))
    assert np.array_equal(made[~mask], picture[~mask])
    assert (made[mask] != picture[mask]).any()
    clear = filler.translate(np.dstack([picture, np.where(mask, 0, 255).astype(np.uint8)]))
    assert clear.mode == "RGB"  # what was transparent is filled, so nothing is any more
    assert np.array_equal(pixels(clear), made)


def test_a_mask_that_is_missing_or_does_not_fit_is_an_error(
    filler: mintage.Run, restyler: mintage.Run, tmp_path: Path
) -> None:
    picture = noise(20, 30, 3)
    with pytest.raises(DataError, match="--mask FILE"):
        filler.translate(picture)
    with pytest.raises(DataError, match="20x30, but the picture is 30x20"):
        filler.translate(picture, mask=np.ones((30, 20), bool))
    with pytest.raises(ConfigError, match="leave the mask out"):
        restyler.translate(picture, mask=np.ones((20, 30), bool))
    with pytest.raises(DataError, match="no picture at"):
        filler.translate(picture, mask=tmp_path / "none.png")


def test_masks_of_a_folder_go_by_name(filler: mintage.Run, tmp_path: Path) -> None:
    source, masks = tmp_path / "in", tmp_path / "masks"
    for name in ("a[1].jpg", "deep/b.png", "none.png", "other.png"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(20, 30, 3)).save(source / name)
    for name, side in [("a[1].png", 20), ("a1.png", 9), ("deep/b.png", 20), ("other.png", 9)]:
        (masks / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(side, 30) > 127).save(masks / name)
    made = filler.translate_files(source, tmp_path / "out", mask=masks)
    assert [path.name for path in made.written] == ["a[1].jpg", "b.png"]
    assert "holds no mask for none.png" in made.skipped["none.png"]
    assert "but the picture is 30x20" in made.skipped["other.png"]
    assert len(filler.translate_files(source, tmp_path / "all", mask=masks / "a[1].png").written) == 4
