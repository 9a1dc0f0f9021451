"""`mintage generate` of a run that learned a table: records into a file, free or as they are wanted; gaps filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mintage.api import Run

__all__ = ["tabulate"]

_FILE = "records.csv"
_NUMBER = 1_000
_WANTED = ("where", "balance", "no_missing", "temperature")


def tabulate(run: Run, asked: Mapping[str, Any], out: Path, *, quiet: bool) -> None:
    """Write records; `out` is a .csv, .tsv or .parquet file, or a folder for records.csv."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from mintage.errors import ConfigError

    path = out if out.suffix else out / _FILE
    wanted = {key: asked[key] for key in _WANTED if asked[key] is not None and asked[key] is not False}
    if asked["fill"] is not None:
        if typed := [*wanted, *(["number"] if asked["number"] is not None else [])]:
            flags = ", ".join(f"--{key.replace('_', '-')}" for key in typed)
            raise ConfigError(f"--fill keeps the records of {asked['fill']}: leave {flags} out.")
        written = run.fill_in(asked["fill"], path, seed=asked["seed"], step=asked["step"])
        if not quiet:
            typer.echo(f"What was missing in {asked['fill']} is filled in: {written}")
        return
    number = _NUMBER if asked["number"] is None else asked["number"]
    if run.recipe.data.child is not None:
        files = run.write_related(out, number, seed=asked["seed"], step=asked["step"])
        if not quiet:
            typer.echo(f"{number:,} parents and their children: {' '.join(map(str, files))}")
        return
    columns = (TextColumn("Making records"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("", total=number)
        written = run.write_records(
            path, number, seed=asked["seed"], step=asked["step"],
            progress=lambda done, of: bar.update(task, completed=done), **wanted,
        )  # fmt: skip
    if not quiet:
        typer.echo(f"{number:,} records: {written}")
