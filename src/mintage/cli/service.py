"""`mintage serve` and `mintage keys`: generators over HTTP, and who may ask them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mintage.errors import ConfigError

if TYPE_CHECKING:
    from mintage.serving.keys import Keys

__all__ = ["keys", "serve"]

KEYS = Path("mintage-keys.sqlite")
LOOPBACK = ("127.0.0.1", "localhost", "::1")

keys = typer.Typer(help="Keys of those who may ask a server.", no_args_is_help=True)


def serve(
    runs: Annotated[list[Path], typer.Argument(help="Runs, one or several; programs ask them by their names.")],
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens.")] = 8000,
    host: Annotated[str, typer.Option(help="127.0.0.1: this machine alone. Others need keys.")] = "127.0.0.1",
    key_file: Annotated[Path, typer.Option("--keys", help="The file of `mintage keys new`.")] = KEYS,
    allow_host: Annotated[list[str] | None, typer.Option(help="A name by which others address this server.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Write a line of JSON to stderr for each request.")] = False,
) -> None:
    """Offer runs over HTTP: any kind of sample at /v1/generate, OpenAI's shapes beside it, /metrics, /openapi.json."""
    try:
        from mintage.serving.app import Access, make_app
        from mintage.serving.door import to_stderr
        from mintage.serving.keys import Keys
        from mintage.serving.server import Server, bound
        from mintage.serving.service import Service
    except ModuleNotFoundError as error:
        raise ConfigError(f'Serving needs the package {error.name}: pip install "mintage[serve]".') from error
    from mintage.run import RunDirectory

    for path in runs:
        RunDirectory.open(path)
    if host not in LOOPBACK and not key_file.is_file():
        raise ConfigError(
            f"{host} can be reached from other machines, and there are no keys at {key_file}: mintage keys new NAME "
            "makes one. Or leave --host out."
        )
    listening = bound(host, port)
    service = Service(runs)
    hosts = {*LOOPBACK, host, *(allow_host or ())} if host not in ("0.0.0.0", "::") or allow_host else set()
    found = Keys(key_file) if key_file.is_file() else None

    def failed() -> None:
        server.should_exit = True

    def draining() -> None:
        service.draining = True

    app = make_app(service, Access(hosts, found, to_stderr if log else None), failed=failed)
    server = Server(app, draining=draining)
    names = ", ".join(path.name for path in runs)
    guarded = "a key is needed" if found else "no key is needed from this machine"
    typer.echo(f"Serving {names} at http://{host}:{port} ({guarded}; Ctrl-C ends it).")
    typer.echo(f"  curl -o sample.png -H 'content-type: application/json' -d '{{}}' http://{host}:{port}/v1/generate")
    server.run([listening])
    if service.failure:
        raise ConfigError(service.failure)


@keys.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    rate: Annotated[float, typer.Option(min=0, help="Requests a second; 0: any number.")] = 0.0,
    daily: Annotated[int, typer.Option(min=0, help="Samples a day (UTC); 0: any number.")] = 0,
    path: Annotated[Path, typer.Option("--keys", help="The file that holds the keys, as hashes.")] = KEYS,
) -> None:
    """Make a key; it is shown once."""
    typer.echo(_open(path, new=True).new(name, rate, daily))
    typer.echo(f"Keep it: {path} holds a hash alone. A server that runs knows it at once.", err=True)


@keys.command("list")
def list_keys(path: Annotated[Path, typer.Option("--keys", help="The file that holds the keys.")] = KEYS) -> None:
    """Show names, rates, and what each had today."""
    for key, used in _open(path).all():
        rate = f"{key.rate:g}/s" if key.rate else "any rate"
        daily = f"{used:,} of {key.daily:,} samples today" if key.daily else f"{used:,} samples today"
        typer.echo(f"{key.name}  {rate}  {daily}  made {key.created}")


@keys.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    path: Annotated[Path, typer.Option("--keys", help="The file that holds the keys.")] = KEYS,
) -> None:
    """Take a key out of use, at once."""
    _open(path).remove(name)


def _open(path: Path, *, new: bool = False) -> Keys:
    from mintage.serving.keys import Keys

    if not new and not path.is_file():
        raise ConfigError(f"There are no keys at {path}: mintage keys new NAME makes one.")
    return Keys(path)
