"""Two sides and photographs opened as a person gives them: good data, bad data, and runs that begin on either."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mintage
from mintage.data.inspection import DataReport
from mintage.errors import ConfigError, DataError, MintageError, SpecError
from mintage.opening import Data, open_data, read_codec
from mintage.recipe import DataSettings
from mintage.run import RunDirectory
from mintage.storage import cache_folder

SMALL = [
    "training.steps=2", "training.batch=2", "training.frames=2", "training.precision=float32",
    "training.channels_last=false", "model.width=4", "codec.size=16",
]  # fmt: skip
NETWORKS = ["model.blocks=1", "model.judge_width=4"]


def paint(folder: Path, count: int, *, mode: str = "RGB", side: int = 16, first: int = 0) -> Path:
    """Flat pictures 00.png, 01.png, ... of the level of their number, with a grain that makes each one its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        shape = (side, side) if mode == "L" else (side, side, 3)
        grain = np.random.default_rng(number + first).integers(0, 9, shape)
        Image.fromarray((first + 5 * number + grain).astype(np.uint8)).save(folder / f"{number:02}.png")
    return folder


def opened(settings: DataSettings, **codec: object) -> Data:
    return open_data(settings, codec, 0, cache_folder())[0]


def train(recipe: str, out: Path, *words: str) -> mintage.Run:
    networks = NETWORKS if recipe in ("cyclegan", "cut") else []
    return mintage.train(recipe, overrides=[*SMALL, *networks, *words], out=out)


def said(run: mintage.Run) -> str:
    return "\n".join(DataReport.from_dict(json.loads(RunDirectory(run.path).data_report.read_text("utf-8"))).lines())


# --- good data ---------------------------------------------------------------------------------


def test_pairs_of_other_orders_and_suffixes_are_packed_row_beside_row(tmp_path: Path) -> None:
    a, b = paint(tmp_path / "a", 30), paint(tmp_path / "b", 30, first=100)
    for number in range(0, 30, 3):
        Image.open(a / f"{number:02}.png").save(a / f"{number:02}.bmp")
        (a / f"{number:02}.png").unlink()
    data = opened(DataSettings(source="pairs", path=b, origin=a))
    for view in (data.train, data.selection, data.heldout):
        x, beside = view.gather(view.head(0, 99))
        assert beside is not None
        assert torch.allclose(x.float().mean((1, 2, 3)), beside.float().mean((1, 2, 3)) + 100, atol=3)
    assert len(data.train) + len(data.selection) + len(data.heldout) == 30


def test_unpaired_names_that_are_on_both_sides_are_held_out_on_both(tmp_path: Path) -> None:
    a, b = paint(tmp_path / "a", 30), paint(tmp_path / "b", 20, first=100)
    data = opened(DataSettings(source="unpaired", path=b, origin=a, heldout=0.3))
    held = {"target": set[str](), "source": set[str]()}
    for view in (data.selection, data.heldout):
        assert view.origin is not None
        assert len(view)
        assert view.num_inputs
        held["target"] |= set(data.packed.names(view.part.head(99)))
        held["source"] |= set(view.origin.packed.names(view.origin.part.head(99)))
    assert held["target"] == held["source"] & {f"{number:02}.png" for number in range(20)}


def test_photographs_are_cut_and_their_tiles_held_out_together(tmp_path: Path) -> None:
    paint(tmp_path / "photos", 12, side=48)
    data = opened(DataSettings(source="photos", path=tmp_path / "photos", tile=16, window=8, degrade={"noise": {}}))
    parts = [
        {name.partition("#")[0] for name in data.packed.names(view.part.head(999))}
        for view in (data.train, data.heldout)
    ]
    assert [len(part) for part in parts] == [11, 1]
    assert not parts[0] & parts[1]
    assert data.spec.x.shape == (3, 8, 8)
    assert not any("fastgan" in line for line in data.report.lines())  # advice for makers, not for restorers


