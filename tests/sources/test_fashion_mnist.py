"""The built-in images are the right ones, and a download is checked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from mintage.errors import DataError
from mintage.sources.fashion_mnist import FashionMNIST
from mintage.sources.idx import Idx


def test_ten_thousand_images_come_with_mintage_a_thousand_a_class() -> None:
    source = FashionMNIST()
    labels = [source[n].condition for n in range(len(source))]
    assert np.bincount(labels).tolist() == [1000] * 10
    assert source[0].x.shape == (28, 28)
    assert source[0].x.dtype == np.uint8
    assert source.classes[source[0].condition] == "ankle-boot"


def test_the_built_in_images_are_the_ones_that_were_packed() -> None:
    source = FashionMNIST()
    pixels = b"".join(source[n].x.tobytes() for n in range(len(source)))
    assert hashlib.sha256(pixels).hexdigest() == "e1427044c614fabc29feeff0f27e6b68f88a9ee2f2cfe7d783b9157159864883"
    assert source.fingerprint() == FashionMNIST().fingerprint()


def test_its_licence_lies_beside_it_and_the_whole_is_small() -> None:
    import mintage.sources.fashion_mnist as package

    folder = Path(str(package.__file__)).parent
    assert "Zalando SE" in (folder / "LICENSE").read_text()
    assert sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) < 4_500_000


def test_a_fetch_without_a_network_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FashionMNIST, "ADDRESS", "http://127.0.0.1:9/")
    with pytest.raises(DataError, match=r"cannot be downloaded.*built-in"):
        FashionMNIST.fetch(tmp_path / "set")
    assert not list((tmp_path / "set").iterdir())


def test_a_file_with_another_hash_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FashionMNIST.FILES:
        (tmp_path / name).write_bytes(b"something else")
    monkeypatch.setattr(FashionMNIST, "ADDRESS", tmp_path.as_uri() + "/")
    with pytest.raises(DataError, match="hash differs"):
        FashionMNIST.fetch(tmp_path / "set")
    assert not list((tmp_path / "set").iterdir())


@pytest.mark.data
@pytest.mark.skipif("MINTAGE_TEST_DATA" not in os.environ, reason="needs MINTAGE_TEST_DATA/fashion-mnist")
def test_the_full_set_is_fetched_checked_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    official = Path(os.environ["MINTAGE_TEST_DATA"]) / "fashion-mnist"
    monkeypatch.setattr(FashionMNIST, "ADDRESS", official.as_uri() + "/")
    seen: list[tuple[int, int]] = []
    folder = FashionMNIST.fetch(tmp_path / "set", lambda done, of: seen.append((done, of)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(FashionMNIST(folder)) == 60_000
    assert Idx(folder).classes == FashionMNIST.CLASSES, "recognised by its pixels"
    assert len(Idx(folder, split="test")) == 10_000
    full, part = Idx(folder), FashionMNIST()
    assert np.array_equal(full[0].x, part[0].x)
    monkeypatch.setattr(FashionMNIST, "ADDRESS", "http://127.0.0.1:9/")
    FashionMNIST.fetch(folder)  # whole files are kept
