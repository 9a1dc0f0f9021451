"""A generator in a process of its own: what it is asked, its death, and the death of its server."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi")

import mintage
from mintage.errors import ConfigError, RunError
from mintage.serving.engine import Engine
from mintage.serving.frames import Frame
from mintage.serving.hands import InProcess, Lost
from mintage.serving.sizes import Sizes

AGAIN = 20.0  # seconds; on a quiet machine it is two


def order(seed: int, of: str | None = None) -> Frame:
    return Frame({"verb": "pictures", "n": 1, "seed": seed, "of": of, "form": "image/png"})


def assert_is(answer: Frame, run: mintage.Run, seed: int) -> None:
    with Image.open(io.BytesIO(answer.blobs[0])) as image:
        assert np.array_equal(np.asarray(image), np.asarray(run.generate(1, seed=seed)[0]))


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_it_is_killed_and_works_again_as_if_nothing_had_been(pictures: mintage.Run) -> None:
    async def play() -> None:
        hand = InProcess(pictures.path)
        await hand.start()
        assert hand.about["classes"] == list(pictures.classes)
        (bad, good), seconds = await hand.do([order(1, "zebra"), order(2)])
        assert isinstance(bad, ConfigError)
        assert "knows no class" in str(bad)
        assert_is(good, pictures, 2)
        assert seconds > 0
        engine = Engine("pictures", hand, Sizes({64: 0.01}), about=hand.about)
        assert hand.pid is not None
        os.kill(hand.pid, signal.SIGSTOP)  # it holds the next order when it dies
        asked = asyncio.ensure_future(engine.draw(order(3), 1, time.monotonic() + AGAIN))
        await asyncio.sleep(0.05)
        os.kill(hand.pid, signal.SIGKILL)
        assert_is(await asyncio.wait_for(asked, AGAIN), pictures, 3)
        await engine.close()
        assert hand.pid is None

    asyncio.run(play())


def test_a_text_that_was_being_written_is_lost_with_its_process(writer: mintage.Run) -> None:
    async def play() -> None:
        hand = InProcess(writer.path)
        await hand.start()
        asked = {"prompt": "The ", "heading": None, "decoding": {"length": 50}, "most": 100, "n": 1, "seed": 0}
        (mark,), _ = await hand.do([Frame({"verb": "stream", **asked})])
        pieces, _ = await hand.next(mark)
        assert pieces[0] == "The "
        assert hand.pid is not None
        os.kill(hand.pid, signal.SIGTERM)  # which is its server's affair
        await hand.next(mark)
        os.kill(hand.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        with pytest.raises(Lost):  # pieces that were on their way may come first
            await asyncio.wait_for(until_lost(hand, mark), AGAIN)
        await hand.close()

    asyncio.run(play())


async def until_lost(hand: InProcess, mark: Frame) -> None:
    while True:
        await hand.next(mark)


def test_a_run_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nowhere"):
        asyncio.run(InProcess(tmp_path / "nowhere").start())


OWNER = """
import asyncio, sys
from pathlib import Path
from mintage.serving.hands import InProcess

async def own():
    hand = InProcess(Path(sys.argv[1]))
    await hand.start()
    assert "torch" not in sys.modules, "a server speaks HTTP, and leaves torch to its workers"
    print(hand.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(own())
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_it_ends_with_its_server(pictures: mintage.Run) -> None:
    words = [sys.executable, "-c", OWNER, str(pictures.path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        server.kill()
        deadline = time.monotonic() + AGAIN
        while lives(pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"
