"""Idx files come back as they were written."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mintage.errors import DataError
from mintage.sources.idx import Idx


def write(file: Path, values: NDArray[np.uint8]) -> Path:
    head = bytes([0, 0, 8, values.ndim]) + b"".join(side.to_bytes(4, "big") for side in values.shape)
    data = head + values.tobytes()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
    return file


def lay(folder: Path, prefix: str, images: NDArray[np.uint8], labels: NDArray[np.uint8], ending: str = "") -> None:
    write(folder / f"{prefix}-images-idx3-ubyte{ending}", images)
    write(folder / f"{prefix}-labels-idx1-ubyte{ending}", labels)


@pytest.fixture
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (20, 6, 5), dtype=np.uint8)


LABELS = np.arange(20, dtype=np.uint8) % 10


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_images_and_labels_come_back_as_they_were_written(
    tmp_path: Path, images: NDArray[np.uint8], ending: str
) -> None:
    lay(tmp_path, "train", images, LABELS, ending)
    source = Idx(tmp_path)
    assert source.classes == tuple("0123456789")
    assert all(np.array_equal(source[n].x, images[n]) for n in range(20))
    assert [source[n].condition for n in range(20)] == LABELS.tolist()
    assert Idx.accepts(tmp_path)


def test_packed_or_not_the_fingerprint_is_the_same(tmp_path: Path, images: NDArray[np.uint8]) -> None:
    lay(tmp_path / "plain", "train", images, LABELS)
    lay(tmp_path / "packed", "train", images, LABELS, ".gz")
    lay(tmp_path / "other", "train", images, LABELS[::-1].copy())
    assert Idx(tmp_path / "plain").fingerprint() == Idx(tmp_path / "packed").fingerprint()
    assert Idx(tmp_path / "plain").fingerprint() != Idx(tmp_path / "other").fingerprint()


def test_train_is_preferred_and_test_can_be_had(tmp_path: Path, images: NDArray[np.uint8]) -> None:
    lay(tmp_path, "t10k", images[:5], LABELS[:5])
    lay(tmp_path, "other", images[:4], LABELS[:4])
    with pytest.raises(DataError, match="no train split"):
        Idx(tmp_path)
    lay(tmp_path, "train", images, LABELS)
    assert len(Idx(tmp_path)) == 20
    assert len(Idx(tmp_path, split="test")) == 5
    assert len(Idx(tmp_path / "t10k-images-idx3-ubyte")) == 5


def test_labels_with_gaps_make_no_empty_class(tmp_path: Path, images: NDArray[np.uint8]) -> None:
    lay(tmp_path, "train", images, np.where(LABELS > 4, 7, 3).astype(np.uint8))
    source = Idx(tmp_path)
    assert source.classes == ("3", "7")
    assert source[19].condition == 1


def test_without_labels_there_are_no_classes(tmp_path: Path, images: NDArray[np.uint8]) -> None:
    source = Idx(write(tmp_path / "letters-images.idx3-ubyte", images))
    assert source.classes == ()
    assert source[0].condition is None


def test_a_folder_called_fashion_gets_the_names(tmp_path: Path, images: NDArray[np.uint8]) -> None:
    lay(tmp_path / "Fashion-MNIST", "train", images, LABELS)
    assert Idx(tmp_path / "Fashion-MNIST").classes[:2] == ("t-shirt", "trousers")


def test_damage_is_named(tmp_path: Path, images: NDArray[np.uint8]) -> None:
    file = write(tmp_path / "train-images-idx3-ubyte.gz", images)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(DataError, match="cannot be read"):
        Idx(tmp_path)
    file.write_bytes(gzip.compress(b"\0\0\x0d\3" + bytes(100)))
    with pytest.raises(DataError, match="not an idx file"):
        Idx(tmp_path)
    file.write_bytes(gzip.compress(gzip.decompress(write(file, images).read_bytes())[:-1]))
    with pytest.raises(DataError, match="damaged"):
        Idx(tmp_path)
    lay(tmp_path, "train", images, LABELS[:7], ".gz")
    with pytest.raises(DataError, match="of one set"):
        Idx(tmp_path)


def test_a_folder_without_idx_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no idx images"):
        Idx(tmp_path)
    assert not Idx.accepts(tmp_path)
