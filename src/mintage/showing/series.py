"""Series while they are learned: the same forecast by the same chance at every look, and the forecaster's health."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
from PIL import Image
from torch import Tensor

from mintage.contracts import Batch, Callback
from mintage.data.view import Rows
from mintage.experiment import Experiment
from mintage.layers.known import until
from mintage.run import RunDirectory
from mintage.sampling import CHUNK, FixedDraw, ForecastSampler
from mintage.seeding import generator
from mintage.series_data import SeriesData
from mintage.storage import write_image
from mintage.training.checkup import Checkup
from mintage.training.diagnosis import OF_RECORDS, OF_SERIES
from mintage.training.health import HealthMonitor
from mintage.training.schedule import frame_steps
from mintage.training.writer_health import WriterMonitor
from mintage.watching.fans import draw_fans
from mintage.watching.film import film_of
from mintage.watching.frames import Frames

__all__ = ["Fan", "SeriesShow"]

_LONGEST = 24  # steps of a frame's forecast; a quarter of a window where that is less
_SHOWN = 6  # variables

Tell = Callable[[Mapping[str, Any]], None]


class Fan:
    """A forecast of the last quarter of one window from what lies before it, as a picture."""

    def __init__(self, data: SeriesData) -> None:
        view = data.selection if len(data.selection) else data.train
        self.data = data
        self.batch = view.batch(0, 1)
        self.codec, self.window = data.codec, self.batch.x[0]  # (T + 1, V)
        self.steps = max(min(_LONGEST, (len(self.window) - 1) // 4), 1)

    def look(self, experiment: Experiment) -> FixedDraw:
        """The chance of its paths, and the history that they go on from."""
        history = until(self.batch.x, self.batch.condition, self.steps).expand(CHUNK, -1, -1)
        sampler = cast(ForecastSampler, experiment.loop.averager.sampler)
        noise = sampler.path_noise(CHUNK, self.steps, generator(experiment.recipe.seed, "fan"))
        return FixedDraw(noise, history, experiment.numbers, experiment.device)

    def __call__(self, x: Tensor) -> Image.Image:
        """The picture of paths. Shape: (n, steps, V)."""
        levels, names = self.codec.decode(self.window), self.codec.variables[:_SHOWN]
        known, came = np.split(levels[:, : len(names)], [len(levels) - self.steps])
        paths = self.codec.levels(levels[-self.steps - 1], x)[..., : len(names)]
        return draw_fans(names, known, paths, came)


class SeriesShow:
    """The fans, the film and the checks of one run of series."""

    def __init__(self, experiment: Experiment, run: RunDirectory, tell: Tell) -> None:
        self.experiment, self.run, self.tell = experiment, run, tell
        self.fan = Fan(experiment.data)  # type: ignore[arg-type]

    def frames(self) -> Callback:
        """What draws a fan at each of the film's steps."""
        training, sampler = self.experiment.recipe.training, self.experiment.loop.averager.sampler
        steps, look = frame_steps(training.steps, training.frames), self.fan.look(self.experiment)
        return Frames(self.run, sampler, self.fan, look, steps=steps, tell=self.tell)

    def checkup(self, resumed: bool) -> Checkup:
        """What looks after the health of the forecaster, or of two players."""
        heldout = self.experiment.evaluation_batch(16)
        if "discriminator" in self.experiment.loop.game.players:
            return self._of_players(heldout, resumed)
        return Checkup(
            self.experiment.loop, WriterMonitor("forecaster", "step", OF_RECORDS), None, heldout, tell=self.tell
        )

    def _of_players(self, heldout: Batch | None, resumed: bool) -> Checkup:
        """Made moves beside what came, each after a window's history of its own, as large ones are cut for both."""
        experiment, data, steps = self.experiment, self.fan.data, self.fan.steps
        rows = np.linspace(0, len(data.train.firsts) - 1, CHUNK).astype(np.int64)
        windows, known = data.train.gather(Rows(rows))
        sampler = cast(ForecastSampler, experiment.loop.game.sampler)
        noise = sampler.path_noise(CHUNK, steps, generator(experiment.recipe.seed, "health"))
        look = FixedDraw(noise, until(windows, known, steps), experiment.numbers, experiment.device)
        came = ((windows[:, -steps:].clamp(-1, 1) + 1) * 127.5).round().byte().movedim(1, -1)
        monitor = HealthMonitor(came.numpy(), resumed=resumed, advice=OF_SERIES)
        return Checkup(experiment.loop, monitor, look, heldout, tell=self.tell)

    def show_reals(self) -> None:
        """Draw what came, as if it had been foretold."""
        if not self.run.reals.exists():
            write_image(self.run.reals, self.fan(self.fan.window[None, -self.fan.steps :]))

    def close(self) -> None:
        """String the film."""
        film_of(self.run)
