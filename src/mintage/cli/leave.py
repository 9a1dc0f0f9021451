"""`mintage export`: a trained run in a form that other programs open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export"]


def export(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    format: Annotated[
        str, typer.Option(help="hugging-face, or peft-adapter of what was fine-tuned; unset: the first that fits.")
    ] = "",
    step: Annotated[int | None, typer.Option(help="A checkpoint other than the best.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Write a trained run in a form that other programs open: text as a folder of transformers or an adapter."""
    from mintage import api

    written = api.load(run).export(out, format, step=step)
    if not quiet:
        typer.echo(f"{written}: {', '.join(sorted(file.name for file in written.iterdir()))}")
