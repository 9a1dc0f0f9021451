"""Jobs, runs and trainings over HTTP: what works, what is refused, and events that nobody misses."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mintage.api import Run

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from mintage.studio.app import make_app
from mintage.studio.logs import follow, read_rows
from mintage.studio.place import Place
from mintage.studio.routes.jobs import _changes
from mintage.web.events import Event, event_stream

ME = "0001-pictures"


@pytest.fixture(scope="module")
def studio(drawing_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    import shutil

    home = tmp_path_factory.mktemp("studio")
    (home / "runs").mkdir()
    shutil.copytree(drawing_run.path, home / "runs" / ME)
    with TestClient(make_app(Place(home / "studio", home / "runs"), token=""), "http://localhost") as client:
        yield client


def until(true: Any) -> Any:
    end = time.monotonic() + 90
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def job(studio: TestClient, number: int) -> dict[str, Any]:
    return dict(studio.get(f"/api/jobs/{number}").json())


def test_samples_are_made_by_a_job_and_others_wait_for_it(studio: TestClient) -> None:
    answer = studio.post("/api/jobs", json={"kind": "generate", "run": ME, "count": 3, "seed": 5})
    assert answer.status_code == 201
    first = answer.json()
    assert first["state"] == "queued"
    ordered = [{"kind": "train", "data": "fashion-mnist", "budget": "5m"}, {"kind": "evaluate", "run": ME}]
    second, third = (studio.post("/api/jobs", json=body).json()["id"] for body in ordered)
    assert studio.post(f"/api/jobs/{third}/move", json={"before": second}).json()["position"] >= 1
    assert [one["id"] for one in studio.get("/api/jobs").json()] == [first["id"], third, second]
    assert studio.post(f"/api/jobs/{second}/pause").json()["state"] == "paused"
    assert studio.post(f"/api/jobs/{second}/resume").json()["state"] == "queued"
    for number in (second, third):
        assert studio.post(f"/api/jobs/{number}/cancel").json()["state"] == "cancelled"
    until(lambda: job(studio, first["id"])["state"] == "done")
    assert job(studio, first["id"])["made"] == ["000000.png", "000001.png", "000002.png"]
    files = studio.get(f"/api/jobs/{first['id']}/files")
    assert files.headers["content-type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(files.content)).namelist() == ["000000.png", "000001.png", "000002.png"]
    assert studio.get(f"/api/jobs/{second}/files").status_code == 404
    assert [one["id"] for one in studio.get("/api/jobs").json()] == [first["id"], third, second]
    assert studio.delete(f"/api/jobs/{second}").status_code == 204
    assert studio.get(f"/api/jobs/{second}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "train", "data": "nothing"}, 404),
        ({"kind": "train", "data": "fashion-mnist", "budget": "soon"}, 400),
        ({"kind": "train", "data": "fashion-mnist", "model": "os:system"}, 400),
        ({"kind": "train", "data": "fashion-mnist", "overrides": {"data": {"path": "/etc"}}}, 400),
        ({"kind": "train", "data": "fashion-mnist", "overrides": {"seed": 1}}, 400),
        ({"kind": "generate", "run": "nothing"}, 404),
        ({"kind": "generate", "run": "../runs"}, 404),
        ({"kind": "export", "run": ME}, 400),
        ({"kind": "dance", "run": ME}, 400),
        ({}, 400),
        ([], 400),
    ],
)
def test_an_order_that_cannot_be_kept_is_refused_at_once(studio: TestClient, body: Any, status: int) -> None:
    answer = studio.post("/api/jobs", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert answer.json()["kind"]


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry", "move"])
def test_what_is_not_there_is_404_and_what_is_no_number_is_422(studio: TestClient, verb: str) -> None:
    body = {"before": None}
    assert studio.post(f"/api/jobs/999/{verb}", json=body).status_code == 404
    assert studio.post(f"/api/jobs/x/{verb}", json=body).status_code == 422


def test_models_and_their_settings_are_listed_for_some_data(studio: TestClient) -> None:
    found = {one["name"]: one for one in studio.get("/api/models", params={"data": "fashion-mnist"}).json()}
    assert found["dcgan"]["makes"] == "pictures"
    assert found["dcgan"]["words"]
    form = studio.get("/api/schema", params={"model": "dcgan", "data": "fashion-mnist"}).json()
    assert form["schema"]["properties"]["model"]["properties"]["width"]["default"] == form["defaults"]["model"]["width"]
    assert "steps" in form["schema"]["properties"]["training"]["properties"]
    assert studio.get("/api/models", params={"data": "x"}).status_code == 404
    assert studio.get("/api/schema", params={"model": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": "nothing"}, 404), ({}, 400), ({"data": "fashion-mnist", "budget": "soon"}, 400),
        ({"data": "fashion-mnist", "overrides": {"model": {"name": "a:b"}}}, 400),
    ],
)  # fmt: skip
def test_an_estimate_that_makes_no_sense_is_refused(studio: TestClient, body: Any, status: int) -> None:
    assert studio.post("/api/estimate", json=body).status_code == status


@pytest.mark.slow
def test_an_estimate_says_what_the_time_buys(studio: TestClient) -> None:
    found = studio.post("/api/estimate", json={"data": "fashion-mnist", "budget": "20s"}).json()
    assert found["seconds"] == 20
    assert found["steps"] >= 1
    assert found["model"] == "dcgan"


@pytest.mark.slow
def test_a_look_says_what_is_in_the_data(studio: TestClient) -> None:
    page = until(lambda: (found := studio.get("/api/data/fashion-mnist").json())["looking"] or found)
    page = until(lambda: None if (found := studio.get("/api/data/fashion-mnist").json())["looking"] else found)
    assert page["kind"] == "pictures"
    assert page["report"]["count"] == 10_000
    assert "dcgan" in page["fits"]
    assert studio.get("/api/data/fashion-mnist/preview/0").headers["content-type"] == "image/webp"
    assert studio.get("/api/data/fashion-mnist/preview/99").status_code == 404


def test_a_run_is_listed_shown_and_its_files_are_fenced(studio: TestClient) -> None:
    (row,) = studio.get("/api/runs").json()
    assert row["id"] == ME
    assert studio.get(row["cover"]).headers["content-type"] == "image/png"
    page = studio.get(f"/api/runs/{ME}").json()
    assert page["checkpoints"][-1] == {"step": 6, "score": None, "chosen": True}
    assert page["recipe"]["model"]["name"] == "dcgan"
    assert page["verdict"] is None
    report = studio.get(f"/api/runs/{ME}/files/report.html")
    assert report.headers["content-security-policy"].startswith("sandbox")
    for path in (
        "run.json",
        "recipe.toml",
        "checkpoints/0000006/state.json",
        "..%2f..%2fx",
        ".lock",
        "samples/../run.json",
    ):
        assert studio.get(f"/api/runs/{ME}/files/{path}").status_code == 404
    for path in ("nothing", "..", "%2e%2e", "a%2fb"):
        assert studio.get(f"/api/runs/{path}/rows").status_code == 404


def test_rows_are_read_from_any_byte_on(studio: TestClient) -> None:
    whole = studio.get(f"/api/runs/{ME}/rows").json()
    assert [row["step"] for row in whole["rows"] if "event" not in row][-1:] == [6]
    assert studio.get(f"/api/runs/{ME}/rows", params={"after": whole["next"]}).json() == {
        "rows": [],
        "next": whole["next"],
    }
    assert studio.get(f"/api/runs/{ME}/rows", params={"after": 10**9}).json() == whole, "a log that was cut begins anew"


def events_of(text: str) -> list[tuple[str, str, Any]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], lines.get("id", ""), json.loads(lines["data"])))
    return found


def test_who_comes_back_with_the_last_id_hears_exactly_the_rest(studio: TestClient) -> None:
    path = f"/api/runs/{ME}/events"
    whole = events_of(studio.get(path).text)
    assert whole[-1][0] == "end"
    for place, (_, number, _) in enumerate(whole[:-1]):
        rest = events_of(studio.get(path, headers={"last-event-id": number}).text)
        assert rest == whole[place + 1 :]


def test_a_run_can_be_deleted_and_brought_back(studio: TestClient) -> None:
    assert studio.delete(f"/api/runs/{ME}").status_code == 204
    assert studio.get("/api/runs").json() == []
    assert studio.post(f"/api/runs/{ME}/restore").json() == {"id": ME}
    assert studio.post(f"/api/runs/{ME}/restore").status_code == 404
    assert studio.get(f"/api/runs/{ME}").status_code == 200


def test_a_log_that_grows_is_followed_and_one_that_is_cut_is_told_anew(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    over = threading.Event()

    async def watch() -> list[Event]:
        found = []
        async for event in follow(log, 0, over.is_set):
            found.append(event)
            if event.data.get("step") == 2:
                log.with_suffix(".new").write_text('{"step": 1}\n')
                log.with_suffix(".new").replace(log)  # as a resumed training cuts it
            if event.name == "reset":
                over.set()
        return found

    log.write_text('{"step": 1}\n{"step": 2}\n{"torn": ')
    assert [row for row, _ in read_rows(log, 0)[0]] == [{"step": 1}, {"step": 2}]
    names = [(event.name, event.data.get("step")) for event in asyncio.run(watch())]
    assert names == [("row", 1), ("row", 2), ("reset", None), ("row", 1), ("end", None)]


def test_the_changes_of_the_queue_are_numbered_events(tmp_path: Path) -> None:
    from mintage.jobs.job import Order
    from mintage.jobs.store import Store

    store = Store(tmp_path / "jobs.sqlite")
    first = store.add(Order(kind="train", data="a"), "a")
    seen = store.add(Order(kind="train", data="b"), "b").change
    store.update(first.id, state="done")
    store.remove(2)

    async def first_of(after: int, count: int) -> list[tuple[str, Any]]:
        source = _changes(store, after)
        found = [await anext(source) for _ in range(count)]
        await source.aclose()  # type: ignore[attr-defined]
        return [(event.name, event.data["id"]) for event in found]

    assert asyncio.run(first_of(seen, 2)) == [("job", 1), ("gone", 2)]
    assert asyncio.run(first_of(0, 2)) == [("job", 1), ("gone", 2)]
    assert asyncio.run(first_of(10**6, 1)) == [("job", 1)], "another database: everything is told"


def test_a_source_is_closed_when_its_listener_goes() -> None:
    closed = []

    async def source() -> AsyncIterator[Event]:
        try:
            yield Event("one", {"x": 1}, 1)
            await asyncio.sleep(60)
        finally:
            closed.append(True)

    async def listen() -> bytes:
        lines = event_stream(source(), None).body_iterator  # type: ignore[arg-type]
        told = b"".join([await anext(lines), await anext(lines)])  # type: ignore[arg-type, list-item, call-overload]
        waiting = asyncio.ensure_future(anext(lines))  # type: ignore[arg-type, call-overload]
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return told

    assert asyncio.run(listen()) == b'retry: 500\n\nevent: one\nid: 1\ndata: {"x": 1}\n\n'
    assert closed == [True]
