"""A studio of its own, and people who visit it: what they read, press and see, and what goes wrong meanwhile."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import house
import pytest

PAGES = house.ROOT / "src/mintage/studio/pages"
ARTEFACTS = house.ROOT / "artefacts/browser"
VIEWS = ("home", "data", "train", "create", "gallery", "judge", "laboratory")
LANGUAGES = ("en", "zh-CN")
THEMES: tuple[Any, ...] = ("light", "dark")
TINY = ("model.name=dcgan", "model.width=8", "model.latent_dim=16", "training.batch=16", "training.frames=3")
TINY += ("training.steps=40", "training.precision=float32", "training.channels_last=false")
PATIENCE = 20_000  # milliseconds; two cores share this with a training


class Words:
    """What the page says in a language: words("home.title"), words("data.files", n=3)."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.texts: dict[str, str] = {}
        for path in (PAGES / "words" / language).glob("*.json"):
            self.texts |= json.loads(path.read_text("utf-8"))

    def __call__(self, key: str, **values: object) -> str:
        text = self.texts[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def like(self, key: str) -> re.Pattern[str]:
        """The text with anything in its places."""
        return re.compile(".*".join(re.escape(part) for part in re.split(r"\{\w+\}", self.texts[key])))


class Studio:
    """A studio in its own process, with nothing in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self.run = ""  # the run of a furnished studio
        self.start()

    def start(self) -> None:
        place = ["--home", str(self.home / "studio"), "--runs", str(self.home / "runs")]
        command, surroundings = self._command("studio", "--no-open", "--port", str(self.port), *place)
        self.process = subprocess.Popen(
            command, cwd=self.home, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/\S*", line):
                self.address, self.port = found[0], int(found[1])
                break
        else:
            pytest.fail(f"the studio did not start: {''.join(self.said)}")
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()

    def _command(self, *words: str) -> tuple[list[str], dict[str, str]]:
        program = "import sys; sys.argv[0] = 'mintage'; from mintage.cli import main; main()"
        env = {**os.environ, "MINTAGE_CACHE": str(self.home / "cache"), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        env["PYTHONPATH"] = os.pathsep.join([str(house.ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        return [sys.executable, "-c", program, *words], env

    def furnish(self, data: Path) -> None:
        """A run that looked at this data for a few seconds, its verdict, and two dozen things that it made."""
        runs = self.home / "runs"
        self._run("train", str(data), "--out", str(runs), "--quiet", *TINY)
        (self.run,) = (path.name for path in runs.iterdir() if path.is_dir())
        self._run("evaluate", str(runs / self.run))
        body = json.dumps({"seed": 7, "count": 24}).encode()
        address, token = self.address.split("?token=")
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        with urlopen(Request(f"{address}api/create/{self.run}", body, headers), timeout=60) as answer:
            assert answer.status == 200

    def _run(self, *words: str) -> None:
        command, surroundings = self._command(*words)
        subprocess.run(command, cwd=self.home, env=surroundings, check=True, timeout=150, stdout=subprocess.DEVNULL)

    def _listen(self, lines: Iterator[str]) -> None:
        self.said.extend(lines)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


class Visit:
    """One person at the studio: a page in a language and a theme, and everything that went wrong on it."""

    def __init__(self, chromium: Any, studio: Studio, language: str, theme: str, size: tuple[int, int]) -> None:
        self.studio, self.words, self.theme, self.size = studio, Words(language), theme, size
        self.context = chromium.new_context(
            locale=language, color_scheme=theme, viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
        )
        self.context.set_default_timeout(PATIENCE)
        self.wrong: list[str] = []
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("filechooser", lambda _: None)  # heard from the start: one that opens before the first ear is lost
        self.page.goto(studio.address)
        self.page.wait_for_selector("h1")

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and (parts.hostname, parts.port) != ("127.0.0.1", self.studio.port):
            self.wrong.append(f"asked elsewhere: {request.url}")

    def go(self, name: str, *rest: str) -> Any:
        """To a page by its address, until its title stands there and nothing more is awaited."""
        path = "/".join(part for part in (name, *rest) if part != "home")
        self.page.goto(f"http://127.0.0.1:{self.studio.port}/#/{path}")
        self.page.wait_for_selector(f".view-{name} h1")
        self.rest()
        return self.page

    def rest(self) -> None:
        """Until pictures are there and nothing moves; a page that listens to events is never quite silent."""
        self.until("[...document.images].every((one) => one.complete || one.loading === 'lazy')")
        self.page.wait_for_timeout(200)

    def until(self, truth: str) -> None:
        """Wait until JavaScript says yes; unlike Playwright's own way it asks nothing of the page's policy."""
        end = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(truth):
            assert time.monotonic() < end, f"this did not become true: {truth}"
            self.page.wait_for_timeout(50)

    def look(self, name: str, *, full: bool = True) -> None:
        """Keep a screenshot."""
        if full:
            self.page.evaluate("scrollTo(0, 0)")
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=full)

    def button(self, key: str) -> Any:
        """The button or link that says this."""
        text = self.words.like(key)
        return self.page.get_by_role("button", name=text).or_(self.page.get_by_role("link", name=text)).first
