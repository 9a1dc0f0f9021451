"""Makes a training ready: data opened, everything that is left open chosen, new or resumed; nothing written yet."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mintage import session
from mintage.errors import RunError
from mintage.experiment import Experiment
from mintage.opening import open_data
from mintage.planning import plan
from mintage.recipe import DataSettings, Recipe, read_raw
from mintage.run import RunDirectory
from mintage.storage import cache_folder
from mintage.training.budget import Plan, parse_duration
from mintage.training.checkpoint import Checkpoints
from mintage.training.distributed import Processes, share_text

if TYPE_CHECKING:
    from mintage.session import Outcome, Watcher

__all__ = ["Preparation", "prepare", "resume"]


class Preparation:
    """A training that is ready to begin: look at `data.report`, `recipe` and `plan`, then `run()`."""

    def __init__(
        self, experiment: Experiment, plan: Plan | None, out: Path, run: RunDirectory | None, first: bool
    ) -> None:
        self.experiment, self.plan, self.out, self.directory, self.leads = experiment, plan, out, run, first
        self.recipe, self.data, self.resumes = experiment.recipe, experiment.data, run is not None
        newest = Checkpoints(run.checkpoints).latest()[0] if run else None
        self.done = newest.step if newest else 0

    def create(self) -> RunDirectory | None:
        """Make the run directory (resuming, the existing one); only the leading process makes one."""
        if self.directory is None and self.leads:
            self.directory = session.create_run(self.experiment, self.out)
        return self.directory

    def run(self, watchers: Sequence[Watcher] = ()) -> Outcome:
        """Train."""
        return session.train(self.experiment, self.create(), watchers, resume=self.resumes, leads=self.leads)


def prepare(
    raw: Mapping[str, Any],
    *,
    group: Processes,
    budget: str | None = None,
    out: Path = Path("runs"),
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    since: float | None = None,
) -> Preparation:
    """Open the data and choose everything that is left open, but write no run yet.

    A budget counts from `since` on, by `time.perf_counter`; unset, from now on.

    Of several processes the first one measures and chooses, and all take its choice.

    Raises:
        MintageError: the data, the recipe or the settings do not fit.
    """
    started = time.perf_counter() if since is None else since
    if seed is not None:
        raw = {"seed": seed} | dict(raw)
    settings = DataSettings.read(raw.get("data", {}), "data")
    data, found, codec = open_data(settings, raw.get("codec", {}), int(raw.get("seed", 0)), cache_folder(), progress)
    asked, raw = raw, {**raw, "data": found.model_dump(mode="json"), "codec": codec}
    made: list[Plan] = []

    def bought(first: Experiment) -> Mapping[str, Any]:
        whole = parse_duration(budget or "")
        left = max(whole - (time.perf_counter() - started), whole / 2)  # what came before is part of the budget
        chosen, settings = plan(first, left, asked)
        made.append(chosen)
        return settings

    if group.world > 1:
        told = ""
        if group.leads:
            told = Experiment.prepare(raw, data, group.device, plan=bought if budget else None).recipe.toml()
        group.join()
        raw, budget = tomllib.loads(share_text(told)), None
    experiment = Experiment.prepare(raw, data, group.device, (group.rank, group.world), bought if budget else None)
    return Preparation(experiment, made[0] if made else None, out, None, group.leads)


def resume(path: Path, overrides: Sequence[str] = (), *, group: Processes) -> Preparation:
    """A run made ready to go on from its newest checkpoint.

    Raises:
        RunError: there is no run, or its data has changed.
    """
    run = RunDirectory.open(path)
    raw = read_raw(str(run.recipe), None, overrides)
    recipe = Recipe.read(raw)
    data, _, _ = open_data(recipe.data, recipe.codec, recipe.seed, cache_folder())
    facts = run.read_facts()
    if facts and facts["data"]["fingerprint"] != data.fingerprint:
        raise RunError(
            f"The data of {path} has changed since it was started ({facts['data']['count']} examples then, "
            f"{data.count} now). Put it back to resume, or start a new run."
        )
    group.join()
    experiment = Experiment.prepare(raw, data, group.device, (group.rank, group.world))
    return Preparation(experiment, None, path.parent, run, group.leads)
