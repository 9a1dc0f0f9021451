"""`mintage evaluate` and `mintage compare`: scores of a run, of a folder, or of several side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mintage.judging.verdict import Verdict

__all__ = ["compare", "evaluate", "telling_of"]

Against = Annotated[Path | None, typer.Option(help="A folder of real examples; a run has its own held-out ones.")]
Out = Annotated[Path, typer.Option(help="Folder for scores, sheets and the page, of folders and comparisons.")]
Samples = Annotated[int, typer.Option("-n", "--samples", help="Made examples, and real ones, at most.")]
Embedding = Annotated[str, typer.Option(help="Space that distances are measured in: mintage models --embeddings.")]
Weights = Annotated[Path | None, typer.Option(help="File of the embedding's weights, if it has any.")]
Seed = Annotated[int, typer.Option(help="Of the samples, the splits, and all that is drawn.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def evaluate(
    made: Annotated[Path, typer.Argument(help="A run directory, or a folder of examples that any tool made.")],
    against: Against = None,
    out: Out = Path("judged"),
    samples: Samples = 10_000,
    embedding: Embedding = "auto",
    weights: Weights = None,
    metric: Annotated[list[str] | None, typer.Option(help="Only this one; may be given several times.")] = None,
    step: Annotated[int | None, typer.Option(help="A checkpoint other than the best.")] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Judge a run or a folder: scores with intervals and floors, the closest pairs, a report and a card."""
    from mintage import api
    from mintage.errors import ConfigError
    from mintage.evaluation import is_run

    settings: dict[str, Any] = {"samples": samples, "embedding": embedding, "weights": weights, "seed": seed}
    settings |= {"metrics": metric or ()}
    with telling_of(quiet) as tell:
        if against is None and (is_run(made) or not made.is_dir()):
            run = api.load(made)
            verdict = run.evaluate(step=step, tell=tell, **settings)
            page = run.directory.report
        else:
            if step is not None:
                raise ConfigError(
                    "--step chooses a checkpoint of a run that is judged by what it held out: leave out --against."
                )
            (verdict,) = api.compare([made], against=against, out=out, tell=tell, **settings)
            page = out / "comparison.html"
    if not quiet:
        _show(verdict)
        typer.echo(f"\nThe page: {page}")


def compare(
    contenders: Annotated[list[Path], typer.Argument(help="Run directories and folders of examples.")],
    against: Against = None,
    out: Out = Path("judged"),
    samples: Samples = 10_000,
    embedding: Embedding = "auto",
    weights: Weights = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Judge several runs and folders under one protocol: a table, and a page with their samples side by side."""
    from rich.console import Console
    from rich.table import Table

    from mintage import api
    from mintage.watching.comparison import comparison_rows

    with telling_of(quiet) as tell:
        verdicts = api.compare(
            contenders, against=against, out=out, tell=tell, samples=samples, embedding=embedding, weights=weights,
            seed=seed,
        )  # fmt: skip
    if quiet:
        return
    heads, *rows = comparison_rows([verdict.as_dict() for verdict in verdicts])
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    typer.echo(f"\nThe page: {out / 'comparison.html'}")


@contextmanager
def telling_of(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A line that says what is being done."""
    from rich.console import Console

    if quiet:
        yield lambda doing: None
        return
    with Console(stderr=True).status("") as status:
        yield lambda doing: status.update(doing.replace("_", " "))


def _show(verdict: Verdict) -> None:
    from rich.console import Console
    from rich.table import Table

    from mintage.watching.verdicts import telling
    from mintage.watching.words import interval, label, number

    for sentence in telling(verdict.scores):
        typer.echo(f"- {sentence}")
    table = Table(box=None, pad_edge=False)
    tells_baselines = any(score.baselines for score in verdict.scores)
    for head in ("score", "value", "95 % interval", "floor", "ideal", *(["to beat"] if tells_baselines else [])):
        table.add_column(head, style="bold" if head == "score" else "", justify="left" if head == "score" else "right")
    for score in verdict.scores:
        if "/" not in score.name:
            ends: tuple[str, ...] = (
                number(score.floor) if score.floor is not None else "",
                number(score.ideal) if score.ideal is not None else "",
            )
            if tells_baselines:
                ends += (", ".join(f"{name} {number(value)}" for name, value in score.baselines.items()),)
            table.add_row(label(score.name), number(score.value), interval(score.low, score.high), *ends)
    typer.echo("")
    Console().print(table)
    for remark in verdict.remarks:
        typer.echo(f"Note: {remark}")
    for name, why in verdict.skipped.items():
        typer.echo(f"Not measured: {label(name)} ({why}).")
    embedding = verdict.protocol.embedding
    typer.echo(f"Protocol {verdict.protocol.id}: {verdict.against}, {embedding}, {dict(verdict.protocol.counts)}")
