"""The process of one job: `python -m mintage.jobs.child FOLDER`; it outlives whoever started it.

SIGTERM makes a training save and end, and ends all other work; both can go on in a new process.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType

from mintage.errors import MintageError
from mintage.jobs.folder import JobFolder, lock

__all__ = ["main"]

STARTED = time.perf_counter()  # before torch is loaded, which a budget pays for
POLITE = 5  # how far behind the pages this process stands in the queue for the processor


class _Told(BaseException):
    """Told to end while nothing could be saved: what was done so far is in the folder."""


def main(path: Path, handed: int | None = None) -> int:
    """Do the job of a folder; `handed` is its lock's file number, where whoever started this holds it already."""
    folder = JobFolder(path)
    if handed is not None:
        os.set_inheritable(handed, False)  # no process of ours may keep the lock
    elif not lock(held := folder.open_lock()):
        held.close()
        sys.stderr.write(f"{path} is being worked on by another process.\n")
        return 1
    signal.signal(signal.SIGTERM, _stop)
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(POLITE)
    folder.note(message="starting", eta=None)
    try:
        from mintage.jobs.work import WORK

        order = folder.order()
        outcome, message = WORK[order["kind"]](order, folder, STARTED)
    except _Told:
        outcome, message = "stopped", ""
    except MintageError as error:
        outcome, message = "failed", f"{type(error).__name__}: {error}"
    except Exception as error:
        traceback.print_exc()
        outcome, message = "failed", f"{type(error).__name__}: {error}"
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is left is to say how it ended
    folder.finish(outcome, message[:2000])
    return 0 if outcome != "failed" else 1


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Told


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
