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


def tabulate(run: Run, asked: Mapping[str, Any], out: Path, *, quiet: bool) -> None:
    """Write records; `out` is a .csv, .tsv or .parquet file, or a folder for records.csv."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    path = out if out.suffix else out / _FILE
    wanted = {key: asked[key] for key in ("where", "balance", "no_missing", "temperature") if asked[key]}
    if asked["fill"] is not None:
        written = run.fill_in(asked["fill"], path, seed=asked["seed"], step=asked["step"])
        if not quiet:
            typer.echo(f"What was missing in {asked['fill']} is filled in: {written}")
        return
    number = _NUMBER if asked["number"] is None else asked["number"]
    columns = (TextColumn("Making records"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("", total=number)
        written = run.write_records(
            path, number, seed=asked["seed"], step=asked["step"],
            progress=lambda done, of: bar.update(task, completed=done), **wanted,
        )  # fmt: skip
    if not quiet:
        typer.echo(f"{number:,} records: {written}")
