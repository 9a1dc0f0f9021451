"""Draws the frames of the training film: the averaged sampler with the same noise at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from mintage.contracts import Codec, Sampler
from mintage.run import RunDirectory
from mintage.sampling import draw
from mintage.storage import write_image
from mintage.training.precision import Numbers
from mintage.watching.grid import contact_sheet

__all__ = ["Frames"]


class Frames:
    """A callback that writes samples/NNNNNNN.png at the given steps."""

    def __init__(
        self,
        run: RunDirectory,
        sampler: Sampler,
        codec: Codec,
        noise: Tensor,
        condition: Tensor | None,
        *,
        steps: Sequence[int],
        numbers: Numbers,
        device: torch.device,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self.run, self.sampler, self.codec, self.noise, self.condition = run, sampler, codec, noise, condition
        self.steps, self.numbers, self.device, self.tell = frozenset(steps), numbers, device, tell

    def on_step(self, step: int, seen: Mapping[str, Tensor]) -> None:
        if step in self.steps:
            self.draw(step)

    def draw(self, step: int) -> None:
        """Write the frame of this step; a full disk costs the frame and nothing else."""
        x = draw(self.sampler, self.noise, self.condition, numbers=self.numbers, device=self.device)
        path = self.run.sample_sheet(step)
        try:
            write_image(path, self.sheet([self.codec.decode(one) for one in x]))
        except OSError as error:
            self.tell({"event": "not_saved", "step": step, "message": f"{path.name} could not be written: {error}."})
        else:
            self.tell({"event": "sample", "step": step, "file": path.relative_to(self.run.path).as_posix()})

    def sheet(self, images: Sequence[Image.Image]) -> Image.Image:
        """The grid of the film: as many columns as there are classes, where that is possible."""
        return contact_sheet(images, columns=None)
