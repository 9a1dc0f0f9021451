"""The process of one generator: `python -m mintage.serving.worker RUN`; it does what its server says, and ends with it.

Orders come on stdin and answers go to stdout, as frames; whatever else is printed goes to stderr.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mintage.errors import MintageError
from mintage.serving.frames import HEAD, Frame, lengths, pack, problem, unpack

if TYPE_CHECKING:
    from mintage.serving.work import Work

__all__ = ["answer", "main"]


def main(path: Path) -> int:
    """Load a run, say what it is, and answer until nothing more comes."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not be taken for an answer
    for told in (signal.SIGINT, signal.SIGTERM):  # they are the server's: what was accepted is finished first
        signal.signal(told, signal.SIG_IGN)
    try:
        from mintage.serving.work import Work

        work = Work(path)
    except (MintageError, OSError) as error:
        _send(answers, problem(error))
        return 1
    gc.collect()
    gc.freeze()  # what was loaded stays: to walk over it again and again would hold up whoever waits
    _send(answers, Frame(work.about()))
    while (order := _receive(orders)) is not None:
        _send(answers, answer(work, order))
    return 0


def answer(work: Work, order: Frame) -> Frame:
    """What comes of one frame of a server: `do` of several orders, or `next` or `drop` of a text."""
    said = order.said
    if said["verb"] != "do":
        doing: Callable[[int], Frame] = {"next": work.next, "drop": work.drop}[said["verb"]]
        return doing(said["stream"])
    started = time.perf_counter()
    done: list[Frame] = work.do(said["orders"], order.blobs)
    heads = list[Mapping[str, Any]]()
    for one in done:
        heads.append({**one.said, "blobs": len(one.blobs), "life": said["life"]})
    return Frame(
        {"answers": heads, "seconds": time.perf_counter() - started}, [blob for one in done for blob in one.blobs]
    )


def _receive(file: IO[bytes]) -> Frame | None:
    head = file.read(HEAD)
    if len(head) < HEAD:
        return None
    said, blobs = lengths(head)
    return unpack(file.read(said), file.read(blobs))


def _send(file: IO[bytes], frame: Frame) -> None:
    file.writelines(pack(frame))
    file.flush()


if __name__ == "__main__":
    code = 1
    with suppress(BrokenPipeError):  # the server is gone
        code = main(Path(sys.argv[1]))
    sys.stderr.flush()
    os._exit(code)  # nothing is left to tidy, and threads of libraries may still be waiting
