"""Making over HTTP: what is asked for is made and kept, and what does not fit is an answer that says why."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import mintage
from mintage.api import Run
from mintage.studio.place import Place

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from mintage.studio.app import make_app


@pytest.fixture(scope="module")
def studio(drawing_run: Run, writing_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("studio")
    (home / "runs").mkdir()
    for name, run in (("0001-pictures", drawing_run), ("0002-text", writing_run)):
        (home / "runs" / name).symlink_to(run.path, target_is_directory=True)
    with TestClient(make_app(Place(home / "studio", home / "runs"), token=""), "http://localhost") as client:
        yield client


PICTURES, TEXT = "/api/create/0001-pictures", "/api/create/0002-text"


def items(studio: TestClient, path: str, **body: Any) -> list[dict[str, Any]]:
    answer = studio.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_what_can_be_asked_for_is_told(studio: TestClient) -> None:
    facts = studio.get(PICTURES).json()
    assert facts | {"step": 0, "run": ""} == {
        "run": "", "step": 0, "makes": "pictures", "translates": False, "classes": ["bar", "disc"], "latent": True,
        "directions": 16, "most": 256, "shape": [1, 28, 28], "how": "draw",
    }  # fmt: skip
    assert studio.get(TEXT).json()["latent"] is False
    found = studio.get(f"{PICTURES}/directions").json()
    assert [one["index"] for one in found] == list(range(8))
    assert found[0]["share"] >= found[-1]["share"]


def test_a_file_dropped_back_makes_itself_again(studio: TestClient) -> None:
    made = items(studio, PICTURES, seed=5, count=3, truncation=0.7, at={"0": 2})
    data = studio.get(made[1]["file"]).content
    read = studio.post("/api/gallery/read", files={"file": ("any name", data)}).json()
    assert read["run"] == "0001-pictures" or read["run"].startswith("0001")
    settings = {**read["settings"], "run": "0001-pictures"}
    again = items(studio, PICTURES, **settings)[0]
    assert studio.get(again["file"]).content == data
    assert (again["width"], again["height"]) == (28, 28)


def test_a_look_shows_what_would_be_made_and_keeps_nothing(studio: TestClient) -> None:
    before = studio.get("/api/gallery").json()["total"]
    answer = studio.post(f"{PICTURES}/peek", json={"seed": 11, "of": 1, "at": {"1": -2}})
    assert answer.headers["content-type"] == "image/webp"
    assert studio.get("/api/gallery").json()["total"] == before
    made = items(studio, PICTURES, seed=11, of=1, at={"1": -2})[0]
    shown = Image.open(io.BytesIO(answer.content)).convert("L")
    assert shown.tobytes() == Image.open(io.BytesIO(studio.get(made["file"]).content)).tobytes()


def test_variations_and_walks_start_from_what_was_made(studio: TestClient) -> None:
    first, second = items(studio, PICTURES, seed=1, count=2, truncation=0.8)
    near = items(studio, PICTURES, like=first["id"], seed=3, count=3)
    assert studio.get(near[0]["file"]).status_code == 200
    assert [one["settings"].get("truncation") for one in near] == [0.8] * 3
    film = items(studio, f"{PICTURES}/walk", items=[first["id"], second["id"], near[1]["id"]], frames=3)[0]
    assert film["kind"] == "film"
    with Image.open(io.BytesIO(studio.get(film["file"]).content)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (252, 252))
    with Image.open(io.BytesIO(studio.get(film["small"]).content)) as small:
        assert small.size == (192, 192)


def test_a_text_comes_piece_by_piece_and_then_as_an_item(studio: TestClient) -> None:
    answer = studio.post(f"{TEXT}/text", json={"prompt": "the", "length": 8, "seed": 4})
    events = [part.split("\n") for part in answer.text.split("\n\n") if part.startswith("event")]
    told = [(lines[0][7:], json.loads(lines[-1][6:])) for lines in events]
    assert [name for name, _ in told[-2:]] == ["piece", "item"]
    item = told[-1][1]
    whole = "".join(data["text"] for name, data in told if name == "piece")
    assert studio.get(item["file"], params={"plain": True}).text == whole
    again = items(studio, TEXT, **{key: value for key, value in item["settings"].items() if key != "run"})[0]
    assert studio.get(again["file"]).content == studio.get(item["file"]).content


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/create/0009-none", {}, 404), ("/api/create/.hidden", {}, 404), ("/api/create/0009-none/peek", {}, 404),
        (PICTURES, {"seed": -1}, 400), (PICTURES, {"count": 0}, 400), (PICTURES, {"count": 9_999}, 400),
        (PICTURES, {"of": "cat"}, 400), (PICTURES, {"of": 7}, 400), (PICTURES, {"at": {"x": 1}}, 400),
        (PICTURES, {"at": {"12": 1}}, 400), (PICTURES, {"like": "nothing"}, 404), (PICTURES, {"step": 99}, 400),
        (PICTURES, {"how": "write"}, 400), (PICTURES, {"run": "0002-text"}, 400), (PICTURES, {"source": "../x"}, 400),
        (PICTURES, [], 400), (f"{PICTURES}/walk", {"items": []}, 400), (f"{PICTURES}/walk", {"items": "a"}, 400),
        (f"{PICTURES}/walk", {"items": ["nothing"]}, 404), (f"{PICTURES}/walk", [1], 400),
        (f"{PICTURES}/text", {}, 400), (f"{TEXT}/peek", {}, 400), (TEXT, {"prompt": "☃", "length": 10**9}, 400),
        (TEXT, {"decoding": {"top_q": 1}}, 400), (TEXT, {"how": "records"}, 400),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_answer_of_its_own(studio: TestClient, path: str, body: Any, status: int) -> None:
    answer = studio.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def test_hostile_bodies_and_files_are_refused(studio: TestClient) -> None:
    for path in (PICTURES, f"{PICTURES}/peek", f"{PICTURES}/walk", f"{TEXT}/text"):
        for data in (b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"seed": NaN}', b'{"seed": 1e999}'):
            assert 400 <= studio.post(path, content=data).status_code < 500, (path, data[:9])
    bomb = io.BytesIO()
    Image.new("1", (14_000, 14_000)).save(bomb, "PNG")
    hostile = [
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 99,
        bomb.getvalue(),
        b"GIF89a" + b"\xff" * 40,
        b"<svg/>",
        b"PK\x03\x04",
    ]
    for data in hostile:
        for path in ("/api/gallery/read", f"{PICTURES}/translate"):
            answer = studio.post(path, files={"file": ("../../a\x00.png", data)})
            assert 400 <= answer.status_code < 500, (path, data[:9], answer.text)
    assert studio.post("/api/gallery/read", content=b"no form").status_code in (400, 422)


def test_the_gallery_is_listed_judged_emptied_and_put_back(studio: TestClient) -> None:
    a, b = items(studio, PICTURES, seed=21, count=2)
    index = studio.get("/api/gallery/index").json()
    assert index["ids"][:2] == [b["id"], a["id"]]
    page = studio.get("/api/gallery", params={"after": b["id"], "limit": 1}).json()
    assert [item["id"] for item in page["items"]] == [a["id"]]
    judged = studio.post(f"/api/gallery/{a['id']}/feedback", json={"thumb": 1, "tags": ["good one"]}).json()
    assert (judged["thumb"], judged["tags"]) == (1, ["good one"])
    assert studio.get("/api/gallery", params={"thumb": 1, "tag": "good one"}).json()["items"] == [judged]
    assert studio.post(f"/api/gallery/{a['id']}/feedback", json={"thumb": 5}).status_code == 400
    assert studio.delete(f"/api/gallery/{a['id']}").status_code == 204
    for path in ("", "/file", "/small", "/recipe"):
        assert studio.get(f"/api/gallery/{a['id']}{path}").status_code == 404
    assert studio.post(f"/api/gallery/{a['id']}/restore").json() == judged
    sheet = studio.get("/api/gallery/sheet", params={"ids": f"{a['id']},{b['id']}"})
    assert Image.open(io.BytesIO(sheet.content)).format == "PNG"
    assert studio.get("/api/gallery/sheet", params={"ids": ""}).status_code == 400
    file = studio.get(a["file"], params={"download": True})
    assert file.headers["content-disposition"].startswith("attachment; filename=")


def test_what_was_made_can_be_told_to_others(
    studio: TestClient, drawing_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, moved = items(studio, PICTURES, seed=31, first=2)[0], items(studio, PICTURES, seed=31, at={"0": 1})[0]
    told = studio.get(f"/api/gallery/{plain['id']}/recipe").json()
    assert "mintage generate" in told["cli"]
    assert "--seed 31 --number 3" in told["cli"]
    assert "/api/create/" in told["curl"]
    told = studio.get(f"/api/gallery/{moved['id']}/recipe").json()
    monkeypatch.chdir(tmp_path)
    exec(compile(told["python"], "recipe", "exec"), {})
    assert (tmp_path / "again.png").read_bytes() == studio.get(moved["file"]).content


def test_a_table_is_made_with_its_settings(prices: Path, series_run: Run, tmp_path: Path) -> None:
    place = Place(tmp_path / "studio", tmp_path / "runs")
    place.runs.mkdir()
    (place.runs / series_run.path.name).symlink_to(series_run.path, target_is_directory=True)
    with TestClient(make_app(place, token=""), "http://localhost") as client:
        path = f"/api/create/{series_run.path.name}"
        item = items(client, path, count=2, horizon=3, seed=1)[0]
        assert (item["kind"], item["width"]) == ("table", 6)
        data = client.get(item["file"]).content
        settings = client.post("/api/gallery/read", files={"file": ("a.csv", data)}).json()["settings"]
        again = items(client, path, **settings)[0]
        assert client.get(again["file"]).content == data
        plain = client.get(item["file"], params={"plain": True}).text
        assert plain.splitlines()[0].startswith("scenario,step")
    assert mintage.load(series_run.path).scenarios(2, horizon=3, seed=1).shape == (6, 5)
