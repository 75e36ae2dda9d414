"""`runyard serve`: the server, until it is told to stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runyard.web.server import Options, Ready

PORT = 8642
PG_PORT = 8643
LARGEST_PORT = 65535

_port = click.IntRange(0, LARGEST_PORT)


@click.command(epilog="Example: runyard serve --port 0 --home /tmp/yard --ready-json")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=PORT, show_default=True, type=_port, help="Port for every language; 0 picks a free one."
)
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Folder of the server's data.")
@click.option("--store", metavar="URL", help="Ledger: sqlite:///PATH or postgresql://…  [default: HOME/ledger.db]")
@click.option(
    "--pg-port",
    default=PG_PORT,
    show_default=True,
    type=_port,
    help="Port for SQL from PostgreSQL's clients; 0 picks a free one.",
)
@click.option(
    "--flight-port",
    type=_port,
    help="Port for Arrow Flight, with the extra [dremio]; 0 picks a free one.  [default: 32010, or a free one]",
)
@click.option("--auth", type=click.Choice(["on", "off"]), default="on", show_default=True, help="Off: loopback only.")
@click.option("--ready-json", is_flag=True, help="When ready, print one line of JSON instead of the welcome.")
def serve(*, ready_json: bool, auth: str, **told: object) -> None:
    """Serve every language on one port, SQL and Arrow Flight on others, and run jobs.

    SIGTERM finishes the calls under way and exits 0; jobs keep running, and the next server takes them up.
    The home is $RUNYARD_HOME or the platform's data folder unless --home names another.
    """
    import logging  # noqa: PLC0415 - see main.py

    from runyard.engine.home import default_home  # noqa: PLC0415 - see main.py
    from runyard.web.server import Options  # noqa: PLC0415 - see main.py

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    given = {name: value for name, value in told.items() if value is not None}
    options = Options(**{"home": default_home(), **given, "auth": auth == "on"})  # type: ignore[arg-type]  # click checked them
    _serve(options, ready_json=ready_json)


def _serve(options: Options, *, ready_json: bool) -> None:
    from runyard.core.errors import RunyardError  # noqa: PLC0415 - see main.py
    from runyard.executors.launcher.client import LauncherUnavailable  # noqa: PLC0415 - see main.py
    from runyard.web import server  # noqa: PLC0415 - see main.py

    def announce(ready: Ready, console: str) -> None:
        click.echo(ready_line(ready) if ready_json else welcome(ready, console, auth=options.auth))

    try:
        server.serve(options, announce=announce)
    except (RunyardError, LauncherUnavailable) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        text = (
            f"The server cannot use its home {options.home} ({place}{error.strerror}); `runyard doctor` may tell why."
        )
        raise click.ClickException(text) from error


def ready_line(ready: Ready) -> str:
    """Return the one line that programs read."""
    return json.dumps({"url": ready.url, "pg": ready.pg, "home": ready.home, "pid": ready.pid, "flight": ready.flight})


def welcome(ready: Ready, console: str, *, auth: bool) -> str:
    """Return what a person wants to know first."""
    lines = [
        click.style("runyard is ready.", bold=True),
        f"  address   {ready.url}",
        f"  console   {console}" + ("  (signs in whoever opens it first, within an hour)" if auth else ""),
        f"  sql       {ready.pg}",
        *([f"  flight    {ready.flight}"] if ready.flight else []),
        f"  home      {ready.home}",
        f"  clients   eval \"$(runyard env --home '{ready.home}')\"",
        "  stop      Ctrl-C; jobs keep running, and the next server takes them up",
    ]
    if not auth:
        warning = "AUTHENTICATION IS OFF: every program on this machine may run code as you."
        lines.append(click.style(f"  {warning}", fg="red", bold=True))
    return "\n".join(lines)
