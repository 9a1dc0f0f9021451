"""Sends errands out one at a time, and ends those that take too long or that nobody waits for any more."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mintage.errors import MintageError

__all__ = ["ErrandFailed", "Errands"]


class ErrandFailed(MintageError):
    """What was asked for cannot be had; the message is that of the process, `kind` its error's name."""

    def __init__(self, message: str, kind: str = "MintageError") -> None:
        super().__init__(message)
        self.kind = kind


class Errands:
    """At most one process at a time: they measure, and two would measure each other."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def run(self, errand: str, asked: Mapping[str, Any], limit: float) -> dict[str, Any]:
        """The answer to an errand.

        Raises:
            ErrandFailed: it cannot be done, or took longer than `limit` seconds.
        """
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "mintage.jobs.errand",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            question = json.dumps({"errand": errand, **asked}).encode()
            try:
                told, words = await asyncio.wait_for(process.communicate(question), limit)
            except TimeoutError as error:
                raise ErrandFailed(f"That took longer than {limit:.0f} seconds. Ask for something smaller.") from error
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        try:
            answer = json.loads(told)
        except ValueError as error:
            last = words.decode(errors="replace").strip().splitlines()[-1:] or ["nothing was said"]
            raise ErrandFailed(f"The process that should answer ended: {last[0][:300]}") from error
        if "error" in answer:
            raise ErrandFailed(answer["error"], answer.get("kind", "MintageError"))
        return dict(answer)
