"""Photographs cut into tiles: every pixel once, each file decoded once, and never two of them in memory."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mintage.sources.photos as room
from mintage.codecs.image import ImageCodec
from mintage.data.packing import pack
from mintage.errors import DataError
from mintage.sources.photos import Photos


def paint(file: Path, width: int, height: int, seed: int = 0, **how: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, **how)  # type: ignore[arg-type]
    return file


def test_tiles_cover_a_photograph_once_around_its_centre(tmp_path: Path) -> None:
    whole = np.asarray(Image.open(paint(tmp_path / "a.png", 70, 50)))
    photos = Photos(tmp_path, tile=16)
    assert len(photos) == 4 * 3
    assert [photos[k].name for k in (0, 1, 4)] == ["a.png#3,1", "a.png#19,1", "a.png#3,17"]
    rows = [np.concatenate([np.asarray(photos[4 * y + x].x) for x in range(4)], 1) for y in range(3)]
    assert np.array_equal(np.concatenate(rows), whole[1:49, 3:67])


def test_a_photograph_is_cut_as_it_is_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    paint(tmp_path / "a.jpg", 64, 32, exif=exif)
    photos = Photos(tmp_path, tile=32)
    assert [photos[k].name for k in range(len(photos))] == ["a.jpg#0,0", "a.jpg#0,32"]
    assert photos[1].x.size == (32, 32)


def test_each_photograph_is_decoded_once_however_many_tiles_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        paint(tmp_path / f"{number}.png", 64, 64, number)
    photos = Photos(tmp_path, tile=16)
    decoded: list[int] = []
    decode = photos._decoded
    monkeypatch.setattr(photos, "_decoded", lambda photo: (decoded.append(photo), decode(photo))[1])
    assert len([photos[k] for k in range(len(photos))]) == 48
    assert decoded == [0, 1, 2]


def test_packing_large_photographs_takes_the_memory_of_one(tmp_path: Path) -> None:
    for number in range(6):
        paint(tmp_path / "data" / f"{number}.png", 640, 640, number, compress_level=0)
    photos = Photos(tmp_path / "data", tile=64)
    tracemalloc.start()  # what Python and NumPy hold; Pillow's own buffers are at most one photograph by the test above
    packed, report = pack(photos, ImageCodec(size=64), tmp_path / "cache")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert packed.x.shape == (6 * 100, 64, 64, 3)
    assert report.num_unreadable == 0
    assert peak < packed.x.nbytes  # 7.4 MB in all


def test_small_photographs_are_left_out_and_named(tmp_path: Path) -> None:
    paint(tmp_path / "large.png", 32, 32)
    paint(tmp_path / "small.png", 40, 20)
    photos = Photos(tmp_path, tile=32)
    assert len(photos) == 1
    assert photos.remarks == ("1 photographs are smaller than a tile of 32 pixels and left out: small.png.",)


def test_photographs_that_are_all_too_small_say_what_would_fit(tmp_path: Path) -> None:
    paint(tmp_path / "small.png", 40, 20)
    with pytest.raises(DataError, match=r"a tile of 32 pixels; the largest is 20 pixels.*Set data\.tile lower"):
        Photos(tmp_path, tile=32)


def test_what_cannot_be_read_is_reported_and_the_rest_is_packed(tmp_path: Path) -> None:
    for number in range(12):
        paint(tmp_path / "data" / f"{number:02}.png", 64, 64, number)
    (tmp_path / "data/03.png").write_bytes(b"nonsense")
    cut = tmp_path / "data/05.png"
    cut.write_bytes(cut.read_bytes()[:6000])  # its header is whole
    photos = Photos(tmp_path / "data", tile=32)
    packed, report = pack(photos, ImageCodec(), tmp_path / "cache", max_bad=0.2)
    assert len(packed) == 10 * 4
    assert report.num_unreadable == 1 + 4
    assert all(name in str(report.unreadable) for name in ("03.png cannot be read", "05.png cannot be read"))
    assert packed.names([0, 12])[1].startswith("04.png#")


def test_nothing_but_damage_is_not_called_small(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"Not one photograph in .* can be read"):
        Photos(tmp_path)


def test_of_too_many_tiles_an_even_choice_is_taken_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_MOST", 10)
    for number in range(4):
        paint(tmp_path / f"{number}.png", 64, 64)
    (tmp_path / "2.png").write_bytes(b"nonsense")
    photos = Photos(tmp_path, tile=16)
    taken = [place[0] for place in photos._places]
    assert [taken.count(photo) for photo in range(4)] == [4, 3, 1, 3]  # the damaged one stays, to be reported
    assert photos.remarks == ("Of 48 tiles an even choice of 10 is taken.",)


def test_a_zip_of_photographs_gives_the_same_tiles(tmp_path: Path) -> None:
    for number in range(2):
        paint(tmp_path / "data" / f"{number}.png", 40, 40, number)
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for file in sorted((tmp_path / "data").iterdir()):
            archive.write(file, f"data/{file.name}")
    folder, archived = (Photos(tmp_path / name, tile=16) for name in ("data", "data.zip"))
    assert len(folder) == len(archived) == 8
    for k in range(8):
        assert folder[k].name == archived[k].name
        assert np.array_equal(np.asarray(folder[k].x), np.asarray(archived[k].x))


def test_another_tile_is_another_fingerprint(tmp_path: Path) -> None:
    paint(tmp_path / "a.png", 64, 64)
    one, other, again = Photos(tmp_path, 16), Photos(tmp_path, 32), Photos(tmp_path, 16)
    assert one.fingerprint() == again.fingerprint() != other.fingerprint()
    assert one.stamp() == again.stamp() != other.stamp()
    assert not Photos.accepts(tmp_path)
