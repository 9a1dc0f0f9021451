"""Runs that a server offers, trained for a moment, and a client of one server over all of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.conftest import TINY

import mintage

pytest.importorskip("fastapi")

from starlette.testclient import TestClient

from mintage.serving.app import Access, make_app
from mintage.serving.frames import Frame
from mintage.serving.hands import InProcess
from mintage.serving.service import Service
from mintage.serving.work import Work
from mintage.serving.worker import answer
from mintage.web.guard import LOOPBACK

Opening = Callable[..., AbstractContextManager[TestClient]]


class Near(InProcess):
    """A worker in a thread of this process, which is there at once; frames pass as they do between processes."""

    async def start(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._work = self._pool.submit(Work, self.path)
        self.about = await self._in_thread(lambda: self._work.result().about())

    async def close(self) -> None:
        self._pool.shutdown()

    async def _ask(self, verb: str, said: Mapping[str, Any], blobs: Sequence[bytes]) -> Frame:
        order = Frame(json.loads(json.dumps({"verb": verb, "life": 0, **said})), blobs)
        return await self._in_thread(lambda: answer(self._work.result(), order))

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


@pytest.fixture(scope="session")
def pictures(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    return mintage.train(photos, overrides=[*TINY, "training.steps=4"], out=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def writer(tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    folder = tmp_path_factory.mktemp("text")
    (folder / "text.txt").write_text("The cat sat on the mat, and the dog sat on the log: 春风. " * 120, "utf-8")
    tiny = ["model.width=16", "model.layers=1", "model.heads=1", "data.context=16", "training.steps=6"]
    return mintage.train(folder / "text.txt", overrides=[*tiny, "training.frames=2"], out=folder / "runs")


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    pd = pytest.importorskip("pandas")
    folder = tmp_path_factory.mktemp("table")
    pd.DataFrame({"age": [20 + k % 50 for k in range(300)], "kind": ["a", "b", "c"] * 100}).to_csv(
        folder / "people.csv", index=False
    )
    tiny = ["training.steps=20", "training.frames=2"]
    return mintage.train(folder / "people.csv", overrides=tiny, out=folder / "runs")


@pytest.fixture(scope="session")
def restyler(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    folder = tmp_path_factory.mktemp("pairs")
    for side, shift in (("source", 0), ("target", 40)):
        (folder / side).mkdir()
        for seed in range(6):
            pixels = np.random.default_rng(seed).integers(0, 200, (32, 32, 3), dtype=np.uint8) + shift
            Image.fromarray(pixels.astype(np.uint8)).save(folder / side / f"{seed}.png")
    tiny = ["codec.size=32", "model.blocks=1", "model.judge_width=4", "model.width=4", "training.steps=1"]
    tiny += [f"source={folder / 'source'}", f"target={folder / 'target'}", "training.batch=2", "training.frames=2"]
    return mintage.train("cyclegan", overrides=[*tiny, "data.heldout=0"], out=folder / "runs")


@pytest.fixture(scope="session")
def opening(pictures: mintage.Run, writer: mintage.Run, table: mintage.Run, restyler: mintage.Run) -> Opening:
    """Opens a client of a server over all four; keywords are those of `Service`, and `keys` and `log` of `Access`."""

    @contextmanager
    def opened(**settings: Any) -> Iterator[TestClient]:
        access = Access(LOOPBACK, settings.pop("keys", None), settings.pop("log", None))
        service = Service([pictures.path, writer.path, table.path, restyler.path], hire=Near, **settings)
        with TestClient(make_app(service, access), base_url="http://127.0.0.1") as client:
            deadline = time.monotonic() + 30
            while client.get("/readyz").status_code != 200 and time.monotonic() < deadline:
                time.sleep(0.02)
            yield client

    return opened


@pytest.fixture(scope="session")
def client(opening: Opening) -> Iterator[TestClient]:
    with opening() as client:
        yield client
