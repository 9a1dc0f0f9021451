"""What each kind of job does, by the public verbs; it tells its folder how far it has come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mintage import api
from mintage.config import merge
from mintage.drawing import origins_of
from mintage.experiment import find_device
from mintage.generated import Generated
from mintage.jobs.folder import JobFolder
from mintage.recipe import read_raw
from mintage.run import RunDirectory
from mintage.sampling import noise_of
from mintage.trained import Trained
from mintage.training.distributed import processes

__all__ = ["TOLD_TO", "WORK", "raw_of"]

TOLD_TO = ("SIGTERM", "SIGINT")  # reasons of a training that was stopped by whoever keeps the queue
NOTED_EVERY = 0.5  # seconds
PART = 256  # pictures between two looks at the world

Done = tuple[str, str]  # outcome and message, as `JobFolder.finish` takes them


def raw_of(order: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe that an order of a training asks for."""
    raw = read_raw(order["source"], None, ())
    if name := order.get("name"):
        raw = merge(raw, {"name": name})
    if model := order.get("model"):
        raw = merge(raw, {"model": {"name": model}})
    return merge(raw, order.get("overrides", {}))


def train(order: Mapping[str, Any], folder: JobFolder, started: float) -> Done:
    """Learn, or go on where the process before was stopped."""
    out = Path(order["runs"])
    known = folder.state().get("run")
    before = RunDirectory(out / known) if known else None
    with processes(find_device("auto")) as group:
        if before is not None and before.recipe.is_file():
            if before.read_facts().get("finished"):
                return "done", ""
            folder.note(message="resuming")
            ready = api.resume(before.path, (), group=group)
        else:
            budget = order.get("budget") or None
            folder.note(message="measuring" if budget else "reading")
            ready = api.prepare(
                raw_of(order), group=group, budget=budget, out=out, seed=order.get("seed") or None, since=started
            )
        run = ready.create()
        assert run is not None
        steps = ready.recipe.training.steps
        folder.note(run=run.path.name, step=ready.done, steps=steps, message="training")
        outcome = ready.run([_Watcher(folder, steps)])
    folder.note(step=outcome.step, eta=None)
    if outcome.finished:
        return "done", ""
    if outcome.reason in TOLD_TO:
        return "stopped", ""
    return ("done", outcome.reason) if "score" in outcome.reason else ("stopped", outcome.reason)


def generate(order: Mapping[str, Any], folder: JobFolder, started: float) -> Done:
    """Write so many samples into the job's folder; pictures go on where the process before was stopped."""
    run, count, seed = api.load(Path(order["runs"]) / order["run"]), int(order["count"]), int(order["seed"])
    settings = dict(order.get("overrides", {}))
    folder.made.mkdir(exist_ok=True)
    folder.note(run=order["run"], step=0, steps=count, message="generating")
    told = _Counted(folder, count)
    if run.makes == "records":
        run.write_records(folder.made / "records.csv", count, seed=seed, progress=told, **settings)
    elif run.makes == "series":
        run.write_scenarios(folder.made / "scenarios.csv", count, seed=seed, **settings)
    elif run.makes == "text":
        run.write(count, seed=seed, **settings).save(folder.made)
    else:
        _draw(run, folder.made, told, (count, seed, settings.get("of")))
    folder.note(step=count, eta=None)
    return "done", ""


def _draw(run: api.Run, made: Path, told: Callable[[int, int], None], asked: tuple[int, int, Any]) -> None:
    count, seed, of = asked
    trained = Trained.open(run.directory, None)
    there = {file.stem for file in made.iterdir()}
    for first in range(0, count, PART):
        names = [f"{index:06}" for index in range(first, min(first + PART, count))]
        if missing := [index for index, name in enumerate(names) if name not in there]:
            conditions = trained.told(first + len(names), of)
            mine = None if conditions is None else conditions[first:]
            noise = noise_of(trained.sampler, first, len(names), seed)
            drawn = trained.shown(trained.draw(noise, mine))
            everyone = origins_of(trained, seed, len(names), mine, first)
            origins = [everyone[index] for index in missing]
            texts = [{"mintage": origin.text()} for origin in origins]
            kept = Generated([drawn[index] for index in missing], origins, trained.codec)
            trained.codec.write(kept.samples, made, names=[names[index] for index in missing], texts=texts)  # type: ignore[call-arg]
        told(first + len(names), count)


def evaluate(order: Mapping[str, Any], folder: JobFolder, started: float) -> Done:
    """Judge the run; scores, report and card go into it."""
    folder.note(run=order["run"], message="evaluating")

    def tell(doing: str) -> None:
        folder.note(message=doing)

    api.load(Path(order["runs"]) / order["run"]).evaluate(tell=tell, **order.get("overrides", {}))
    return "done", ""


def export(order: Mapping[str, Any], folder: JobFolder, started: float) -> Done:
    """Write the run in a form that other programs open."""
    folder.note(run=order["run"], message="exporting")
    settings = dict(order.get("overrides", {}))
    made = folder.made
    if made.exists():
        import shutil

        shutil.rmtree(made)  # of a process that was stopped
    api.load(Path(order["runs"]) / order["run"]).export(made, str(settings.pop("format", "")), **settings)
    return "done", ""


WORK: Mapping[str, Callable[[Mapping[str, Any], JobFolder, float], Done]] = {
    "train": train, "generate": generate, "evaluate": evaluate, "export": export,
}  # fmt: skip


class _Watcher:
    """Sees the rows of a training's log, and notes step and time left, by the pace of the last half minute."""

    def __init__(self, folder: JobFolder, steps: int) -> None:
        self.folder, self.steps = folder, steps
        self._pace: deque[tuple[float, int]] = deque(maxlen=30)
        self._noted = 0.0

    def __call__(self, row: Mapping[str, Any]) -> None:
        if "event" in row or "seconds" not in row:
            return
        self._pace.append((float(row["seconds"]), int(row["step"])))
        (then, first), (now, step) = self._pace[0], self._pace[-1]
        if step > first and (time.monotonic() - self._noted >= NOTED_EVERY or step >= self.steps):
            self._noted = time.monotonic()
            eta = (self.steps - step) * (now - then) / (step - first)
            self.folder.note(step=step, eta=round(eta, 1), message="training")


class _Counted:
    """Notes how many samples there are, and the time that the rest will take."""

    def __init__(self, folder: JobFolder, count: int) -> None:
        self.folder, self.count = folder, count
        self._start = (time.monotonic(), 0)
        self._noted = 0.0

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._noted >= NOTED_EVERY or done >= of:
            self._noted = now
            rate = done / max(now - self._start[0], 1e-6)
            self.folder.note(step=done, eta=round((of - done) / rate, 1) if rate else None)
