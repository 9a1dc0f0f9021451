"""Other people's programs against a real server: OpenAI's client, and schemathesis, which asks what the API allows."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from tests.serving.test_server import ask, free_port

import mintage

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def port(
    pictures: mintage.Run, writer: mintage.Run, table: mintage.Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    number = free_port()
    paths = [str(run.path) for run in (pictures, writer, table)]
    words = [sys.executable, "-m", "mintage", "serve", *paths, "--port", str(number)]
    with subprocess.Popen(words, cwd=tmp_path_factory.mktemp("server"), stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if ask(number, "/readyz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.05)
        yield number
        process.terminate()
        assert process.wait(30) == 0


def test_the_official_client_draws_and_writes(port: int, pictures: mintage.Run, writer: mintage.Run) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0)
    assert [model.id for model in client.models.list()][:2] == [pictures.path.name, writer.path.name]
    asked = {"model": pictures.path.name, "prompt": "disc", "n": 2, "response_format": "b64_json"}
    made = client.images.generate(**asked, extra_body={"seed": 7})
    assert base64.b64decode(made.data[1].b64_json).startswith(b"\x89PNG")
    text = client.completions.create(model=writer.path.name, prompt="The cat", max_tokens=10, seed=1)
    assert text.usage.completion_tokens == 10
    pieces = client.completions.create(model=writer.path.name, prompt="The cat", max_tokens=10, seed=1, stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == text.choices[0].text
    with pytest.raises(openai.NotFoundError):
        client.completions.create(model="nobody", prompt="x")


def test_nothing_that_the_document_allows_breaks_the_server(port: int) -> None:
    pytest.importorskip("schemathesis")
    words = [
        sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/openapi.json", "--checks",
        "not_a_server_error", "--max-examples", "60", "--seed", "1", "--no-color",
    ]  # fmt: skip
    run = subprocess.run(words, capture_output=True, text=True, timeout=500, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