def test_a_folder_of_inputs_and_targets_is_recognised(tmp_path: Path) -> None:
    paint(tmp_path / "set/input", 12), paint(tmp_path / "set/target", 12, first=100)
    data = opened(DataSettings(path=tmp_path / "set"))
    assert data.translates
    assert data.train.is_aligned
    paint(tmp_path / "classes/cats", 12), paint(tmp_path / "classes/dogs", 12)
    assert not opened(DataSettings(path=tmp_path / "classes")).translates


# --- sides of different channel counts ---------------------------------------------------------


def test_grey_inputs_of_colour_targets_stay_grey_when_a_run_goes_on(tmp_path: Path) -> None:
    grey, colour = paint(tmp_path / "grey", 24, mode="L"), paint(tmp_path / "colour", 24, first=60)
    run = train("pix2pix", tmp_path / "runs", f"source={grey}", f"target={colour}")
    data, _, codec = open_data(run.recipe.data, run.recipe.codec, 0, cache_folder())
    assert data.spec.condition is not None
    assert (data.spec.condition.shape, data.spec.x.shape) == ((1, 16, 16), (3, 16, 16))
    assert codec == run.recipe.codec
    assert read_codec(RunDirectory(run.path).codec).spec == data.codec.spec
    assert "Inputs are grey, targets RGB." in said(run)
    assert run.resume().facts["finished"]
    assert run.translate(grey / "00.png").mode == "RGB"


def test_unpaired_sides_of_which_one_is_grey_are_both_packed_in_colour(tmp_path: Path) -> None:
    grey, colour = paint(tmp_path / "grey", 24, mode="L"), paint(tmp_path / "colour", 24, first=60)
    run = train("cyclegan", tmp_path / "runs", f"source={grey}", f"target={colour}")
    assert run.facts["shape"] == [3, 16, 16]
    assert "Inputs are grey, targets RGB: both are packed as RGB." in said(run)
    data = opened(DataSettings(source="unpaired", path=grey, origin=colour), size=16)
    assert data.spec.condition is not None
    assert data.spec.condition.shape == data.spec.x.shape == (3, 16, 16)
    assert "Inputs are RGB, targets grey: both are packed as RGB." in data.report.lines()


def test_inputs_of_sixteen_bits_keep_their_own_white_when_opened_again(tmp_path: Path) -> None:
    settings = DataSettings(source="pairs", path=paint(tmp_path / "b", 9), origin=tmp_path / "a")
    (tmp_path / "a").mkdir()
    for number in range(9):
        Image.fromarray(np.full((16, 16), 400 * number + 700, np.uint16)).save(tmp_path / f"a/{number:02}.png")
    data, settings, codec = open_data(settings, {}, 0, cache_folder())
    again, _, same = open_data(settings, codec, 0, cache_folder())
    assert codec["origin"] == {"channels": 1, "white": 4095}
    assert same == codec
    first, second = data.train.batch(0, 8).condition, again.train.batch(0, 8).condition
    assert first is not None
    assert second is not None
    assert torch.equal(first, second)
    assert first.max() > 0.7


def test_a_model_of_equal_sides_says_how_pairs_of_grey_and_colour_fit_it(tmp_path: Path) -> None:
    words = [f"source={paint(tmp_path / 'g', 9, mode='L')}", f"target={paint(tmp_path / 'c', 9)}", "data.source=pairs"]
    Image.new("RGB", (16, 16), "red").save(tmp_path / "c/00.png")
    with pytest.raises(SpecError, match=r"inputs have 1 channels and targets 3\. Set codec\.channels = 3"):
        train("cyclegan", tmp_path / "runs", *words)
    assert train("cyclegan", tmp_path / "runs", *words, "codec.channels=3").facts["shape"] == [3, 16, 16]


