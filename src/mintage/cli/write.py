"""`mintage generate` of a run that learned text: printed, at once or as it is written, and kept in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mintage.api import Run

__all__ = ["write"]


def write(run: Run, asked: Mapping[str, Any], out: Path, *, stream: bool, quiet: bool) -> None:
    """Write texts; they go to stdout, and what is to be said about them to stderr."""
    how = {key: asked[key] for key in ("n", "seed", "step", "heading")}
    how["prompt"] = _prompt(asked["prompt"], asked["prompt_file"])
    how["decoding"] = {**_settings(asked["words"]), **asked["flags"]}
    if stream and not quiet:
        coming = run.stream(**how)
        last = "\n"
        for piece in coming:
            typer.echo(piece, nl=False)
            last = piece[-1:] or last
        made = coming.made
        assert made is not None
        typer.echo("", nl=last != "\n")
    else:
        made = run.write(**how)
        if not quiet:
            shown = str(made)
            typer.echo(shown, nl=not shown.endswith("\n"))
    folder = made.save(out)
    if not quiet:
        for line in made.told():
            typer.echo(line, err=True)
        typer.echo(f"Kept with how they were made: {folder}", err=True)


def _prompt(prompt: str | None, file: Path | None) -> str:
    from mintage.errors import ConfigError

    if file is None:
        return prompt or ""
    if prompt is not None:
        raise ConfigError("The prompt is given twice: leave out --prompt or --prompt-file.")
    try:
        return file.read_bytes().decode()  # line ends as they are
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The prompt cannot be read from {file}: {error}.") from error


def _settings(words: Sequence[str]) -> dict[str, Any]:
    """Fields of Decoding, with or without `decoding.` before them."""
    from mintage.config import parse_overrides
    from mintage.errors import ConfigError

    values = parse_overrides(words)
    named = values.pop("decoding", {})
    if not isinstance(named, dict):
        raise ConfigError(f"decoding = {named!r} does not fit: it is a group, as in decoding.repetition_penalty=1.2.")
    return {**values, **named}
