"""The command line: every verb of the life cycle, one file each. The only room that prints.

Heavy imports wait inside the verbs, so that --help answers at once.
"""

from __future__ import annotations

import sys

import typer

from mintage.cli.foretell import backtest, forecast
from mintage.cli.judge import compare, evaluate
from mintage.cli.leave import export
from mintage.cli.look import explain, models
from mintage.cli.make import generate
from mintage.cli.service import keys, serve
from mintage.cli.start import demo, train
from mintage.cli.studio import studio
from mintage.errors import MintageError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Learn from your own data and make more of it: train, watch, evaluate, generate, forecast.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (train, evaluate, compare, generate, forecast, backtest, export, serve, studio, models, explain, demo):
    app.command()(verb)
app.add_typer(keys, name="keys")


@app.callback(invoke_without_command=True)
def _about(
    version: bool = typer.Option(False, "--version", help="Print the version."),
    debug: bool = typer.Option(False, "--debug", help="Show the whole traceback of an error."),
) -> None:
    if version:
        from mintage import __version__

        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; an error that Mintage raises on purpose is one line and exit code 2."""
    debug = "--debug" in sys.argv
    if debug:  # accepted anywhere on the line
        sys.argv = [sys.argv[0], "--debug", *(word for word in sys.argv[1:] if word != "--debug")]
    try:
        app()
    except MintageError as error:
        if debug:
            raise
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(2)
