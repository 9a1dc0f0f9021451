"""Who may ask: hosts and origins, keys with rates and shares, and what is written down of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.serving.conftest import Opening

from mintage.errors import ConfigError
from mintage.serving.keys import Keys, Refused


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_foreign_hosts_and_origins_are_turned_away(client: TestClient) -> None:
    assert client.get("/v1/models", headers={"host": "evil.example"}).status_code == 403
    assert client.post("/v1/generate", json={}, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/v1/generate", json={}, headers={"origin": "http://127.0.0.1:99"}).status_code == 200


def test_keys_open_the_api_and_nothing_else_needs_one(opening: Opening, tmp_path: Path) -> None:
    keys, lines = Keys(tmp_path / "keys.sqlite"), []
    ann, bob = keys.new("ann", daily=5), keys.new("bob", rate=1)
    with opening(keys=keys, log=lines.append) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/models").status_code == 401
        assert client.get("/v1/models", headers=bearer(ann + "x")).status_code == 401
        assert client.post("/v1/generate", json={"n": 4}, headers=bearer(ann)).status_code == 200
        over = client.post("/v1/generate", json={"n": 2}, headers=bearer(ann))
        assert over.status_code == 429
        assert int(over.headers["retry-after"]) > 1
        assert (
            client.post("/v1/generate", json={"of": "zebra"}, headers=bearer(ann)).status_code == 422
        )  # costs nothing
        assert client.post("/v1/generate", json={"n": 1}, headers=bearer(ann)).status_code == 200
        assert client.get("/v1/models", headers=bearer(bob)).status_code == 200
        assert client.get("/v1/models", headers=bearer(bob)).status_code == 429
        counts = client.get("/metrics").text
        assert 'mintage_samples_total{key="ann"} 5.0' in counts
        assert 'mintage_requests_total{path="/v1/generate",status="429"} 1.0' in counts
        assert "mintage_queue_depth" in counts
    rows = [json.loads(line) for line in lines]
    assert {row["key"] for row in rows} == {"ann", "bob", None}
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_day_is_counted_across_restarts_and_ends(tmp_path: Path) -> None:
    clock = [1_800_000_000.0]
    keys = Keys(tmp_path / "keys.sqlite", lambda: clock[0])
    secret = keys.new("ann", daily=10)
    key = keys.find(secret)
    assert key is not None
    keys.take(key, 8)
    keys.close()
    again = Keys(tmp_path / "keys.sqlite", lambda: clock[0])
    with pytest.raises(Refused, match="8 are made"):
        again.take(key, 3)
    clock[0] += 86_400
    again.take(key, 10)
    assert again.all()[0][1] == 10
    assert secret.encode() not in (tmp_path / "keys.sqlite").read_bytes()


def test_a_key_that_another_process_removes_is_forgotten(tmp_path: Path) -> None:
    clock = [0.0]
    server, desk = Keys(tmp_path / "keys.sqlite", lambda: clock[0]), Keys(tmp_path / "keys.sqlite")
    secret = desk.new("ann")
    assert server.find(secret) is not None
    desk.remove("ann")
    clock[0] += 2
    assert server.find(secret) is None
    with pytest.raises(ConfigError, match="There is no key 'ann'"):
        desk.remove("ann")
    desk.new("bob")
    with pytest.raises(ConfigError, match="already"):
        desk.new("bob")
