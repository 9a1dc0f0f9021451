"""The laboratory over HTTP: sessions, moves, and requests that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mintage.studio.place import Place

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from mintage.studio.app import make_app

SMALL = {"width": 16, "batch": 16}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("laboratory")
    with TestClient(make_app(Place(home / "studio", home / "runs"), token=""), "http://localhost") as client:
        yield client


def test_a_session_is_opened_and_stepped(studio: TestClient) -> None:
    begun = studio.post("/api/laboratory", json={"distribution": "ring", "settings": SMALL})
    assert begun.status_code == 201
    told = begun.json()
    assert {"objective", "lr_generator", "width"} <= set(told["schema"]["properties"])
    path = f"/api/laboratory/{told['id']}"
    done = studio.post(f"{path}/do", json={"step": "generator"}).json()
    assert done["frame"]["step"] == 1
    assert set(done["frame"]["losses"]) == {"generator"}
    done = studio.post(f"{path}/do", json={"settings": {"objective": "hinge"}, "step": "both"}).json()
    assert done["frame"]["step"] == 2
    now = studio.get(path).json()
    assert now["settings"]["objective"] == "hinge"
    assert now["frame"] == done["frame"]
    assert studio.post(f"{path}/do", json={"restart": True}).json()["frame"]["step"] == 0


def test_drawn_points_are_learned(studio: TestClient) -> None:
    body = {"distribution": "points", "points": [[0.5, 0.5], [-0.5, 0.1]], "settings": SMALL}
    assert studio.post("/api/laboratory", json=body).json()["frame"]["of"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"distribution": "star"}, {"distribution": "points"}, {"distribution": "points", "points": "ab"},
        {"distribution": "points", "points": [[0, 1e9]]}, {"settings": {"width": 10**9}}, {"settings": [1]}, [],
        {"distribution": {"a": 1}}, {"settings": {"objective": "none"}},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(studio: TestClient, body: Any) -> None:
    answer = studio.post("/api/laboratory", json=body)
    assert answer.status_code == 400
    assert answer.json()["kind"] == "ConfigError"


def test_moves_that_there_are_not_are_refused(studio: TestClient) -> None:
    id = studio.post("/api/laboratory", json={"settings": SMALL}).json()["id"]
    for body in ({"step": "nobody"}, {"jump": 1}, {"settings": {"batch": 0}}, {"settings": 3}, [], {"step": {}}):
        assert studio.post(f"/api/laboratory/{id}/do", json=body).status_code == 400, body
    assert studio.post("/api/laboratory/none/do", json={"play": True}).status_code == 404
    assert studio.get("/api/laboratory/none/events").status_code == 404
