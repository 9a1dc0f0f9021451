"""Draws the frames of the training film: the averaged sampler with the same noise at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from mintage.contracts import Sampler
from mintage.run import RunDirectory
from mintage.sampling import FixedDraw
from mintage.storage import write_image
from mintage.watching.sheets import Sheet

__all__ = ["Frames"]


class Frames:
    """A callback that writes samples/NNNNNNN.png at the given steps."""

    def __init__(
        self,
        run: RunDirectory,
        sampler: Sampler,
        sheet: Sheet,
        look: FixedDraw,
        *,
        steps: Sequence[int],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self.run, self.sampler, self.sheet, self.look = run, sampler, sheet, look
        self.steps, self.tell = frozenset(steps), tell

    def on_step(self, step: int, seen: Mapping[str, Tensor]) -> None:
        if step in self.steps:
            self.draw(step)

    def draw(self, step: int) -> None:
        """Write the frame of this step; a full disk costs the frame and nothing else."""
        x = self.look.of(self.sampler)
        path = self.run.sample_sheet(step)
        try:
            write_image(path, self.sheet(x))
        except OSError as error:
            self.tell({"event": "not_saved", "step": step, "message": f"{path.name} could not be written: {error}."})
        else:
            self.tell({"event": "sample", "step": step, "file": path.relative_to(self.run.path).as_posix()})
