"""Text is packed once, whole or not at all; and what is held out is nowhere in what is learned."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mintage.codecs.text import TextCodec
from mintage.data.tokens import TokenPart, Tokens, pack_tokens, split_tokens
from mintage.errors import DataError
from mintage.sources.texts import Texts

CHAR, BYTE = TextCodec(tokens="char"), TextCodec(tokens="byte")


def write(folder: Path, **texts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8", newline="")
    return folder


def made(sizes: list[int], groups: list[int] | None = None, separator: bool = True) -> Tokens:
    """Tokens that are their own numbers."""
    stops = np.cumsum(sizes)
    alike = np.arange(len(sizes)) if groups is None else np.array(groups)
    x = np.arange(stops[-1], dtype=np.uint32)
    return Tokens(x, stops - sizes, alike, BYTE.with_separator(separator), "made")


def covered(part: TokenPart) -> set[int]:
    return {place for start, stop in part.ranges.tolist() for place in range(start, stop)}


def test_documents_become_one_row_of_tokens_and_come_back(tmp_path: Path) -> None:
    texts = {"a": "To be\r\n", "b": "床前明月光，\n", "c": "or not"}
    seen: list[tuple[int, int]] = []
    source = Texts(write(tmp_path / "set", **texts))
    tokens, report = pack_tokens(source, CHAR, tmp_path / "cache", lambda *at: seen.append(at))
    assert tokens.x.dtype == np.uint8
    assert tokens.starts.tolist() == [0, 8, 16]
    assert tokens.x[tokens.starts].tolist() == [tokens.codec.separator] * 3
    assert tokens.codec.decode(torch.from_numpy(tokens.x.astype(np.int64))) == "".join(texts.values())
    assert tokens.names([2, 0]) == ["c.txt", "a.txt"]
    assert tokens.verify()
    assert seen[-1] == (2 * source.size, 2 * source.size)
    assert (report.count, report.characters, report.tokens) == (3, 20, 23)
    assert report.bytes == sum(len(text.encode()) for text in texts.values())
    assert int(tokens.codec.bytes_of()[tokens.x.astype(np.int64)].sum()) == report.bytes
    assert report.has_separator


def test_one_document_has_no_separator_unless_it_is_asked_for(tmp_path: Path) -> None:
    source = Texts(write(tmp_path / "set", a="To be"))
    assert pack_tokens(source, BYTE, tmp_path / "cache")[0].codec.separator is None
    tokens, _ = pack_tokens(source, BYTE, tmp_path / "cache", documents_apart=True)
    assert tokens.x.tolist() == [256, *b"To be"]
    assert tokens.x.dtype == np.uint16


def test_the_same_text_and_codec_are_packed_once(tmp_path: Path) -> None:
    _, report = pack_tokens(Texts(write(tmp_path / "set", a="To be", b="or not")), CHAR, tmp_path / "cache")

    def never(done: int, of: int) -> None:
        raise AssertionError

    shutil.copytree(tmp_path / "set", tmp_path / "moved")
    tokens, again = pack_tokens(Texts(tmp_path / "moved"), CHAR, tmp_path / "cache", never)
    assert again == report
    other, _ = pack_tokens(Texts(tmp_path / "set"), BYTE, tmp_path / "cache")
    lines, _ = pack_tokens(Texts(tmp_path / "set", documents="line"), CHAR, tmp_path / "cache")
    changed, _ = pack_tokens(Texts(write(tmp_path / "set", a="To bee")), CHAR, tmp_path / "cache")
    assert len({tokens.folder, other.folder, lines.folder, changed.folder}) == 4
    with pytest.raises(ValueError, match="read-only"):
        tokens.x[0] = 0


def test_copies_are_reported_and_grouped(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    poems = ["".join(chr(0x4E00 + k) for k in rng.integers(0, 500, 60)) for _ in range(6)]
    texts = {str(k): poem for k, poem in enumerate([*poems, poems[2], poems[4][:-1] + "。"])}
    tokens, report = pack_tokens(Texts(write(tmp_path / "set", **texts)), CHAR, tmp_path / "cache")
    assert tokens.groups.tolist() == [0, 1, 2, 3, 4, 5, 2, 4]
    assert report.copies == (("2.txt", "6.txt"),)
    assert report.near == (("4.txt", "7.txt"),)
    assert (report.num_copies, report.num_near, report.num_compared) == (1, 1, 8)


def test_what_can_not_be_read_is_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "To be"}\n{"no": 1}\n')
    _, report = pack_tokens(Texts(tmp_path / "a.jsonl"), BYTE, tmp_path / "cache")
    assert report.unreadable == (("a.jsonl#2", "it has no text in 'text'"),)
    (tmp_path / "b.jsonl").write_text('{"text": ""}\n')
    with pytest.raises(DataError, match="not one document"):
        pack_tokens(Texts(tmp_path / "b.jsonl"), BYTE, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob(".packing-*"))


def test_a_damaged_packing_is_packed_again(tmp_path: Path) -> None:
    source = Texts(write(tmp_path / "set", a="To be", b="or not"))
    tokens, _ = pack_tokens(source, CHAR, tmp_path / "cache")
    assert tokens.folder is not None
    for name in ("x.bin", "starts.bin", "groups.bin", "meta.json"):
        file = tokens.folder / name
        file.write_bytes(file.read_bytes()[:-3])
        with pytest.raises(DataError, match="not a whole packing"):
            Tokens.open(tokens.folder, TextCodec)
        assert pack_tokens(source, CHAR, tmp_path / "cache")[0].verify()
    (tokens.folder / "x.bin").write_bytes(bytes(len(tokens.x)))
    assert not Tokens.open(tokens.folder, TextCodec).verify()


def test_a_text_that_changes_while_it_is_packed_is_refused(tmp_path: Path) -> None:
    def change(done: int, of: int) -> None:
        write(tmp_path / "set", a="To be, or")

    with pytest.raises(DataError, match="changed while it was packed"):
        pack_tokens(Texts(write(tmp_path / "set", a="To be")), BYTE, tmp_path / "cache", change)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["stamps"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Texts(write(tmp_path / "set", a="To be"))
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(DataError, match="the disk is full"):
            pack_tokens(source, BYTE, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").iterdir() if path.name != "stamps"]
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(9, 9, 1))
    with pytest.raises(DataError, match="Packing takes"):
        pack_tokens(source, BYTE, tmp_path / "cache")


@pytest.mark.slow  # two processes that import torch
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_killed_packing_is_never_opened(tmp_path: Path) -> None:
    write(tmp_path / "set", a="To be or not\n" * 100_000, b="床前明月光\n" * 100_000)
    code = (
        "from pathlib import Path; import sys, time; from mintage.codecs.text import TextCodec;"
        "from mintage.data.tokens import pack_tokens; from mintage.sources.texts import Texts;"
        "source, cache = Texts(Path(sys.argv[1])), Path(sys.argv[2]);"
        "pack_tokens(source, TextCodec(tokens='byte'), cache, lambda *at: time.sleep(0.2))"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "set"), str(tmp_path / "cache")]
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    until = time.monotonic() + 60
    while not list((tmp_path / "cache").glob(".packing-*/x.bin")):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list((tmp_path / "cache").glob("*/meta.json"))
    tokens, _ = pack_tokens(Texts(tmp_path / "set"), BYTE, tmp_path / "cache")
    assert tokens.verify()
    assert len(tokens) == 100_000 * (13 + 16) + 2


def test_a_text_is_cut_into_its_beginning_and_its_last_tenth() -> None:
    train, selection, heldout = split_tokens(made([1_115_394]), 0.1, 3)
    assert train.ranges.tolist() == [[0, 1_003_854]], "as nanoGPT and others cut it"
    assert selection.ranges.tolist() == [[1_003_854, 1_031_739]]
    assert heldout.ranges.tolist() == [[1_031_739, 1_115_394]]
    assert len(train) + len(selection) + len(heldout) == 1_115_394


def test_documents_are_held_out_whole_and_by_the_seed() -> None:
    tokens = made([50] * 200)
    train, selection, heldout = split_tokens(tokens, 0.1, 0)
    for part in (train, selection, heldout):
        assert (part.ranges % 50 == 0).all()
    assert len(selection) == pytest.approx(250, abs=50)
    assert len(heldout) == pytest.approx(750, abs=100)
    again, other = split_tokens(tokens, 0.1, 0), split_tokens(tokens, 0.1, 1)
    assert again[2].ranges.tolist() == heldout.ranges.tolist() != other[2].ranges.tolist()


def test_copies_are_on_one_side() -> None:
    groups = [k // 2 * 2 for k in range(100)]
    for seed in range(20):
        parts = split_tokens(made([20] * 100, groups), 0.1, seed)
        for part in parts:
            documents = {place // 20 for place in covered(part)}
            assert documents == {k ^ 1 for k in documents}


def test_a_few_large_documents_each_lose_their_end() -> None:
    train, selection, heldout = split_tokens(made([4000, 6000]), 0.1, 0)
    assert train.ranges.tolist() == [[0, 3600], [4000, 9400]]
    assert selection.ranges.tolist() == [[3600, 3700], [9400, 9550]]
    assert heldout.ranges.tolist() == [[3700, 4000], [9550, 10000]]


def test_a_large_document_among_small_ones_makes_up_for_what_they_lack() -> None:
    for seed in range(5):
        train, selection, heldout = split_tokens(made([100, 9_000, 100]), 0.1, seed)
        assert len(selection) + len(heldout) == pytest.approx(920, rel=0.26)
        assert covered(train) & {100, 101}


def test_copies_of_one_text_are_cut_at_the_same_place() -> None:
    train, _, _ = split_tokens(made([1000, 1000], [0, 0]), 0.1, 0)
    assert train.ranges.tolist() == [[0, 900], [1000, 1900]]


def test_nothing_is_held_out_if_nothing_is_asked_for() -> None:
    train, selection, heldout = split_tokens(made([10, 20, 30]), 0.0, 0)
    assert train.ranges.tolist() == [[0, 60]]
    assert len(selection) == len(heldout) == 0


@settings(max_examples=80, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=25),
    share=st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.5]),
    seed=st.integers(0, 9),
    alike=st.integers(1, 30),
)
def test_every_token_is_in_exactly_one_part(sizes: list[int], share: float, seed: int, alike: int) -> None:
    groups = [k % alike for k in range(len(sizes))]
    parts = split_tokens(made(sizes, groups), share, seed)
    places = [covered(part) for part in parts]
    assert sum(map(len, places)) == len(set().union(*places)) == sum(sizes)
    for part in parts:
        assert (part.ranges[:, 0] < part.ranges[:, 1]).all()
        assert (part.ranges[1:, 0] > part.ranges[:-1, 1]).all()
    assert len(places[0]) >= (1 - 1.5 * share) * sum(sizes) - 2 or len(sizes) == 1


def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    def peak(size: int) -> int:
        write(tmp_path / str(size), a="To be or not\n" * (size // 13))
        tracemalloc.start()
        pack_tokens(Texts(tmp_path / str(size)), CHAR, tmp_path / "cache")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1000)
    assert peak(12_000_000) < 1.2 * peak(4_000_000)


@pytest.mark.data
@pytest.mark.skipif("MINTAGE_TEST_DATA" not in os.environ, reason="needs MINTAGE_TEST_DATA")
def test_real_texts_are_packed_as_they_are(tmp_path: Path) -> None:
    root = Path(os.environ["MINTAGE_TEST_DATA"])
    tokens, report = pack_tokens(Texts(root / "shakespeare/input.txt"), TextCodec(), tmp_path)
    assert (len(tokens), report.distinct, report.kind) == (1_115_394, 65, "char")
    novels, told = pack_tokens(Texts(root / "austen"), BYTE, tmp_path)
    assert (told.count, told.scripts["Latin"] > 0.999) == (6, True)
    assert len(novels) == told.bytes + 6
    poems, told = pack_tokens(Texts(root / "tang300"), TextCodec(), tmp_path)
    assert told.count > 400
    assert told.scripts["Han"] > 0.99
    assert poems.codec.tokens == "char"
    assert json.dumps(told.as_dict())
