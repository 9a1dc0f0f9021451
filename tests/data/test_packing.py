"""Packing: once, in order, whole or not at all, whatever happens to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
import zipfile
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mintage.codecs.image import ImageCodec
from mintage.data import duplicates
from mintage.data.packing import Packed, pack
from mintage.errors import DataError
from mintage.sources.archive import Archive
from mintage.sources.folder import Folder

CODEC = ImageCodec(size=8)


def paint(folder: Path, names: list[str], seed: int = 0) -> list[np.ndarray]:
    """Different pictures of 12x8 pixels; returns the middle squares."""
    rng = np.random.default_rng(seed)
    made = []
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        array = rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)
        Image.fromarray(array).save(folder / name)
        made.append(array[:, 2:10])
    return made


def test_a_folder_becomes_rows_in_order_with_their_classes(tmp_path: Path) -> None:
    squares = paint(tmp_path / "set", [f"{'ab'[n // 40]}/{n:02}.png" for n in range(80)])
    seen: list[tuple[int, int]] = []
    packed, report = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache", progress=lambda *at: seen.append(at))
    assert np.array_equal(packed.x, np.stack(squares))
    assert packed.condition is not None
    assert packed.condition.tolist() == [0] * 40 + [1] * 40
    assert packed.classes == ("a", "b")
    assert packed.codec.spec.shape == (3, 8, 8)
    assert packed.names([79, 0]) == ["b/79.png", "a/00.png"]
    assert packed.verify()
    assert seen == [(32, 80), (64, 80), (80, 80)]
    assert report.count == 80
    assert report.classes == {"a": 40, "b": 40}
    assert report.done == {"cropped": 80}
    assert report.widths == (12, 12, 12)


def test_gather_gives_fresh_tensors_in_any_order(tmp_path: Path) -> None:
    squares = paint(tmp_path / "set", [f"{'ab'[n % 2]}/{n}.png" for n in range(6)])
    packed, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    x, condition = packed.gather(np.array([5, 0, 5]))
    assert condition is not None
    assert condition.tolist() == [1, 0, 1]
    assert x.dtype == torch.uint8
    assert np.array_equal(x[0], squares[5])
    x.zero_()
    assert np.array_equal(packed.gather(np.array([5]))[0][0], squares[5]), "the disk is not written to"
    with pytest.raises(ValueError, match="read-only"):
        packed.x[0] = 0


def test_packed_arrays_can_be_made_without_a_disk() -> None:
    packed = Packed(np.zeros((4, 2, 2, 1), np.uint8), None, (), ImageCodec(size=2, channels=1), "none")
    x, condition = packed.gather(np.array([3, 1]))
    assert x.shape == (2, 2, 2, 1)
    assert condition is None
    assert packed.names([3]) == ["3"]


def test_the_same_data_and_codec_are_packed_once(tmp_path: Path) -> None:
    paint(tmp_path / "set", ["1.png", "2.png"])
    _, report = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")

    def never(done: int, of: int) -> None:
        raise AssertionError

    shutil.copytree(tmp_path / "set", tmp_path / "moved")
    packed, again = pack(Folder(tmp_path / "moved"), CODEC, tmp_path / "cache", progress=never)
    assert again == report
    assert packed.folder is not None
    other, _ = pack(Folder(tmp_path / "set"), ImageCodec(size=4), tmp_path / "cache")
    assert other.folder != packed.folder
    paint(tmp_path / "set", ["2.png"], seed=9)
    changed, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert changed.folder != packed.folder


def test_the_codec_is_fitted_to_the_data(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 70), np.uint8)).save(tmp_path / "1.png")
    packed, report = pack(Folder(tmp_path), ImageCodec(), tmp_path / "cache")
    assert packed.codec == ImageCodec(size=32, channels=1, white=65535)
    assert report.stored == (32, 32, 1)


def test_bad_files_are_left_out_and_named(tmp_path: Path) -> None:
    squares = paint(tmp_path / "set", [f"{'ab'[n % 2]}/{n:02}.png" for n in range(40)])
    (tmp_path / "set/a/04.png").write_bytes(b"")
    (tmp_path / "set/b/05.png").write_text("not an image")
    packed, report = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert len(packed) == 38
    assert dict(report.unreadable) == {
        "a/04.png": "the file is empty",
        "b/05.png": "not a picture in a format that can be read",
    }
    assert report.classes == {"a": 19, "b": 19}
    assert packed.condition is not None
    assert packed.condition.tolist() == [0] * 19 + [1] * 19
    assert np.array_equal(packed.x[2], squares[6])
    assert packed.names([2, 37]) == ["a/06.png", "b/39.png"]
    assert any("2 could not be read" in line for line in report.lines())


def test_too_many_bad_files_stop_with_the_first_few_names(tmp_path: Path) -> None:
    paint(tmp_path / "set", [f"{n}.png" for n in range(8)])
    (tmp_path / "set/7.png").write_bytes(b"")
    source = Folder(tmp_path / "set")
    with pytest.raises(DataError, match=r"1 of 8 .* at most 10%.*7\.png \(the file is empty\)"):
        pack(source, CODEC, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob(".packing-*"))
    packed, _ = pack(source, CODEC, tmp_path / "cache", max_bad=0.2)
    assert len(packed) == 7
    with pytest.raises(DataError, match="1 of 8"):
        pack(source, CODEC, tmp_path / "cache")  # also when the cache has it


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"junk")
    with pytest.raises(DataError, match="None of the sampled images"):
        pack(Folder(tmp_path), CODEC, tmp_path / "cache", max_bad=1)


def test_an_archive_packs_as_its_folder_does(tmp_path: Path) -> None:
    paint(tmp_path / "set", [f"{'ab'[n % 2]}/{n:02}.png" for n in range(40)])
    folder, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert folder.condition is not None
    for kind in ("zip", "gztar"):
        source = Archive(Path(shutil.make_archive(str(tmp_path / "made"), kind, tmp_path, "set")))
        packed, report = pack(source, CODEC, tmp_path / "cache")
        order = np.argsort(packed.names(range(40)))
        assert packed.condition is not None
        assert np.array_equal(packed.x[order], folder.x)
        assert np.array_equal(packed.condition[order], folder.condition)
        assert report.classes == {"a": 20, "b": 20}


def test_a_bad_member_of_an_archive_is_named(tmp_path: Path) -> None:
    paint(tmp_path / "set", [f"{n:02}.png" for n in range(30)])
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as made:
        for file in sorted((tmp_path / "set").iterdir()):
            made.write(file, file.name)
    data = bytearray((tmp_path / "set.zip").read_bytes())
    data[60] ^= 255
    (tmp_path / "set.zip").write_bytes(data)
    packed, report = pack(Archive(tmp_path / "set.zip"), CODEC, tmp_path / "cache")
    assert len(packed) == 29
    assert "00.png" in report.unreadable[0][1]


def test_planted_copies_are_reported_by_name(tmp_path: Path) -> None:
    paint(tmp_path / "set", [f"{n}.png" for n in range(9)])
    shutil.copy(tmp_path / "set/3.png", tmp_path / "set/copy.png")
    Image.open(tmp_path / "set/3.png").save(tmp_path / "set/other_format.bmp")
    array = np.asarray(Image.open(tmp_path / "set/5.png")).astype(int)
    Image.fromarray(np.clip(array + 2, 0, 255).astype(np.uint8)).save(tmp_path / "set/brighter.png")
    _, report = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert report.copies == (("3.png", "copy.png", "other_format.bmp"),)
    assert (report.num_copies, report.num_near) == (2, 1)
    assert report.near == (("5.png", "brighter.png"),)


def test_an_interrupted_packing_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    paint(tmp_path / "set", [f"{n:03}.png" for n in range(100)])

    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache", progress=interrupt)
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["stamps"]
    packed, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert len(packed) == 100


def test_a_killed_packing_leaves_nothing_that_is_used_and_is_cleared_later(tmp_path: Path) -> None:
    paint(tmp_path / "set", [f"{n:03}.png" for n in range(100)])
    script = f"""
        import os, signal
        from pathlib import Path
        from mintage.codecs.image import ImageCodec
        from mintage.data.packing import pack
        from mintage.sources.folder import Folder
        kill = lambda done, of: os.kill(os.getpid(), signal.SIGKILL)
        source, cache = Folder(Path({str(tmp_path / "set")!r})), Path({str(tmp_path / "cache")!r})
        pack(source, ImageCodec(size=8), cache, progress=kill)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = (tmp_path / "cache").glob(".packing-*")
    packed, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert len(packed) == 100
    assert left.exists(), "it might belong to a live process"
    long_ago = time.time() - 48 * 3600
    for file in (*left.iterdir(), left):
        os.utime(file, (long_ago, long_ago))
    pack(Folder(tmp_path / "set"), ImageCodec(size=4), tmp_path / "cache")
    assert not left.exists()


