"""Every kind of sample over HTTP is the one that the command line makes of the same seed."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import mintage


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def test_a_seed_names_the_picture_that_run_generate_draws(client: TestClient, pictures: mintage.Run) -> None:
    answer = client.post("/v1/generate", json={"seed": 5})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert np.array_equal(pixels(answer.content), np.asarray(pictures.generate(1, seed=5)[0]))


def test_batch_mates_change_nothing(client: TestClient, pictures: mintage.Run) -> None:
    def ask(seed: int) -> bytes:
        body = {"seed": seed, "n": 1 + seed % 3}
        answer = client.post("/v1/generate", json=body, headers={"accept": "application/json"})
        assert answer.status_code == 200
        return base64.b64decode(answer.json()["items"][-1]["png"])

    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(ask, range(24)))
    for seed, data in enumerate(together):
        wanted = pictures.generate(1 + seed % 3, seed=seed)[-1]
        assert np.array_equal(pixels(data), np.asarray(wanted))


def test_a_file_says_how_it_was_made(client: TestClient, pictures: mintage.Run) -> None:
    answer = client.post("/v1/generate", json={"seed": 2, "of": "disc"})
    with Image.open(io.BytesIO(answer.content)) as image:
        origin = json.loads(image.info["mintage"])
    assert (origin["seed"], origin["index"], origin["run"]) == (2, 0, pictures.path.name)
    assert pictures.classes[origin["condition"]] == "disc"


def test_several_come_as_a_sheet_or_an_archive(client: TestClient) -> None:
    sheet = client.post("/v1/generate", json={"n": 4})
    assert pixels(sheet.content).shape[1] > 56
    archive = client.post("/v1/generate", json={"n": 4}, headers={"accept": "application/zip"})
    assert zipfile.ZipFile(io.BytesIO(archive.content)).namelist() == [f"{k:05}.png" for k in range(4)]


def test_texts_are_those_of_run_write(client: TestClient, writer: mintage.Run) -> None:
    body = {"model": writer.path.name, "prompt": "The ", "n": 2, "seed": 3, "decoding": {"length": 20}}
    answer = client.post("/v1/generate", json=body)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == str(writer.write(2, prompt="The ", seed=3, length=20))


def test_a_text_comes_in_pieces(client: TestClient, writer: mintage.Run) -> None:
    body = {"model": writer.path.name, "prompt": "The ", "decoding": {"length": 20}}
    answer = client.post("/v1/generate", json=body, headers={"accept": "text/event-stream"})
    pieces = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert "".join(piece.get("text", "") for piece in pieces) == str(writer.write(1, prompt="The ", length=20))


def test_records_come_as_csv_or_json(client: TestClient, table: mintage.Run) -> None:
    body = {"model": table.path.name, "n": 30, "seed": 4, "where": "age < 40"}
    lines = client.post("/v1/generate", json=body).text.splitlines()
    assert lines[0] == "age,kind"
    assert len(lines) == 31
    rows = client.post("/v1/generate", json=body, headers={"accept": "application/json"}).json()
    assert all(row["age"] < 40 for row in rows)


@pytest.mark.parametrize(
    ("body", "accept", "status", "words"),
    [
        ({"n": 65}, "*/*", 422, "one request may ask for 64"),
        ({"of": "zebra"}, "*/*", 422, "knows no class"),
        ({"model": "nobody"}, "*/*", 404, "There is no model"),
        ({"seed": 2**63}, "*/*", 422, "less than or equal"),
        ({"colour": "red"}, "*/*", 422, "Extra inputs"),
        ({}, "audio/wav", 406, "accepts none of them"),
        ({"size": "28x28", "n": 0}, "*/*", 422, "greater than or equal"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    client: TestClient, body: dict[str, object], accept: str, status: int, words: str
) -> None:
    answer = client.post("/v1/generate", json=body, headers={"accept": accept})
    assert answer.status_code == status
    assert words in answer.text


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon", "601"])
def test_a_patience_that_is_none_is_refused(client: TestClient, seconds: str) -> None:
    answer = client.post("/v1/generate", json={}, headers={"x-timeout-seconds": seconds})
    assert answer.status_code == 422
    assert "x-timeout-seconds" in answer.text


def test_a_model_that_makes_pictures_of_nothing_translates_none(client: TestClient) -> None:
    answer = client.post("/v1/translate", content=b"not a picture", headers={"content-type": "image/png"})
    assert answer.status_code == 422


def test_bodies_that_are_no_json_or_too_large_are_refused(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"{", b"\xfb", b"[]", b'{"seed": "\xff"}', b"[" * 100_000):
        assert client.post("/v1/generate", content=body, headers=headers).status_code == 422
    assert client.post("/v1/generate", content=b" " * 1_000_001, headers=headers).status_code == 413
    parts = (b" " * 200_000 for _ in range(6))
    assert client.post("/v1/generate", content=parts, headers=headers).status_code == 413
