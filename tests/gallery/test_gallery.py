"""The gallery: files restore themselves to the byte, and no crash, removal or second thought loses anything."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mintage.api import Run
from mintage.directions import find_directions
from mintage.errors import ConfigError, DataError
from mintage.gallery.again import make_again
from mintage.gallery.gallery import Gallery, NoItem
from mintage.gallery.imprint import picture_bytes, read_imprint, without_front_line
from mintage.gallery.ledger import Ledger
from mintage.gallery.making import Made, make, open_source
from mintage.gallery.wish import Wish, read_settings
from mintage.generated import Origin
from mintage.trained import Trained


@pytest.fixture(scope="module")
def trained(drawing_run: Run) -> Trained:
    return Trained.open(drawing_run.directory)


def made(trained: Trained, **asked: Any) -> list[Made]:
    return make(trained, Wish.asked(asked), lambda: find_directions(trained), lambda name: open_source(b""))


def dot(seed: int, run: str = "0001-a") -> Made:
    settings = {"run": run, "step": 1, "seed": seed}
    return Made("picture", ".png", picture_bytes(Image.new("L", (8, 8), seed % 256), settings), settings, (8, 8))


@pytest.mark.parametrize(
    "asked",
    [
        {"seed": 3, "count": 3},
        {"seed": 3, "count": 2, "of": "disc", "truncation": 0.6},
        {"seed": 4, "at": {"0": 2.5, "3": -1}},
        {"seed": 9, "count": 3, "like": {"seed": 4, "first": 70, "at": {"1": 2}}, "spread": 0.5},
        {"how": "walk", "frames": 4, "stops": [{"seed": 1}, {"seed": 2, "truncation": 0.5}, {"seed": 3, "of": 1}]},
    ],
)
def test_a_file_restores_itself_to_the_byte(trained: Trained, asked: dict[str, Any], tmp_path: Path) -> None:
    things = made(trained, **asked)
    assert len({thing.data for thing in things}) == len(things) == asked.get("count", 1)
    for thing in things:
        told = read_imprint(thing.data)
        assert told == thing.settings
        assert told["step"] == trained.checkpoint.step
        (path := tmp_path / f"a{thing.suffix}").write_bytes(thing.data)
        assert make_again(trained.run.path, path)[0].data == thing.data


def test_a_plain_picture_is_that_of_the_command_line_and_its_variations_are_too(
    drawing_run: Run, trained: Trained, tmp_path: Path
) -> None:
    thing = made(trained, seed=5, first=3)[0]
    (path := tmp_path / "a.png").write_bytes(thing.data)
    plain = drawing_run.generate(4, seed=5)
    assert Image.open(path).tobytes() == plain[3].tobytes()
    assert Origin.of(path) == plain.origins[3]
    neighbours = drawing_run.generate(3, like=path)
    ours = made(trained, seed=5, count=3, like={"seed": 5, "first": 3})
    assert [Image.open(io.BytesIO(one.data)).tobytes() for one in ours] == [one.tobytes() for one in neighbours]
    neighbours.save(tmp_path / "out")
    restored = make_again(trained.run.path, tmp_path / "out" / "00002.png")
    assert Image.open(io.BytesIO(restored[0].data)).tobytes() == neighbours[2].tobytes()


def test_a_text_restores_itself_from_its_first_line(writing_run: Run) -> None:
    trained = Trained.open(writing_run.directory)
    things = made(trained, how="write", seed=2, count=2, prompt="the", length=12, temperature=0.8)
    settings = read_imprint(things[1].data)
    assert settings["first"] == 1
    assert make_again(writing_run.path, settings)[0].data == things[1].data
    assert without_front_line(things[1].data).startswith(b"the")


def test_what_a_run_cannot_do_is_said(trained: Trained, writing_run: Run) -> None:
    for asked, words in (
        ({"how": "write"}, "cannot write"), ({"count": 10_000}, "too many"), ({"of": "cat"}, "no class"),
        ({"at": {"9": 1}}, "directions 0 to 7"), ({"how": "walk", "stops": [{}]}, "two pictures"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=words):
            made(trained, **asked)
    deep: dict[str, Any] = {}
    for _ in range(500):
        deep = {"like": deep}
    for values in ({"seed": -1}, {"at": {"0": float("nan")}}, {"colour": 1}, {"truncation": "much"}, deep):
        with pytest.raises(ConfigError):
            Wish.asked(values)


def test_what_is_removed_can_be_taken_back(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    ids = [item.id for item in gallery.add([dot(seed) for seed in range(5)])]
    assert gallery.ids() == ids[::-1]
    gallery.remove(ids[2])
    with pytest.raises(NoItem):
        gallery[ids[2]]
    again = Gallery(tmp_path)
    assert again.ids() == [ids[4], ids[3], ids[1], ids[0]]
    again.restore(ids[2])
    assert again.ids() == Gallery(tmp_path).ids() == ids[::-1]
    with pytest.raises(NoItem):
        again.restore("../../etc/passwd")


def test_removed_files_are_swept_after_a_month(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    item, other = gallery.add([dot(1), dot(2)])
    old = (datetime.now(UTC) - timedelta(days=31)).isoformat(timespec="seconds")
    gallery.log.add([{"did": "removed", "id": item.id, "when": old}])
    again = Gallery(tmp_path)
    assert again.ids() == [other.id]
    assert not again.path(item).exists()
    assert again.path(other).exists()


def test_a_torn_line_loses_nothing(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    first = gallery.add([dot(1)])[0]
    second = gallery.add([dot(2), dot(3)])
    log = tmp_path / "gallery.jsonl"
    log.write_bytes(log.read_bytes()[:-40])  # killed while the last line was being written
    (tmp_path / "files" / ".half.png.1.tmp").write_bytes(b"half")
    again = Gallery(tmp_path)
    assert again.ids() == [second[1].id, second[0].id, first.id]
    assert again[second[1].id].settings == second[1].settings
    assert again[second[1].id].width == 8
    assert not list((tmp_path / "files").glob(".*"))
    newer = again.add([dot(4)])[0]
    assert Gallery(tmp_path).ids() == [newer.id, second[1].id, second[0].id, first.id]


def test_files_without_a_line_are_taken_in_and_damaged_ones_left_alone(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    item = gallery.add([dot(1)])[0]
    os.truncate(tmp_path / "gallery.jsonl", 0)
    (tmp_path / "files" / "00000000000abc.png").write_bytes(b"\x89PNG torn")
    assert Gallery(tmp_path).ids() == [item.id]
    assert (tmp_path / "files" / "00000000000abc.png").exists()


def test_feedback_is_only_ever_added_to(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    a, b = (item.id for item in gallery.add([dot(1), dot(2, "0002-b")]))
    before = b""
    for id, thumb, tags in ((a, 1, ["red"]), (b, -1, None), (a, 0, None), (a, None, ["red", " very  red ", "red"])):
        gallery.judge(id, thumb, tags)
        now = (tmp_path / "feedback.jsonl").read_bytes()
        assert now.startswith(before)
        assert len(now) > len(before)
        before = now
    for one in (gallery, Gallery(tmp_path)):
        assert (one[a].thumb, one[a].tags) == (0, ["red", "very red"])
        assert one.ids(thumb=-1) == one.ids(run="0002-b") == [b]
        assert one.ids(tag="red") == [a]
        assert one.tags() == ["red", "very red"]
    for thumb, tags in ((2, None), (None, ["x" * 99]), (None, [str(k) for k in range(30)])):
        with pytest.raises(ConfigError):
            gallery.judge(a, thumb, tags)


def test_pages_follow_one_another(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    ids = [item.id for item in gallery.add([dot(seed) for seed in range(7)])][::-1]
    seen, after = [], ""
    while True:
        items, following, total = gallery.page(after, 3)
        seen += [item.id for item in items]
        if following is None:
            break
        after = following
    assert seen == ids
    assert total == 7


def test_small_pictures_are_small(tmp_path: Path) -> None:
    settings = {"run": "0001-a", "seed": 1}
    large = Made("picture", ".png", picture_bytes(Image.new("RGB", (900, 300)), settings), settings, (900, 300))
    gallery = Gallery(tmp_path)
    tiny, wide = gallery.add([dot(1), large])
    assert Image.open(io.BytesIO(gallery.small(tiny.id))).size == (8, 8)
    assert Image.open(io.BytesIO(gallery.small(wide.id))).size == (192, 64)
    torn = gallery.add([dot(2)])[0]
    gallery.path(torn).write_bytes(b"\x89PNG torn")
    with pytest.raises(NoItem, match="damaged"):
        gallery.small(torn.id)
    assert gallery.small(wide.id) == (tmp_path / "small" / f"{wide.id}.webp").read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP", b"# mintage {\n", b'# mintage {"run": 3}\nx', b"{",
        b"[1]", b'{"settings": []}', b'{"run": null}', b"GIF89a", b"\x00" * 64,
        b"# mintage " + b'{"a":' * 9000 + b"}\n",
    ],
)  # fmt: skip
def test_files_that_say_nothing_are_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        read_settings(read_imprint(data))


def test_a_ledger_passes_over_what_is_no_row(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "a.jsonl")
    assert list(ledger.rows()) == []
    ledger.path.write_bytes(b'{"a": 1}\n\xff\xfe\n[1]\n{"b": ')
    ledger.add([{"c": "ü"}])
    assert list(ledger.rows()) == [{"a": 1}, {"c": "ü"}]
    assert json.loads(ledger.path.read_bytes().splitlines()[-1]) == {"c": "ü"}
