"""`mintage generate`: pictures, a walk, the neighbours of a file, pictures out of others, texts, records, scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mintage.api import Run

__all__ = ["generate"]

_OF_PICTURES = {
    "of": "--class", "given": "--input", "mask": "--mask", "strength": "--strength", "tile": "--tile",
    "walk": "--walk", "like": "--like", "spread": "--spread",
}  # fmt: skip
_OF_TEXTS = {
    "words": "KEY=VALUE", "prompt": "--prompt", "prompt_file": "--prompt-file", "heading": "--heading",
    "temperature": "--temperature", "top_k": "--top-k", "top_p": "--top-p", "min_p": "--min-p", "length": "--length",
    "template": "--template", "stop": "--stop", "stream": "--stream",
}  # fmt: skip
_OF_RECORDS = {"where": "--where", "balance": "--balance", "no_missing": "--no-missing", "fill": "--fill"}
_OF_SERIES = {"scenarios": "--scenarios", "horizon": "--horizon"}
_SHORT = ("temperature", "top_k", "top_p", "min_p", "length", "template")  # fields of Decoding with a flag each


def generate(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Of texts: any setting of `mintage explain decoding`, such as decoding.repetition_penalty=1.2.",
        ),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option("-n", "--number", help="How many; unset: 16 pictures, one text, 1,000 records or scenarios."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed names the same samples.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder; of records and scenarios a .csv, .tsv or .parquet file.")] = Path(
        "out"
    ),
    of: Annotated[str | None, typer.Option("--class", help="A class, by name or number.")] = None,
    given: Annotated[
        Path | None, typer.Option("--input", help="Of a translator: a picture or a folder of them.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="Of inpainting: a picture, or a folder of them, white where pixels are missing.")
    ] = None,
    strength: Annotated[float, typer.Option(min=0, max=1, help="Of a translator: 0 keeps the input as it is.")] = 1.0,
    tile: Annotated[int, typer.Option(min=32, help="Pixels that a translator sees at once: fewer, less memory.")] = 512,
    walk: Annotated[Path | None, typer.Option(help="Write a walk through the latent space: an animated .webp.")] = None,
    like: Annotated[Path | None, typer.Option(help="A file made before: itself again, then its neighbours.")] = None,
    spread: Annotated[float, typer.Option(min=0, max=1, help="How far neighbours are.")] = 0.35,
    step: Annotated[int | None, typer.Option(help="A checkpoint other than the best.")] = None,
    prompt: Annotated[
        str | None, typer.Option(help="Of texts: what they go on from; unset: as documents begin.")
    ] = None,
    prompt_file: Annotated[Path | None, typer.Option(help="A file that holds the prompt, in UTF-8.")] = None,
    heading: Annotated[str | None, typer.Option(help="Of texts: their first line, such as a class or a title.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Above 1 bolder, below 1 safer, 0 the likeliest.")] = None,
    top_k: Annotated[int | None, typer.Option(help="Only so many of the likeliest tokens.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Only the likeliest that reach this probability.")] = None,
    min_p: Annotated[float | None, typer.Option(help="Only tokens at least this share as likely as the first.")] = None,
    length: Annotated[int | None, typer.Option(help="Tokens of a text at most; unset: 512.")] = None,
    template: Annotated[str | None, typer.Option(help='Lines of so many characters, such as "5x4" or "5,7,5".')] = None,
    stop: Annotated[list[str] | None, typer.Option(help="A text ends before this; may be given several times.")] = None,
    where: Annotated[str | None, typer.Option(help="Of records: only such, as \"income='>50K' and age<30\".")] = None,
    balance: Annotated[str | None, typer.Option(help="Of records: a column with all levels equally common.")] = None,
    no_missing: Annotated[bool, typer.Option("--no-missing", help="Of records: no value is missing.")] = False,
    fill: Annotated[Path | None, typer.Option(help="Of records: a table whose missing values are filled in.")] = None,
    scenarios: Annotated[int | None, typer.Option(help="Of series: how many ways to go on, as -n.")] = None,
    horizon: Annotated[int, typer.Option(help="Of series: how many steps each goes on.")] = 20,
    stream: Annotated[bool, typer.Option("--stream", help="Print texts while they are written.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Draw samples from a trained run, every file with how it was made; translate pictures; write texts; go on."""
    from mintage import api
    from mintage.cli.foretell import unfold
    from mintage.cli.tabulate import tabulate
    from mintage.cli.write import write
    from mintage.errors import ConfigError

    loaded = api.load(run)
    if loaded.makes == "records":
        of_texts = {name: flag for name, flag in _OF_TEXTS.items() if name != "temperature"}
        _refuse(context, _OF_PICTURES | of_texts | _OF_SERIES, f"{run} makes records")
        tabulate(loaded, context.params, out, quiet=quiet)
        return
    if loaded.makes == "series":
        _refuse(context, _OF_PICTURES | _OF_TEXTS | _OF_RECORDS, f"{run} makes series")
        unfold(loaded, context.params, out, quiet=quiet)
        return
    if loaded.makes == "text":
        _refuse(context, _OF_PICTURES | _OF_RECORDS | _OF_SERIES, f"{run} writes text")
        values = {name: value for name in _SHORT if (value := context.params[name]) is not None}
        if stop:
            values["stop"] = tuple(stop)
        asked = {key: context.params[key] for key in ("seed", "step", "heading", "prompt", "prompt_file")}
        asked |= {"n": 1 if number is None else number, "words": words or (), "flags": values}
        write(loaded, asked, out, stream=stream, quiet=quiet)
        return
    _refuse(context, _OF_TEXTS | _OF_RECORDS | _OF_SERIES, f"{run} makes pictures")
    if given is not None:
        _translate(loaded, given, out, quiet, mask=mask, strength=strength, tile=tile, step=step)
        return
    if mask is not None:
        raise ConfigError("A mask says where a picture is to be filled: give the picture too: --input FILE.")
    if walk is not None:
        written = loaded.walk(walk, seed=seed, of=of)
    else:
        made = loaded.generate(number, seed=seed, of=of, like=like, spread=spread, step=step)
        written = made.save(out)
    if not quiet:
        typer.echo(f"{written}" if walk is not None else f"{len(made)} samples and sheet.png: {written}")


def _refuse(context: typer.Context, flags: dict[str, str], why: str) -> None:
    """What a person typed that this run has no use for is an error."""
    from mintage.errors import ConfigError

    typed = [
        flag for name, flag in flags.items()
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]  # fmt: skip
    if typed:
        raise ConfigError(f"{why}: leave {', '.join(typed)} out.")


def _translate(run: Run, given: Path, out: Path, quiet: bool, **how: Any) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("", total=None)
        made = run.translate_files(
            given, out, **how,
            progress=lambda done, total, file: bar.update(task, completed=done, total=total, description=file.name),
        )  # fmt: skip
    for name, why in made.skipped.items():
        typer.echo(f"Left out {name}: {why}", err=True)  # an error, so it is said quietly too
    if not quiet:
        typer.echo(f"{made.written[0]}" if len(made.written) == 1 else f"{len(made.written)} pictures: {out}")
