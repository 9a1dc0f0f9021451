"""Records while they are learned: how each column is spread, made beside real, at every look; a film, and health."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from PIL import Image
from torch import Tensor

from mintage.contracts import Callback
from mintage.data.table_packing import RecordCodec
from mintage.experiment import Experiment
from mintage.run import RunDirectory
from mintage.sampling import FixedDraw, noise_of
from mintage.storage import write_image
from mintage.training.checkup import Checkup
from mintage.training.diagnosis import OF_RECORDS
from mintage.training.schedule import frame_steps
from mintage.training.writer_health import WriterMonitor
from mintage.watching.film import film_of
from mintage.watching.frames import Frames
from mintage.watching.records_sheet import records_sheet

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["RecordShow"]

_SHOWN, _REALS, _EXAMINED = 1_024, 2_000, 512

Tell = Callable[[Mapping[str, Any]], None]


class RecordShow:
    """The sheets, the film and the checks of one run of records."""

    def __init__(self, experiment: Experiment, run: RunDirectory, tell: Tell) -> None:
        self.experiment, self.run, self.tell = experiment, run, tell
        self.codec = cast(RecordCodec, experiment.data.codec)
        data = experiment.pictures
        self.real = self._frame(data.codec.expand(data.train.examples(_REALS).x))

    def frames(self) -> Callback:
        """What draws the columns of a thousand records, always of the same chance, at each of the film's steps."""
        experiment = self.experiment
        training, sampler = experiment.recipe.training, experiment.loop.averager.sampler
        look = FixedDraw(
            noise_of(sampler, 0, _SHOWN, experiment.recipe.seed), None, experiment.numbers, experiment.device
        )
        steps = frame_steps(training.steps, training.frames)
        return Frames(self.run, sampler, self._sheet, look, steps=steps, tell=self.tell)

    def checkup(self, resumed: bool) -> Checkup:
        """What looks after the model's health."""
        monitor = WriterMonitor("network", "record", OF_RECORDS)
        heldout = self.experiment.evaluation_batch(_EXAMINED)
        return Checkup(self.experiment.loop, monitor, None, heldout, tell=self.tell)

    def show_reals(self) -> None:
        """Draw the real columns once, to compare with."""
        if not self.run.reals.exists():
            write_image(self.run.reals, records_sheet(self.real, self.real, self.codec.kinds_of))

    def close(self) -> None:
        """String the film."""
        film_of(self.run)

    def _sheet(self, x: Tensor) -> Image.Image:
        return records_sheet(self.real, self._frame(x), self.codec.kinds_of)

    def _frame(self, x: Tensor) -> DataFrame:
        return self.codec.decode_frame(x.to(torch.int64).numpy())
