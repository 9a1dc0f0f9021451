"""Archives of every kind give the bytes of their images and survive damage."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mintage.errors import DataError
from mintage.sources import archive
from mintage.sources.archive import Archive

FORMATS = ["set.zip", "set.tar", "set.tar.gz", "set.tgz", "set.tar.xz", "set.tar.bz2"]
MODES = {"set.tar": "w", "set.tar.gz": "w:gz", "set.tgz": "w:gz", "set.tar.xz": "w:xz", "set.tar.bz2": "w:bz2"}


def picture(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (4, 4), level).save(file, "PNG")
    return file.getvalue()


def make(path: Path, members: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as made:
            for name, data in members.items():
                made.writestr(name, data)
        return path
    with tarfile.open(path, MODES[path.name]) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def level(data: bytes) -> int:
    return int(np.asarray(Image.open(io.BytesIO(data)))[0, 0])


@pytest.mark.parametrize("name", FORMATS)
def test_members_are_read_as_bytes_with_their_classes(tmp_path: Path, name: str) -> None:
    members = {f"./photos/{'ab'[n % 2]}/{n}.PNG": picture(n) for n in range(6)}
    members |= {"__MACOSX/photos/a/._0.png": b"x", "photos/a/.hidden.png": b"x", "photos/readme.txt": b"x"}
    source = Archive(make(tmp_path / name, members))
    assert Archive.accepts(tmp_path / name)
    assert source.classes == ("a", "b")
    assert [(level(source[n].x), source[n].condition) for n in range(6)] == [(n, n % 2) for n in range(6)]
    assert source[0].name == "photos/a/0.PNG"
    assert level(source[1].x) == 1, "a step back in a stream starts it anew"
    assert [file.name for file in tmp_path.iterdir()] == [name], "nothing is unpacked"


@pytest.mark.parametrize("name", FORMATS)
def test_the_last_of_two_members_of_one_name_counts(tmp_path: Path, name: str) -> None:
    path = make(tmp_path / name, {"1.png": picture(1), "2.png": picture(2)})
    if name == "set.zip":
        with zipfile.ZipFile(path, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("1.png", picture(9))
    elif name == "set.tar":
        with tarfile.open(path, "a") as tar:
            info = tarfile.TarInfo("1.png")
            info.size = len(picture(9))
            tar.addfile(info, io.BytesIO(picture(9)))
    else:
        pytest.skip("compressed archives can't be added to")
    source = Archive(path)
    assert sorted(level(source[n].x) for n in range(len(source))) == [2, 9]


def test_names_that_climb_out_or_start_at_the_root_are_harmless(tmp_path: Path) -> None:
    source = Archive(make(tmp_path / "set.zip", {"../../evil.png": picture(1), "/etc/good.png": picture(2)}))
    assert [source[n].name for n in range(len(source))] == ["etc/good.png"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_cut_archive_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(0)
    path = make(tmp_path / name, {f"{n}.png": rng.bytes(5000) for n in range(8)})
    path.write_bytes(path.read_bytes()[:20000])
    with pytest.raises(DataError, match=f"{name} is damaged"):
        Archive(path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_no_archive_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"This is not an archive. " * 100)
    with pytest.raises(DataError, match="damaged"):
        Archive(tmp_path / name)
    with pytest.raises(DataError, match="does not exist"):
        Archive(tmp_path / f"missing-{name}")


def test_a_member_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LARGEST", 1 << 20)
    for name in ("set.zip", "set.tar.gz"):
        source = Archive(make(tmp_path / name, {"1.png": picture(1), "bomb.png": bytes(2 << 20)}))
        assert level(source[0].x) == 1
        with pytest.raises(DataError, match=r"bomb\.png.*2 MiB"):
            source[1]


def test_a_damaged_member_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    path = make(tmp_path / "set.zip", {"1.png": picture(1), "2.png": picture(2)})
    data = bytearray(path.read_bytes())
    data[45] ^= 255
    path.write_bytes(data)
    source = Archive(path)
    with pytest.raises(DataError, match=r"1\.png"):
        source[0]
    assert level(source[1].x) == 2


def test_an_archive_without_images_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no file that can be read"):
        Archive(make(tmp_path / "set.zip", {"a.txt": b"x"}))


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    one = Archive(make(tmp_path / "set.tar", {"1.png": picture(1)})).fingerprint()
    assert one != Archive(make(tmp_path / "set.tar", {"1.png": picture(2)})).fingerprint()
