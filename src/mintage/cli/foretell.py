"""What runs of series can do: scenarios of `mintage generate`, `mintage forecast`, and `mintage backtest`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mintage.api import Run
    from mintage.prediction import Forecast

__all__ = ["backtest", "forecast", "unfold"]

_FILE = "scenarios.csv"
_NUMBER = 1_000
_SHOWN = 20  # variables of the table in the terminal

Horizon = Annotated[int, typer.Option(min=1, help="Steps ahead.")]
Step = Annotated[int | None, typer.Option(help="A checkpoint other than the best.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def unfold(run: Run, asked: Mapping[str, Any], out: Path, *, quiet: bool) -> None:
    """Write scenarios; `out` is a .csv, .tsv or .parquet file, or a folder for scenarios.csv."""
    from mintage.errors import ConfigError

    if None not in (asked["scenarios"], asked["number"]):
        raise ConfigError("--scenarios and -n say the same: leave one out.")
    number = asked["scenarios"] or asked["number"] or _NUMBER
    written = run.write_scenarios(
        out if out.suffix else out / _FILE, number, horizon=asked["horizon"], seed=asked["seed"], step=asked["step"]
    )
    if not quiet:
        typer.echo(f"{number:,} scenarios of {asked['horizon']:,} steps: {written}")


def forecast(
    run: Annotated[Path, typer.Argument(help="A run directory of series.")],
    horizon: Horizon = 20,
    paths: Annotated[int, typer.Option(help="Paths that the quantiles are taken of.")] = 1_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same paths.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for forecast.csv and pictures of fans.")] = Path("forecast"),
    step: Step = None,
    quiet: Quiet = False,
) -> None:
    """Foretell what comes after the end of the history: quantiles in a table, and fans of paths."""
    from mintage import api

    made = api.load(run).forecast(horizon, paths=paths, seed=seed, step=step)
    written = made.save(out)
    if not quiet:
        _show(made)
        typer.echo(f"\nAll steps and quantiles, and fans: {written}")


def _show(made: Forecast) -> None:
    """The last step, variable by variable."""
    from rich.console import Console
    from rich.table import Table

    from mintage.watching.words import number

    last = made.frame[made.frame["step"] == made.horizon]
    when = f" ({str(last['date'].iloc[0])[:16]})" if "date" in last else ""
    table = Table(box=None, pad_edge=False)
    quantiles = [name for name in last.columns if name.endswith("%")][1:-1]  # the widest stand in the file
    names = ["entity", "variable"] if "entity" in last else ["variable"]
    for head in (*names, "now", *quantiles):
        table.add_column(head, justify="left" if head in names else "right", overflow="fold")
    for row in last.head(_SHOWN).to_dict("records"):
        now = made.known[str(row.get("entity", ""))][-1, made.variables.index(row["variable"])]
        table.add_row(*(str(row[name]) for name in names), number(now), *(number(row[name]) for name in quantiles))
    typer.echo(f"After {made.horizon:,} steps{when}, by {made.paths:,} paths:\n")
    Console().print(table)
    if len(last) > _SHOWN:
        typer.echo(f"and {len(last) - _SHOWN:,} more")


def backtest(
    run: Annotated[Path, typer.Argument(help="A run directory of series.")],
    start: Annotated[str, typer.Option("--from", help="A date; unset: the end of what was learned from.")] = "",
    horizon: Horizon = 20,
    every: Annotated[int, typer.Option(min=1, help="Rows between forecasts, and between decisions.")] = 5,
    cost: Annotated[float, typer.Option(min=0, help="Of what is traded, as a share.")] = 0.0005,
    tried: Annotated[int, typer.Option(min=1, help="Variants that were tried before this one was chosen.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same paths.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for report.html and backtest.json.")] = Path("backtest"),
    step: Step = None,
    quiet: Quiet = False,
) -> None:
    """Walk forward through what was held out: forecasts, value at risk and decisions, beside plain means."""
    from mintage import api
    from mintage.cli.judge import telling_of

    with telling_of(quiet) as tell:
        found = api.load(run).backtest(
            start, horizon=horizon, every=every, cost=cost, tried=tried, seed=seed, step=step, tell=tell
        )
    written = found.save(out)
    if not quiet:
        for sentence in found.report["words"]:
            typer.echo(f"- {sentence}")
        for name, why in found.report["skipped"].items():
            typer.echo(f"Not measured: {name} ({why}).")
        typer.echo(f"\nThe page: {written}")
