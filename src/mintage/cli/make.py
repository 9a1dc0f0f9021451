"""`mintage generate`: files, a contact sheet, a walk, or the neighbours of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["generate"]


def generate(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    number: Annotated[int, typer.Option("-n", "--number", help="How many samples.")] = 16,
    seed: Annotated[int, typer.Option(help="The same seed names the same samples.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the files and sheet.png.")] = Path("out"),
    of: Annotated[str | None, typer.Option("--class", help="A class, by name or number.")] = None,
    walk: Annotated[Path | None, typer.Option(help="Write a walk through the latent space: an animated .webp.")] = None,
    like: Annotated[Path | None, typer.Option(help="A file made before: itself again, then its neighbours.")] = None,
    spread: Annotated[float, typer.Option(min=0, max=1, help="How far neighbours are.")] = 0.35,
    step: Annotated[int | None, typer.Option(help="A checkpoint other than the best.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Draw samples from a trained run; every file carries how it was made."""
    from mintage import api

    loaded = api.load(run)
    if walk is not None:
        written = loaded.walk(walk, seed=seed, of=of)
    else:
        made = loaded.generate(number, seed=seed, of=of, like=like, spread=spread, step=step)
        written = made.save(out)
    if not quiet:
        typer.echo(f"{written}" if walk is not None else f"{number} samples and sheet.png: {written}")
