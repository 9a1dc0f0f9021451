"""`mintage train` and `mintage demo`: from data to a run, with the data report first and a live view during it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mintage.api import Preparation

__all__ = ["demo", "train"]

_STARTED = time.perf_counter()  # before torch is loaded, which a budget pays for

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="WHAT [KEY=VALUE]...",
        help="A folder of images, a zip or tar file, texts, a recipe or built-in data; then settings such as "
        "training.steps=2000. `mintage models` lists recipes, `mintage explain training` lists settings.",
    ),
]
Out = Annotated[Path, typer.Option(help="Folder that runs are kept in.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Seed = Annotated[int | None, typer.Option(help="Names everything that is left to chance.")]
Budget = Annotated[str | None, typer.Option(help="Time to train, such as 10m: chooses size and length for it.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def train(
    words: Words = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the recipe's data, if it is not built in.")] = None,
    budget: Budget = None,
    entity: Annotated[str | None, typer.Option(help="Of series: the column that says whose row it is.")] = None,
    target: Annotated[
        str | None, typer.Option(help="Of a table: the column to foretell. Of series: those to learn, with commas.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="A run directory to go on with.")] = None,
    out: Out = Path("runs"),
    seed: Seed = None,
    device: Device = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    quiet: Quiet = False,
) -> None:
    """Learn from data: a folder becomes a generator, with a film of its training.

    Ctrl-C saves and ends; --resume goes on, to the bit as if nothing had happened.
    """
    from mintage import api
    from mintage.errors import ConfigError
    from mintage.experiment import find_device
    from mintage.recipe import read_raw
    from mintage.training.distributed import processes

    columns = {"entity": entity, "target": target}
    given = [*(words or []), *(f"data.{key}={json.dumps(name)}" for key, name in columns.items() if name)]
    with processes(find_device(device)) as group:
        loud = not quiet and group.leads
        if resume is not None:
            if budget is not None or data is not None:
                raise ConfigError("--resume goes on with the run's own data and length: leave --budget and --data out.")
            ready = api.resume(resume, given, group=group)
        else:
            if not given or "=" in given[0]:
                raise ConfigError("Say what to learn from: mintage train ./photos, or a recipe: mintage models.")
            ready = api.prepare(
                read_raw(given[0], data, given[1:]), group=group, budget=budget, out=out, seed=seed,
                progress=_Packing() if loud else None, since=_STARTED,
            )  # fmt: skip
        if loud:
            _introduce(ready)
        if dry_run:
            if loud:
                typer.echo("\n" + ready.recipe.toml() + "\nDry run: nothing was written.")
            return
        _watch(ready, loud)


def demo(
    out: Out = Path("runs"),
    budget: Annotated[str, typer.Option(help="Time to train, such as 4m.")] = "4m",
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Train on the built-in images for 4 minutes, then write samples, a film and a report."""
    from mintage import api
    from mintage.experiment import find_device
    from mintage.recipe import read_raw
    from mintage.training.distributed import processes

    with processes(find_device("auto")) as group:
        ready = api.prepare(
            read_raw("dcgan-fashion", None, []), group=group, budget=budget, out=out, seed=seed,
            progress=None if quiet else _Packing(), since=_STARTED,
        )  # fmt: skip
        if not quiet:
            _introduce(ready)
        _watch(ready, not quiet)
    directory = ready.directory
    if directory is not None and ready.experiment.loop.step:
        run = api.load(directory.path)
        folder = run.generate(64, seed=7).save(directory.path / "made")
        run.walk(folder / "walk.webp", seed=7)
        if not quiet:
            typer.echo(f"64 samples, their sheet and a walk: {folder}")


class _Packing:
    """A progress bar for the first reading of the data, shown only when there is much of it."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, done: int, of: int) -> None:
        from rich.progress import Progress

        if self._bar is None:
            self._bar = Progress(transient=True)
            self._bar.start()
            self._task = self._bar.add_task("Reading the data", total=of)
        self._bar.update(self._task, completed=done, total=of)
        if done >= of:
            self._bar.stop()


def _introduce(ready: Preparation) -> None:
    """What was found, what was chosen, what it will take."""
    from mintage.watching.kinds import KINDS

    recipe, data, numbers = ready.recipe, ready.data, ready.experiment.numbers
    for line in data.report.lines():
        typer.echo(line)
    training = recipe.training
    model = ", ".join(f"{k} {v}" for k, v in recipe.model.items() if k in ("name", "width", "layers", "latent_dim"))
    classes = f", {ready.experiment.num_classes} classes" if ready.experiment.num_classes else ""
    typer.echo(f"Model: {model.removeprefix('name ')}{classes}. Numbers: {numbers}, on {ready.experiment.device}.")
    samples = training.steps * training.batch
    if context := _context(ready):
        read = samples * context
        typer.echo(
            f"Training: {training.steps:,} steps of {training.batch} windows of {context} tokens ({read:,} tokens: "
            f"the text {samples / max(len(data.train), 1):,.2g} times)."
        )
    else:
        typer.echo(f"Training: {training.steps:,} steps of {training.batch} ({samples:,} {KINDS[data.makes].unit}).")
    if ready.plan is not None:
        rate, unit = ready.plan.rate * (context or 1), KINDS[data.makes].unit
        typer.echo(f"The budget: {rate:,.0f} {unit}/s measured; {_in_unit(ready.plan.more, unit)}.")


def _context(ready: Preparation) -> int:
    """Tokens that a writer is told in a window; 0 for what is not text."""
    return int(getattr(ready.data.train, "length", 0)) if ready.data.makes == "text" else 0


def _in_unit(words: str, unit: str) -> str:
    return words.replace("images", unit)


def _watch(ready: Preparation, loud: bool) -> None:
    from mintage.cli.live import Counted, LiveView
    from mintage.training.budget import spell_duration
    from mintage.watching import log
    from mintage.watching.kinds import KINDS
    from mintage.watching.progress import progress
    from mintage.watching.words import label, number

    run = ready.create()
    path = run.path if run else None
    context = _context(ready)
    counted = Counted(KINDS[ready.data.makes].unit, context or 1)
    with LiveView(ready.recipe.training.steps, run=path, done=ready.done, quiet=not loud, counted=counted) as view:
        outcome = ready.run([view.row])
    if not loud or run is None:
        return
    if outcome.finished:
        typer.echo(f"Done in {spell_duration(outcome.seconds)}: {run.report}")
        for score in progress(log.read(run.log)):
            if score.best is not None and score.why:
                step, value = score.best
                typer.echo(f"Used is step {step:,}, {score.why}: {label(score.name)} {number(value)}.")
        wording = KINDS["translations" if ready.data.translates else ready.data.makes]
        typer.echo(f"Next: mintage generate {run.path} {wording.first}")
        typer.echo(f"      mintage evaluate {run.path}")
    else:
        typer.echo(f"Stopped ({outcome.reason}) and saved at step {outcome.step:,}.")
        typer.echo(f"Go on with: mintage train --resume {run.path}")
