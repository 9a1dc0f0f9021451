"""The shapes that OpenAI's clients read."""

from __future__ import annotations

import base64
import json

import pytest
from starlette.testclient import TestClient

import mintage


def test_models_are_listed(client: TestClient, pictures: mintage.Run, writer: mintage.Run) -> None:
    data = client.get("/v1/models").json()["data"]
    assert [one["id"] for one in data][:2] == [pictures.path.name, writer.path.name]
    assert client.get(f"/v1/models/{writer.path.name}").json()["makes"] == "text"
    assert client.get("/v1/models/nobody").status_code == 404


def test_a_prompt_names_a_class(client: TestClient) -> None:
    asked = {"prompt": "a bright disc", "n": 2, "seed": 1, "quality": "high"}
    data = client.post("/v1/images/generations", json=asked).json()["data"]
    native = client.post(
        "/v1/generate", json={"of": "disc", "n": 2, "seed": 1}, headers={"accept": "application/json"}
    ).json()
    assert [one["b64_json"] for one in data] == [one["png"] for one in native["items"]]
    assert base64.b64decode(data[0]["b64_json"]).startswith(b"\x89PNG")
    assert client.post("/v1/images/generations", json={"prompt": "zebra"}).status_code == 422
    assert client.post("/v1/images/generations", json={"size": "1024x1024"}).status_code == 422


@pytest.mark.parametrize("echo", [False, True])
def test_a_completion_goes_on_from_its_prompt(client: TestClient, writer: mintage.Run, echo: bool) -> None:
    asked = {"model": writer.path.name, "prompt": "The cat", "max_tokens": 12, "seed": 3, "echo": echo}
    answer = client.post("/v1/completions", json=asked).json()
    whole = writer.write(1, prompt="The cat", seed=3, length=12)[0]
    assert answer["choices"][0]["text"] == (whole if echo else whole.removeprefix("The cat"))
    assert answer["usage"]["completion_tokens"] == 12
    assert answer["choices"][0]["finish_reason"] == "length"
    lines = client.post("/v1/completions", json={**asked, "stream": True}).text.strip().split("\n\n")
    assert lines[-1] == "data: [DONE]"
    streamed = [json.loads(line[6:])["choices"][0] for line in lines[:-1]]
    assert "".join(choice["text"] for choice in streamed) == answer["choices"][0]["text"]
    assert streamed[-1]["finish_reason"] == "length"


def test_pictures_are_not_asked_of_a_writer(client: TestClient, writer: mintage.Run) -> None:
    asked = {"model": writer.path.name, "prompt": "x"}
    assert client.post("/v1/images/generations", json=asked).status_code == 422
    assert client.post("/v1/completions", json={"prompt": "x"}).status_code == 422
