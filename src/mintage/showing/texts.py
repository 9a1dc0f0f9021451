"""Text while it is learned: the same chance written out at every look, and the health of a writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from mintage.contracts import Callback
from mintage.experiment import Experiment
from mintage.run import RunDirectory
from mintage.sampling import FixedDraw, noise_of
from mintage.storage import write_text
from mintage.training.checkup import Checkup
from mintage.training.schedule import frame_steps
from mintage.training.writer_health import WriterMonitor
from mintage.watching.writings import RULE

__all__ = ["TextShow"]

_SHOWN, _LENGTH = 4, 256  # texts of a frame, and their tokens
_REALS = 4


Tell = Callable[[Mapping[str, Any]], None]


class TextShow:
    """The frames and the checks of one run of text."""

    def __init__(self, experiment: Experiment, run: RunDirectory, tell: Tell) -> None:
        self.experiment, self.run, self.tell = experiment, run, tell

    def frames(self) -> Callback:
        """What writes a few texts at each of the film's steps, always by the same chance."""
        return _Frames(self)

    def checkup(self, resumed: bool) -> Checkup:
        """What looks after the writer's health."""
        heldout = self.experiment.evaluation_batch(16)
        return Checkup(self.experiment.loop, WriterMonitor(), None, heldout, tell=self.tell)

    def show_reals(self) -> None:
        """Keep passages of the text that is learned from, to compare with."""
        data = self.experiment.data
        if not self.run.real_texts.exists():
            count = min(_REALS, len(data.train))
            passages = [_shown(data.codec, row) for row in data.train.batch(0, count).x]
            write_text(self.run.real_texts, RULE.join(passages))

    def close(self) -> None:
        """A film of text is its frames: the report shows them."""


class _Frames:
    def __init__(self, show: TextShow) -> None:
        self.show = show
        experiment = show.experiment
        training = experiment.recipe.training
        self.steps = frozenset(frame_steps(training.steps, training.frames))
        self.sampler = experiment.loop.averager.sampler
        noise = noise_of(self.sampler, 0, _SHOWN, experiment.recipe.seed)[:, :_LENGTH]
        self.look = FixedDraw(noise, None, experiment.numbers, experiment.device)

    def on_step(self, step: int, seen: Mapping[str, Tensor]) -> None:
        if step not in self.steps:
            return
        codec, run = self.show.experiment.data.codec, self.show.run
        path = run.sample_text(step)
        try:
            write_text(path, RULE.join(_shown(codec, row) for row in self.look.of(self.sampler)))
        except OSError as error:
            self.show.tell({"event": "not_saved", "step": step, "message": f"{path.name} was not written: {error}."})
        else:
            self.show.tell({"event": "sample", "step": step, "file": path.relative_to(run.path).as_posix()})


def _shown(codec: Any, tokens: Tensor) -> str:
    """A passage with a blank line where a document ends, for the token between them is no text."""
    ends = (tokens == codec.separator).nonzero()[:, 0].tolist() if codec.separator is not None else []
    return "\n\n".join(codec.decode(part) for part in tokens.tensor_split(ends) if len(part))