@pytest.mark.parametrize("harm", ["cut", "no meta", "half a meta"])
def test_a_damaged_cache_is_packed_again(tmp_path: Path, harm: str) -> None:
    squares = paint(tmp_path / "set", ["1.png", "2.png"])
    packed, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    folder = packed.folder
    assert folder is not None
    del packed
    if harm == "cut":
        os.truncate(folder / "x.bin", 100)
    elif harm == "no meta":
        (folder / "meta.json").unlink()
    else:
        (folder / "meta.json").write_text((folder / "meta.json").read_text()[:50])
    with pytest.raises(DataError, match="not a whole packing"):
        Packed.open(folder, ImageCodec)
    again, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert np.array_equal(again.x, np.stack(squares))


def test_a_changed_bit_is_noticed_by_verify(tmp_path: Path) -> None:
    paint(tmp_path / "set", ["1.png", "2.png"])
    packed, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert packed.folder is not None
    data = bytearray((packed.folder / "x.bin").read_bytes())
    data[7] ^= 1
    (packed.folder / "x.bin").write_bytes(data)
    assert not packed.verify()


def test_packers_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    squares = paint(tmp_path / "set", [f"{n:03}.png" for n in range(100)])
    results: list[Packed] = []
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        results.append(pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")[0])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.array_equal(packed.x, np.stack(squares)) and packed.verify() for packed in results)
    assert not list((tmp_path / "cache").glob(".packing-*"))


def test_a_disk_without_room_is_noticed_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint(tmp_path / "set", ["1.png", "2.png"])
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1000, 999, 1))
    with pytest.raises(DataError, match=r"left\. Free some"):
        pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob(".packing-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_fills_up_is_a_data_error_and_nothing_is_left(tmp_path: Path) -> None:
    paint(tmp_path / "set", [f"{n:03}.png" for n in range(100)])
    script = f"""
        import resource, signal
        from pathlib import Path
        from mintage.codecs.image import ImageCodec
        from mintage.data.packing import pack
        from mintage.errors import DataError
        from mintage.sources.folder import Folder
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        source, cache = Folder(Path({str(tmp_path / "set")!r})), Path({str(tmp_path / "cache")!r})
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        try:
            pack(source, ImageCodec(size=8), cache)
        except DataError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert "Packed data can't be written" in done.stdout, done.stderr
    assert not list((tmp_path / "cache").glob(".packing-*"))


class _Generated:
    """Many grey images that exist nowhere."""

    classes = ()

    def __init__(self, count: int, side: int) -> None:
        self.count, self.side = count, side

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> object:
        from mintage.contracts import Example

        x = np.full((self.side, self.side), index % 251, np.uint8)
        x.reshape(-1)[:8] = np.frombuffer(index.to_bytes(8, "big"), np.uint8)
        return Example(str(index), x)

    def fingerprint(self) -> str:
        return f"{self.count} of {self.side}"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_CANDIDATES", 1000)
    peaks = []
    for count in (2000, 16_000):  # 8 and 66 MB packed
        tracemalloc.start()
        packed, report = pack(_Generated(count, 64), ImageCodec(size=64, channels=1), tmp_path / "cache")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(packed) == count
        assert report.num_copies == 0
    assert peaks[1] - peaks[0] < 10e6, peaks


def test_meta_is_plain_json(tmp_path: Path) -> None:
    paint(tmp_path / "set", ["1.png", "2.png"])
    packed, _ = pack(Folder(tmp_path / "set"), CODEC, tmp_path / "cache")
    assert packed.folder is not None
    meta = json.loads((packed.folder / "meta.json").read_text("utf-8"))
    assert meta["shape"] == [2, 8, 8, 3]
    assert meta["codec"]["size"] == 8