# --- too little --------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
@pytest.mark.parametrize("side", ["source", "target"])
def test_an_empty_side_is_named_before_anything_is_written(tmp_path: Path, recipe: str, side: str) -> None:
    sides = {"source": paint(tmp_path / "a", 3), "target": paint(tmp_path / "b", 3)}
    sides[side] = tmp_path / "empty"
    sides[side].mkdir()
    with pytest.raises(DataError, match=rf"The {side} side .*empty holds no file"):
        train(recipe, tmp_path / "runs", *(f"{key}={path}" for key, path in sides.items()))
    assert not (tmp_path / "runs").exists()


def test_one_picture_a_side_is_too_little_without_pairs_and_said_with_them(tmp_path: Path) -> None:
    words = [f"source={paint(tmp_path / 'a', 1)}", f"target={paint(tmp_path / 'b', 1, first=99)}"]
    for recipe in ("cyclegan", "cut"):
        with pytest.raises(DataError, match="holds one picture"):
            train(recipe, tmp_path / "runs", *words)
    run = train("pix2pix", tmp_path / "runs", *words)
    assert run.facts["finished"]
    assert "Nothing is held out" in said(run)


def test_two_strangers_a_side_are_enough_to_begin(tmp_path: Path) -> None:
    a, b = paint(tmp_path / "a", 2), paint(tmp_path / "b", 4, first=99)
    for number in (0, 1):
        (b / f"{number:02}.png").unlink()
    facts = train("cyclegan", tmp_path / "runs", f"source={a}", f"target={b}").facts["data"]
    assert (facts["train"], facts["selection"], facts["heldout"]) == (1, 0, 1)


def test_pictures_smaller_than_the_receptive_field_say_what_to_set(tmp_path: Path) -> None:
    words = [f"source={paint(tmp_path / 'a', 3)}", f"target={paint(tmp_path / 'b', 3)}", "codec.size=8"]
    for recipe in ("cyclegan", "cut"):
        with pytest.raises(
            SpecError, match=r"needs pictures of 12 pixels or more, but these have 8\. Set .*codec\.size"
        ):
            train(recipe, tmp_path / "runs", *words)
    with pytest.raises(DataError, match=r"largest is 16 pixels on its short side\. Set data\.tile lower"):
        train("restore-sr", tmp_path / "runs", f"data={tmp_path / 'a'}")


# --- what cannot be read -----------------------------------------------------------------------


def damage(folder: Path, *numbers: int) -> None:
    for number in numbers:
        (folder / f"{number:02}.png").write_bytes(b"nonsense")


def test_unreadable_pictures_of_either_side_are_reported_and_take_their_partners_along(tmp_path: Path) -> None:
    a, b = paint(tmp_path / "a", 40), paint(tmp_path / "b", 40, first=50)
    damage(a, 3, 4)
    damage(b, 4, 30)
    run = train("pix2pix", tmp_path / "runs", f"source={a}", f"target={b}")
    words = said(run)
    assert "\n2 could not be read: 04.png (not a picture in a format that can be read); 30.png" in words
    assert "Inputs: 2 could not be read: 03.png (not a picture in a format that can be read); 04.png" in words
    assert "3 pairs are left out, since one of their sides could not be read." in words
    data = opened(run.recipe.data, **run.recipe.codec)
    left = [
        name for view in (data.train, data.selection, data.heldout) for name in data.packed.names(view.part.head(99))
    ]
    assert sorted(left) == [f"{number:02}.png" for number in range(40) if number not in (3, 4, 30)]
    x, beside = data.train.gather(data.train.head(0, 99))
    assert beside is not None
    assert torch.allclose(x.float().mean((1, 2, 3)), beside.float().mean((1, 2, 3)) + 50, atol=3)


def test_unreadable_pictures_of_unpaired_sides_are_reported_and_skipped(tmp_path: Path) -> None:
    a, b = paint(tmp_path / "a", 40), paint(tmp_path / "b", 40, first=50)
    damage(a, 3)
    damage(b, 7, 8)
    run = train("cyclegan", tmp_path / "runs", f"source={a}", f"target={b}")
    assert "\n2 could not be read: 07.png" in said(run)
    assert "Inputs: 1 could not be read: 03.png" in said(run)
    assert (run.facts["data"]["count"], run.facts["finished"]) == (38, True)


