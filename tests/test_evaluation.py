"""Judging as a user does it: a run, a folder against a folder, several side by side, and what cannot be judged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mintage
from mintage.errors import ConfigError, DataError, RunError
from tests.conftest import TINY

CHEAP = ("frechet_distance", "kernel_distance", "precision_recall")


@pytest.fixture(scope="module")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    return mintage.train(
        photos, overrides=[*TINY, "training.steps=4", "data.heldout=0.4"], out=tmp_path_factory.mktemp("r")
    )


@pytest.fixture(scope="module")
def fakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fakes")
    rng = np.random.default_rng(1)
    for index in range(60):
        Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(folder / f"{index}.png")
    return folder


def test_a_run_is_judged_by_what_it_held_out(run: mintage.Run) -> None:
    verdict = run.evaluate()
    assert verdict.step == 4
    assert verdict.protocol.split == "held-out"
    assert verdict.protocol.counts["real"] == 36
    for score in verdict.scores:
        assert score.low is None or score.high is None or score.low <= score.value <= score.high, score.name
        assert score.words, score.name
    assert verdict["frechet_distance"].floor < verdict["frechet_distance"].value
    kept = json.loads(next(run.directory.scores.glob("*.json")).read_text("utf-8"))
    assert kept["protocol_id"] == verdict.protocol.id
    assert verdict.protocol.id in run.directory.report.read_text("utf-8")
    assert run.directory.card.read_text("utf-8").startswith("---\n")
    assert run.directory.nearest.is_file()


def test_judging_again_gives_the_same(run: mintage.Run) -> None:
    one, two = (run.evaluate(metrics=CHEAP).as_dict() for _ in range(2))
    assert one["scores"] == two["scores"]
    assert one["protocol_id"] == two["protocol_id"]


def test_a_folder_is_judged_against_a_folder(fakes: Path, photos: Path, tmp_path: Path) -> None:
    verdict = mintage.evaluate(fakes, against=photos, out=tmp_path, metrics=CHEAP)
    assert verdict.protocol.counts == {"fake": 60, "real": 60, "control": 60, "train": 120}
    assert verdict["precision"].value < verdict["precision"].floor
    assert (tmp_path / "comparison.html").is_file()


def test_several_stand_side_by_side_under_one_protocol(
    run: mintage.Run, fakes: Path, photos: Path, tmp_path: Path
) -> None:
    verdicts = mintage.compare([run.path, fakes, photos], against=photos, samples=60, out=tmp_path, metrics=CHEAP)
    assert [verdict.judged for verdict in verdicts] == [run.path.name, fakes.name, photos.name]
    assert len({verdict.protocol.id for verdict in verdicts}) == 1
    assert verdicts[2]["kernel_distance"].value < verdicts[1]["kernel_distance"].value
    page = (tmp_path / "comparison.html").read_text("utf-8")
    assert all(verdict.judged in page for verdict in verdicts)


def test_the_sheet_that_generate_writes_is_no_sample(run: mintage.Run, photos: Path, tmp_path: Path) -> None:
    folder = run.generate(20).save(tmp_path / "made")
    verdict = mintage.evaluate(folder, against=photos, out=tmp_path / "out", metrics=("kernel_distance",))
    assert verdict.protocol.counts["fake"] == 20


def test_images_of_another_size_are_judged_and_said_to_be(photos: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    for index, path in enumerate(sorted(photos.rglob("*.png"))[:30]):
        with Image.open(path) as image:
            image.resize((50, 50 if index % 2 else 40)).convert("RGB").save(made / f"{index}.jpg")
    verdict = mintage.evaluate(made, against=photos, out=tmp_path / "out", metrics=("kernel_distance",))
    assert any("change of size" in remark for remark in verdict.remarks)
    assert any("JPEG" in remark for remark in verdict.remarks)


def test_what_cannot_be_judged_is_refused_with_a_reason(run: mintage.Run, photos: Path, tmp_path: Path) -> None:
    empty, one = tmp_path / "empty", tmp_path / "one"
    for folder in (empty, one):
        folder.mkdir()
    shutil.copy(next(photos.rglob("*.png")), one / "1.png")
    for made, against, message in [
        (empty, photos, "empty"),
        (one, photos, "holds 1 made examples, 10 are needed"),
        (photos, empty, "empty"),
        (photos, one, "holds 1 real examples, 40 are needed"),
    ]:
        with pytest.raises(DataError, match=message):
            mintage.evaluate(made, against=against, out=tmp_path / "out")
    with pytest.raises(ConfigError, match="--against"):
        mintage.compare([run.path, photos], out=tmp_path / "out")
    with pytest.raises(ConfigError, match="no 'frechet_distanc'"):
        run.evaluate(metrics=("frechet_distanc",))
    with pytest.raises(ConfigError, match="weights"):
        run.evaluate(embedding="inception", weights=tmp_path / "none.pth")
    with pytest.raises(RunError, match="no run"):
        mintage.load(tmp_path / "0099-none")


def test_a_run_that_held_nothing_out_says_what_to_do(photos: Path, tmp_path: Path) -> None:
    run = mintage.train(photos, overrides=[*TINY, "training.steps=2", "data.heldout=0"], out=tmp_path)
    with pytest.raises(DataError, match=r"20 are needed.*--against"):
        run.evaluate()


def test_scores_pick_the_best_checkpoint_and_patience_stops_the_run(photos: Path, tmp_path: Path) -> None:
    overrides = [*TINY, "training.steps=60", "training.checkpoint_every=1", "training.patience=3", "data.heldout=0.4"]
    run = mintage.train(photos, overrides=[*overrides, "training.lr=0.05"], out=tmp_path)
    rows = [json.loads(line) for line in run.directory.log.read_text("utf-8").splitlines()]
    scores = [row for row in rows if row.get("event") == "score"]
    best = min(scores, key=lambda row: row["value"])
    assert [row["best"] for row in scores[-3:]] == [False] * 3
    assert best["best"]
    (stop,) = [row for row in rows if row.get("event") == "early_stop"]
    assert stop["step"] == run.facts["steps"] < 60
    assert not run.facts["finished"]
    assert (run.directory.checkpoints / f"{best['step']:07}").is_dir()


def test_a_run_that_knows_classes_is_judged_by_a_folder_that_names_none(
    run: mintage.Run, photos: Path, tmp_path: Path
) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in photos.rglob("*.png"):
        shutil.copy(path, flat / path.name)
    (verdict,) = mintage.compare([run.path], against=flat, samples=60, out=tmp_path / "out")
    assert "recognition_rate" in verdict
    assert "discriminator_rate" not in verdict
    assert "gan_train" not in verdict
