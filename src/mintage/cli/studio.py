"""`mintage studio`: pages in the browser, on this machine alone, to train, watch, make and judge."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import socket

    from mintage.studio.place import Place

__all__ = ["studio"]

HOST = "127.0.0.1"


def studio(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the pages are; 0 takes any that is free.")] = 7860,
    home: Annotated[Path, typer.Option(help="Folder for dropped data, jobs and the gallery.")] = Path("studio"),
    runs: Annotated[Path, typer.Option(help="Folder that runs are kept in.")] = Path("runs"),
    no_open: Annotated[bool, typer.Option("--no-open", help="Leave the browser alone.")] = False,
) -> None:
    """Open the studio in the browser: drop data, train, watch, make, judge; it needs no network.

    Ctrl-C ends the studio; a training that is under way goes on, and the next studio finds it again.
    """
    import webbrowser

    from mintage.errors import ConfigError

    try:
        import uvicorn

        from mintage.studio.app import make_app
    except ModuleNotFoundError as error:
        raise ConfigError(f"The studio needs {error.name}: pip install 'mintage[serve]'.") from error
    from mintage.jobs.keeper import refuse_second
    from mintage.studio.place import Place
    from mintage.web.secret import keep_secret

    place = Place(home.resolve(), runs.resolve())
    place.prepare()
    listening = _listen(port)
    address = f"http://{HOST}:{listening.getsockname()[1]}/?token={(token := keep_secret(place.home / '.token'))}"
    config = uvicorn.Config(
        make_app(place, token=token), log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    typer.echo(f"The studio is open: {address}")
    typer.echo(f"Data and jobs are kept in {home}, runs in {runs}. Ctrl-C ends it.")
    if not no_open:
        webbrowser.open(address)
    with refuse_second(place.home), suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    _say_what_goes_on(place)


def _say_what_goes_on(place: Place) -> None:
    """Trainings outlive the studio: whoever ends it is told so, and how to stop them."""
    from mintage.jobs.keeper import Keeper

    keeper = Keeper(place.jobs, place.runs)
    for job in keeper.living():
        pid = keeper.folder(job.id).state().get("pid")
        where = place.runs / job.run if job.run else job.title
        typer.echo(f"Goes on without the studio: {job.kind} {where}. To save and stop it: kill {pid}")
    keeper.stop()


def _listen(port: int) -> socket.socket:
    """A socket that waits at the port.

    Raises:
        ConfigError: something else is there.
    """
    import errno

    from mintage.errors import ConfigError
    from mintage.web.listening import listen

    try:
        return listen(HOST, port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is taken, perhaps by another studio" if error.errno == errno.EADDRINUSE else "may not be used"
        raise ConfigError(f"Port {port} {why}. Choose another: mintage studio --port {port + 1}.") from error
