"""`mintage generate`: files, a contact sheet, a walk, the neighbours of a file, or pictures made out of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mintage.api import Run

__all__ = ["generate"]


def generate(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    number: Annotated[int, typer.Option("-n", "--number", help="How many samples.")] = 16,
    seed: Annotated[int, typer.Option(help="The same seed names the same samples.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the files and sheet.png.")] = Path("out"),
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Draw samples from a trained run, every file with how it was made; or translate pictures with it."""
    from mintage import api
    from mintage.errors import ConfigError

    loaded = api.load(run)
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
        typer.echo(f"{written}" if walk is not None else f"{number} samples and sheet.png: {written}")


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
