"""The public face: train, load, generate, walk, neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mintage
import mintage.errors
from mintage.api import Run
from mintage.errors import ConfigError, DataError, RunError
from tests.conftest import TINY


@pytest.fixture(scope="module")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return mintage.train(photos, overrides=[*TINY, "training.steps=60"], out=tmp_path_factory.mktemp("runs"))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


def test_a_run_holds_all_that_the_design_promises(run: Run) -> None:
    for name in ("recipe.toml", "run.json", "codec.json", "data.json", "log.jsonl", "report.html"):
        assert (run.path / name).stat().st_size > 0
    assert run.directory.reals.exists()
    assert run.directory.film.exists()
    assert len(run.directory.sample_sheets()) == 3
    assert run.facts["finished"]
    assert run.classes == ("bar", "disc")


def test_a_seed_names_the_same_samples_however_many_are_drawn(run: Run) -> None:
    few, many = run.generate(3, seed=7), run.generate(70, seed=7)
    assert all(np.array_equal(pixels(a), pixels(b)) for a, b in zip(few, many, strict=False))
    assert not np.array_equal(pixels(few[0]), pixels(run.generate(1, seed=8)[0]))


def test_classes_are_asked_for_by_name_or_number(run: Run) -> None:
    named, numbered = run.generate(2, seed=1, of="Disc"), run.generate(2, seed=1, of=1)
    assert np.array_equal(pixels(named[1]), pixels(numbered[1]))
    with pytest.raises(ConfigError, match="Did you mean 'disc'"):
        run.generate(1, of="disk")
    with pytest.raises(ConfigError, match="classes 0 to 1"):
        run.generate(1, of=2)


def test_files_carry_their_origin_and_like_finds_it_again(run: Run, tmp_path: Path) -> None:
    made = run.generate(5, seed=3)
    folder = made.save(tmp_path / "out")
    assert len(list(folder.glob("0*.png"))) == 5
    assert (folder / "sheet.png").exists()
    again = run.generate(4, like=folder / "00003.png")
    assert np.array_equal(pixels(again[0]), pixels(made[3]))
    assert len({pixels(image).tobytes() for image in again}) == 4
    kept = run.generate(3, like=again.save(tmp_path / "near") / "00002.png", spread=0)
    assert np.array_equal(pixels(kept[0]), pixels(kept[2]))


def test_a_foreign_picture_has_no_neighbours(run: Run, tmp_path: Path) -> None:
    Image.new("L", (28, 28)).save(tmp_path / "foreign.png")
    with pytest.raises(DataError, match="does not say how it was made"):
        run.generate(1, like=tmp_path / "foreign.png")


def test_a_walk_is_an_animation_that_ends_where_it_began(run: Run, tmp_path: Path) -> None:
    path = run.walk(tmp_path / "walk.webp", stops=3, frames=12)
    with Image.open(path) as film:
        assert film.n_frames == 12  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"\.webp"):
        run.walk(tmp_path / "walk.gif")


def test_a_kept_recipe_runs_again_to_the_same_weights(run: Run, tmp_path: Path) -> None:
    again = mintage.train(run.directory.recipe, out=tmp_path)
    assert np.array_equal(pixels(run.generate(1)[0]), pixels(again.generate(1)[0]))


def test_missing_runs_and_checkpoints_are_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no run"):
        mintage.load(tmp_path / "nothing")
    with pytest.raises(RunError, match="Did you mean"):
        mintage.load(run.path.parent)
    with pytest.raises(RunError, match="it has 60"):
        run.generate(1, step=5)


def test_a_budget_chooses_size_and_length(photos: Path, tmp_path: Path) -> None:
    words = ["training.batch=8", "training.frames=2", "training.precision=float32", "training.channels_last=false"]
    run = mintage.train(photos, budget="2s", overrides=words, out=tmp_path)
    assert run.facts["finished"]
    assert run.facts["seconds"] < 20


def test_settings_that_do_not_fit_are_refused_with_a_hint(photos: Path, tmp_path: Path) -> None:
    for overrides, message in {
        ("training.stpes=3",): "steps",
        ("model.widht=3",): "width",
        ("model.name=dcgam",): "dcgan",
        ("training.batch=7", "training.accumulate=2"): "multiple of 2",
        ("codec.size=30",): "4 or 7 times",
    }.items():
        with pytest.raises((ConfigError, mintage.errors.SpecError), match=message):
            mintage.train(photos, overrides=overrides, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_set_shown_many_times_over_is_augmented_unless_the_recipe_says_otherwise(photos: Path) -> None:
    from mintage.experiment import suited
    from mintage.opening import open_data
    from mintage.recipe import DataSettings, resolve
    from mintage.storage import cache_folder

    data, _, _ = open_data(DataSettings(path=photos), {}, 0, cache_folder())
    device = torch.device("cpu")
    often, once = suited(data, 1_000_000, device), suited(data, 100, device)
    assert resolve({}, often)[0].model["stakes"]["augment"]
    assert not resolve({}, once)[0].model["stakes"]["augment"]
    assert not resolve({"model": {"stakes": {"augment": []}}}, often)[0].model["stakes"]["augment"]


def test_counts_stand_beside_a_text_that_is_not_too_large_to_be_counted(tmp_path: Path) -> None:
    from dataclasses import replace

    from mintage.data.tokens import TokenPart
    from mintage.experiment import MOST_COUNTED, suited
    from mintage.opening import open_data
    from mintage.recipe import DataSettings, resolve
    from mintage.storage import cache_folder

    (tmp_path / "plain.txt").write_text("to be or not to be, that is the question. " * 20)
    data, _, _ = open_data(DataSettings(path=tmp_path / "plain.txt", context=16), {}, 0, cache_folder())
    device = torch.device("cpu")
    assert resolve({}, suited(data, 0, device))[0].model["counted"] > 0
    large = replace(data, train=replace(data.train, part=TokenPart(np.array([[0, MOST_COUNTED + 1]]))))
    assert resolve({}, suited(large, 0, device))[0].model["counted"] == 0
    assert resolve({"model": {"counted": 3}}, suited(large, 0, device))[0].model["counted"] == 3
