"""One training session: a run directory, a loop, and everyone who watches it; started fresh or resumed."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from mintage import __version__
from mintage.contracts import Callback, Makes
from mintage.errors import RunError, TrainingDiverged
from mintage.experiment import Experiment
from mintage.judging.selection import score_of
from mintage.run import RunDirectory
from mintage.showing.pictures import PictureShow
from mintage.showing.records import RecordShow
from mintage.showing.series import SeriesShow
from mintage.showing.texts import TextShow
from mintage.storage import write_json, write_text
from mintage.training.checkpoint import Checkpoints
from mintage.training.distributed import broadcast, check_equal
from mintage.training.recorder import Recorder
from mintage.training.saver import Saver
from mintage.training.stopping import Stop
from mintage.watching import log
from mintage.watching.report import write_report
from mintage.watching.tensorboard import TensorBoard

__all__ = ["Outcome", "Watcher", "create_run", "machine_facts", "train"]

Show = PictureShow | TextShow | RecordShow | SeriesShow
_SHOWS: Mapping[Makes, type[Show]] = {
    "pictures": PictureShow,
    "text": TextShow,
    "records": RecordShow,
    "series": SeriesShow,
}

Watcher = Callable[[Mapping[str, Any]], None]  # sees every row and event of the log as it is written


@dataclass(frozen=True)
class Outcome:
    """How a session ended."""

    finished: bool
    reason: str  # what stopped it early, such as "SIGINT"; empty when finished
    step: int
    seconds: float


def create_run(experiment: Experiment, root: Path) -> RunDirectory:
    """A new run directory with the resolved recipe, the codec, the data report and the facts."""
    recipe, data = experiment.recipe, experiment.data
    run = RunDirectory.create(root, recipe.name or "run")
    write_text(run.recipe, recipe.toml())
    write_json(run.codec, {"name": recipe.codec["name"], **data.codec.state()})
    if data.origin_codec is not None:
        write_json(run.origin_codec, {"name": recipe.codec["name"], **data.origin_codec.state()})
    write_json(run.data_report, data.report.as_dict())
    write_json(run.facts, facts(experiment))
    return run


def facts(experiment: Experiment) -> dict[str, Any]:
    """What run.json says of a run that has not begun."""
    data, spec = experiment.data, experiment.data.spec
    return {
        "name": experiment.recipe.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "mintage": __version__,
        **machine_facts(),
        "device": torch.cuda.get_device_name() if experiment.device.type == "cuda" else str(experiment.device),
        "seed": experiment.recipe.seed,
        "data": {
            "path": str(experiment.recipe.data.path or experiment.recipe.data.source),
            "fingerprint": data.fingerprint,
            "count": data.count,
            "train": len(data.train),
            "selection": len(data.selection),
            "heldout": len(data.heldout),
        },
        "shape": list(spec.x.shape),
        "makes": data.makes,
        "translates": data.translates,
        "classes": list(data.classes),
        "precision": experiment.recipe.training.precision,
        "channels_last": experiment.numbers.channels_last,
        "parameters": {
            name: sum(p.numel() for p in player.parameters()) for name, player in experiment.game.players.items()
        },
        "seconds": 0.0,
        "steps": 0,
        "images": 0,
        "finished": False,
    }


def machine_facts() -> dict[str, Any]:
    """What this machine is, for everything that was measured on it."""
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "cores": os.cpu_count(),
    }


def train(
    experiment: Experiment,
    run: RunDirectory | None,
    watchers: Sequence[Watcher] = (),
    *,
    resume: bool = False,
    leads: bool = True,
) -> Outcome:
    """Train to the end or until told to stop; the run is left whole and resumable either way.

    Of several processes one leads: it alone writes. The others need `run` to resume, and only then.

    Raises:
        TrainingDiverged: figures stopped being finite; the last good checkpoint is kept.
        RunError: the run is in use, or holds no undamaged checkpoint to resume from.
    """
    loop = experiment.loop
    with ExitStack() as stack:
        stack.callback(experiment.stream.close)
        stop = stack.enter_context(Stop(experiment.recipe.training.max_seconds))
        if run is None or not leads:
            if run is not None and resume:
                restore(experiment, run)
            broadcast(experiment.game)
            finished = loop.run((), stop)
            check_equal(experiment.game)
            return Outcome(finished, stop.reason, loop.step, 0.0)
        stack.enter_context(run.locked())
        return _Scene(experiment, run, watchers, resume, stack).play(stop)


def restore(experiment: Experiment, run: RunDirectory) -> tuple[float, list[str]]:
    """Bring the loop to the run's newest undamaged checkpoint; returns its seconds and complaints.

    Raises:
        RunError: checkpoints exist but all are damaged, or they do not fit the recipe.
    """
    checkpoint, complaints = Checkpoints(run.checkpoints).latest()
    if checkpoint is None:
        if complaints:
            raise RunError(f"Every checkpoint of {run.path} is damaged. {complaints[0]} Train anew.")
        return 0.0, []  # stopped before the first checkpoint: the beginning is a function of the seed
    try:
        experiment.loop.load_state_dict(checkpoint.step, checkpoint.training(), checkpoint.sampler())
    except (RuntimeError, KeyError, IndexError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"{checkpoint.path} does not fit its recipe.toml: {reason}") from error
    return float(checkpoint.state["seconds"]), complaints


class _Scene:
    """The first process's session: it writes, and tells everyone."""

    def __init__(
        self, experiment: Experiment, run: RunDirectory, watchers: Sequence[Watcher], resume: bool, stack: ExitStack
    ) -> None:
        self.experiment, self.run, self.watchers = experiment, run, [*watchers]
        if experiment.recipe.training.tensorboard:
            board = TensorBoard(run.path)
            stack.callback(board.close)
            self.watchers.append(board.row)
        seconds, complaints = restore(experiment, run) if resume else (0.0, [])
        broadcast(experiment.game)
        if resume:
            log.cut(run.log, experiment.loop.step)
            write_text(run.recipe, experiment.recipe.toml())  # overrides hold for the next resume too
        self.log = stack.enter_context(log.Log(run.log))
        for complaint in complaints:
            self.tell({"event": "fallback", "step": experiment.loop.step, "message": complaint})
        loop, recipe = experiment.loop, experiment.recipe
        self.show: Show = _SHOWS[experiment.data.makes](experiment, run, self.tell)
        self.checkup = self.show.checkup(resume)
        self.recorder = Recorder(loop, [self.checkup.enrich, self.tell, self.checkup], seconds_before=seconds)
        kept = Checkpoints(run.checkpoints, keep_last=recipe.training.keep_last, keep_best=recipe.training.keep_best)
        score = score_of(experiment)
        self.saver = Saver(loop, kept, seconds=lambda: self.recorder.seconds, score=score, tell=self._saved)
        self.frames = self.show.frames()

    def tell(self, row: Mapping[str, Any]) -> None:
        self.log.append(row)
        for watcher in self.watchers:
            watcher(row)

    def _saved(self, row: Mapping[str, Any]) -> None:
        """What the saver tells goes to everyone, and scores to the health monitor too."""
        self.tell(row)
        if row["event"] == "score":
            for diagnosis in self.checkup.monitor.observe_score(row["step"], row["value"]):
                self.tell(diagnosis.row())

    def _has_patience(self, stop: Stop) -> bool:
        patience = self.experiment.recipe.training.patience
        if patience is None or self.saver.stale < patience:
            return True
        step, message = self.experiment.loop.step, f"{patience} scores in a row were no better than the best one."
        if not stop.reason:
            self.tell({"event": "early_stop", "step": step, "message": message})
        stop.ask("the score no longer improves")
        return False

    def play(self, stop: Stop) -> Outcome:
        loop = self.experiment.loop
        self.show.show_reals()
        if loop.step == 0:
            self.frames.on_step(0, {})
        callbacks: list[Callback] = [self.recorder, self.frames, self.saver]
        try:
            finished = loop.run(callbacks, lambda: not self._has_patience(stop) or stop())
            check_equal(self.experiment.game)
            saved = self.saver.save()
        except TrainingDiverged:
            self.close(False)
            raise
        self.close(finished)
        if not saved:
            raise RunError(f"The last state of {self.run.path} could not be saved; the checkpoint before it is kept.")
        return Outcome(finished, "" if finished else stop.reason, loop.step, self.recorder.seconds)

    def close(self, finished: bool) -> None:
        """Bring facts, film and report up to date."""
        loop = self.experiment.loop
        before = self.run.read_facts()
        now = {"seconds": round(self.recorder.seconds, 1), "steps": loop.step, "images": loop.images}
        write_json(self.run.facts, {**before, **now, "finished": finished})
        self.show.close()
        write_report(self.run)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
