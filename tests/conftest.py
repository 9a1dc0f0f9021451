"""Small real data and tiny recipes that many tests learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mintage
from mintage.cli import main

TINY = ["model.name=dcgan", "model.width=8", "model.latent_dim=8", "training.batch=8", "training.frames=3"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINTAGE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # processes that a test starts count as this one does


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)  # tiny tensors: threads would only wait for each other


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 120 small pictures in two classes: bright discs and dark bars."""
    root = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:28, :28]
    for index in range(120):
        centre, size = rng.uniform(9, 19, 2), rng.uniform(4, 9)
        if index % 2:
            picture = 255 * ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < size**2)
        else:
            picture = 90 * (abs(rows - centre[0]) < size / 2)
        folder = root / ("disc" if index % 2 else "bar")
        folder.mkdir(exist_ok=True)
        noise = rng.integers(0, 40, (28, 28))
        Image.fromarray((picture + noise).clip(0, 255).astype(np.uint8)).save(folder / f"{index:03}.png")
    return root


@pytest.fixture(scope="session")
def drawing_run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    """A run that learned to draw them for a moment, alone in its folder."""
    return mintage.train(photos, overrides=[*TINY, "training.steps=6"], out=tmp_path_factory.mktemp("drawing"))


@pytest.fixture(scope="session")
def writing_run(tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    """A run that learned to write a rhyme for a moment, alone in its folder."""
    text = tmp_path_factory.mktemp("rhyme") / "rhyme.txt"
    text.write_text("the cat sat on the mat and ate the rat.\n" * 200, "utf-8")
    tiny = ["model.width=16", "model.layers=1", "model.heads=2", "model.slots=256", "data.context=16"]
    out = tmp_path_factory.mktemp("writing")
    return mintage.train(text, overrides=[*tiny, "training.batch=4", "training.steps=3", "training.frames=2"], out=out)


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A csv of 700 days of trading of two shares."""
    pd = pytest.importorskip("pandas")
    steps = 0.02 * np.random.default_rng(0).standard_normal((700, 2)) + 0.004
    frame = pd.DataFrame((100 * np.exp(steps.cumsum(0))).round(2), columns=["a", "b"])
    frame.insert(0, "Date", pd.bdate_range("2020-01-01", periods=700))
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def series_run(prices: Path, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    """A run that looked at them for a second, with the last two fifths held out."""
    tiny = ["model.width=8", "training.batch=4", "training.frames=2", "training.steps=30"]
    return mintage.train(
        prices, overrides=[*tiny, "data.context=30", "data.heldout=0.4"], out=tmp_path_factory.mktemp("series")
    )


def failed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """The one line that the command line ends with when it refuses what a person typed."""
    monkeypatch.setattr("sys.argv", ["mintage", *words])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 2
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    return error