def test_halves_that_are_no_pairs_are_reported_by_name(tmp_path: Path) -> None:
    for number in range(40):
        pixels = np.random.default_rng(number).integers(0, 255, (16, 32, 3), dtype=np.uint8)
        paint(tmp_path / "pairs", 0)
        Image.fromarray(pixels[:, : 16 if number == 5 else 32]).save(tmp_path / f"pairs/{number:02}.png")
    damage(tmp_path / "pairs", 6)
    words = str(opened(DataSettings(source="pairs", path=tmp_path / "pairs"), size=16).report.lines())
    assert "05.png: 16x16 is no pair side by side" in words
    assert "06.png cannot be read" in words


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_too_much_damage_is_an_error_that_names_the_side_and_the_files(tmp_path: Path, recipe: str) -> None:
    a, b = paint(tmp_path / "a", 20), paint(tmp_path / "b", 20, first=50)
    damage(a, *range(5))
    words = [f"source={a}", f"target={b}"]
    with pytest.raises(DataError, match=r"On the source side: 5 of 20 examples can't be read.*00\.png"):
        train(recipe, tmp_path / "runs", *words)
    damage(a, *range(20))
    with pytest.raises(DataError, match="On the source side: None of the sampled images can be read"):
        train(recipe, tmp_path / "runs", *words)
    assert not (tmp_path / "runs").exists()


# --- what is not given -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("cyclegan", ["source=", "target="]), ("cut", ["source=", "target="]), ("pix2pix", ["source=", "target="]),
        ("pix2pix", ["pairs="]), ("restore-sr", ["data="]), ("restore-inpaint", ["data="]),
    ],
)  # fmt: skip
def test_a_path_that_is_missing_is_told_in_full(tmp_path: Path, recipe: str, words: list[str]) -> None:
    there, gone = paint(tmp_path / "there", 3), tmp_path / "gone"
    for missing in words:
        given = [f"{word}{gone if word == missing else there}" for word in words]
        with pytest.raises(DataError, match=rf"{gone}, does not exist"):
            train(recipe, tmp_path / "runs", *given)


@pytest.mark.parametrize("recipe", ["cyclegan", "cut", "pix2pix", "restore-sr", "restore-deblur"])
def test_a_recipe_without_its_words_says_which_it_takes(tmp_path: Path, recipe: str) -> None:
    with pytest.raises(ConfigError, match=r"=FOLDER.*For example: mintage train \S+ \w+=\./"):
        train(recipe, tmp_path / "runs")


@pytest.mark.parametrize("recipe", ["cyclegan", "cut", "pix2pix"])
def test_half_of_the_words_is_not_enough(tmp_path: Path, recipe: str) -> None:
    side = paint(tmp_path / "a", 3)
    for word in ("source", "target"):
        with pytest.raises(MintageError, match="source=FOLDER"):
            train(recipe, tmp_path / "runs", f"{word}={side}")


def test_inputs_are_brought_or_made_but_not_both(tmp_path: Path) -> None:
    words = [f"source={paint(tmp_path / 'a', 3)}", f"target={paint(tmp_path / 'b', 3)}", "data.degrade.noise={}"]
    with pytest.raises(ConfigError, match="makes its own inputs"):
        train("pix2pix", tmp_path / "runs", *words)


def test_tiles_of_one_photograph_are_all_learned_and_it_is_said(tmp_path: Path) -> None:
    data = opened(DataSettings(source="photos", path=paint(tmp_path / "one", 1, side=64), tile=16))
    assert (len(data.train), len(data.selection), len(data.heldout)) == (16, 0, 0)
    assert any("Nothing is held out" in line for line in data.report.lines())
