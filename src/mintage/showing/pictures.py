"""Pictures while they are learned: sheets of the same noise, a film, and the health of a game of two players."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mintage.contracts import Callback
from mintage.experiment import Experiment
from mintage.run import RunDirectory
from mintage.sampling import FixedDraw, noise_of
from mintage.storage import write_image
from mintage.training.checkup import Checkup
from mintage.training.health import HealthMonitor
from mintage.training.schedule import frame_steps
from mintage.watching.film import film_of
from mintage.watching.frames import Frames
from mintage.watching.grid import contact_sheet
from mintage.watching.sheets import SampleSheet, Sheet, TranslationSheet, as_levels, as_pictures

__all__ = ["PictureShow"]

SHOWN, SHOWN_TRANSLATED = 64, 16  # samples of the film's sheets
REALS = 256  # real samples that the health monitor compares with

Tell = Callable[[Mapping[str, Any]], None]


class PictureShow:
    """The sheets, the film and the checks of one run of pictures."""

    def __init__(self, experiment: Experiment, run: RunDirectory, tell: Tell) -> None:
        self.experiment, self.run, self.tell = experiment, run, tell
        self.sheet, self.look = _look(experiment)

    def frames(self) -> Callback:
        """What draws a sheet at each of the film's steps."""
        training = self.experiment.recipe.training
        steps = frame_steps(training.steps, training.frames)
        sampler = self.experiment.loop.averager.sampler
        return Frames(self.run, sampler, self.sheet, self.look, steps=steps, tell=self.tell)

    def checkup(self, resumed: bool) -> Checkup:
        """What looks after the players' health."""
        experiment, told = self.experiment, self.look.condition
        data = experiment.pictures
        reals, given = data.examples(data.train, REALS), told if data.translates else None
        monitor = HealthMonitor(
            reals.x.numpy(),
            real_classes=None if reals.labels is None else reals.labels.numpy(),
            sample_classes=None if told is None or data.translates else told.numpy(),
            inputs=None if given is None else as_levels(given),
            resumed=resumed,
        )
        return Checkup(experiment.loop, monitor, self.look, experiment.evaluation_batch(), tell=self.tell)

    def show_reals(self) -> None:
        """Draw real examples once, to compare with."""
        if not self.run.reals.exists():
            data = self.experiment.pictures
            stored = data.examples(data.train, SHOWN).x
            write_image(self.run.reals, contact_sheet([data.codec.decode(x) for x in data.codec.expand(stored)]))

    def close(self) -> None:
        """String the film."""
        film_of(self.run)


def _look(experiment: Experiment) -> tuple[Sheet, FixedDraw]:
    """What the frames of the film show: always the same noise, classes in columns; or the same pictures translated."""
    data, loop, seed = experiment.pictures, experiment.loop, experiment.recipe.seed
    if data.translates:
        shown = experiment.shown(SHOWN_TRANSLATED)
        assert shown.condition is not None
        truth = shown.x if data.train.is_aligned else None
        pictures = [as_pictures(part) for part in (shown.condition, truth) if part is not None]
        noise, told = noise_of(loop.averager.sampler, 0, len(shown.condition), seed), shown.condition
        return TranslationSheet(data.codec, *pictures), FixedDraw(noise, told, experiment.numbers, experiment.device)
    classes = experiment.num_classes
    columns = classes if 3 < classes <= SHOWN // 4 else None  # one a class, where that makes a sheet
    count = SHOWN // classes * classes if columns else SHOWN
    drawn, asked = noise_of(loop.averager.sampler, 0, count, seed), experiment.conditions(count)
    return SampleSheet(data.codec, columns), FixedDraw(drawn, asked, experiment.numbers, experiment.device)
