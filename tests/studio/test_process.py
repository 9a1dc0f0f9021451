"""The studio as a process: its address, its token, its death by kill -9, and its end by Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import failed

from mintage.api import Run

pytest.importorskip("fastapi")


class Studio:
    """One that answers at `base`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        address = re.search(r"(http://\S+/)\?token=(\S+)", process.stdout.readline())
        assert address is not None
        self.base, self.token = address.groups()

    def ask(self, path: str, body: dict[str, Any] | None = None, token: str = "") -> bytes:
        headers = {"authorization": f"Bearer {token or self.token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers)
        for _ in range(200):
            with suppress(urllib.error.URLError), urllib.request.urlopen(request, timeout=60) as answer:
                return bytes(answer.read())
            time.sleep(0.05)
        raise AssertionError(path)


@contextmanager
def opened(home: Path) -> Iterator[Studio]:
    words = [sys.executable, "-m", "mintage", "studio", "--no-open", "--port", "0"]
    words += ["--home", str(home / "studio"), "--runs", str(home / "runs")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Studio(process)
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send")
def test_what_was_promised_is_there_after_kill_9(drawing_run: Run, tmp_path: Path) -> None:
    shutil.copytree(drawing_run.path, tmp_path / "runs" / "0001-pictures")
    with opened(tmp_path) as studio:
        made = json.loads(studio.ask("api/create/0001-pictures", {"count": 2, "seed": 3}))["items"]
        files = [studio.ask(f"api/gallery/{one['id']}/file") for one in made]
        job = json.loads(studio.ask("api/jobs", {"kind": "generate", "run": "0001-pictures", "count": 3}))
        token = studio.token
        studio.process.kill()
    with opened(tmp_path) as studio:
        assert studio.token == token, "a page that was left open goes on"
        assert [studio.ask(f"api/gallery/{one['id']}/file") for one in made] == files
        deadline = time.monotonic() + 60
        while (state := json.loads(studio.ask(f"api/jobs/{job['id']}"))["state"]) != "done":
            assert state in ("queued", "running")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        studio.process.send_signal(signal.SIGINT)
        assert studio.process.wait(20) == 0


def test_a_taken_port_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = str(one.getsockname()[1])
        assert "Choose another" in failed(capsys, monkeypatch, "studio", "--no-open", "--port", port)
