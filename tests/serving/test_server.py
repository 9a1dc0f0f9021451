"""The command: what it refuses, that it drains when told to end, and what is open to a foreign machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

import pytest
from tests.conftest import failed

import mintage


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(port: int, path: str, body: dict[str, object] | None = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM to hear")
def test_sigterm_answers_what_was_accepted_and_exits_with_0(writer: mintage.Run, tmp_path: Path) -> None:
    port = free_port()
    words = [sys.executable, "-m", "mintage", "serve", str(writer.path), "--port", str(port)]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    if ask(port, "/readyz")[0] == 200:
                        break
                except OSError:
                    time.sleep(0.05)
            found: list[tuple[int, bytes]] = []
            body: dict[str, object] = {"prompt": "The", "decoding": {"length": 400}}
            asking = Thread(target=lambda: found.append(ask(port, "/v1/generate", body)))
            asking.start()
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            asking.join(30)
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert found[0][0] == 200
    assert len(found[0][1]) > 300


def test_other_machines_need_keys(
    writer: mintage.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = failed(capsys, monkeypatch, "serve", str(writer.path), "--host", "0.0.0.0")
    assert "mintage keys new NAME" in words


def test_a_taken_port_is_named(
    writer: mintage.Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = str(one.getsockname()[1])
        assert "Choose another --port" in failed(capsys, monkeypatch, "serve", str(writer.path), "--port", port)
