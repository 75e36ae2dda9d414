"""Everything that `runyard doctor` looks at, in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from runyard.cli import home_checks, machine_checks, server_checks
from runyard.cli.finding import Finding, Subject
from runyard.cli.target import Target
from runyard.client.errors import NoServer
from runyard.client.home import Place, find_place

MACHINE: Sequence[Callable[[Subject], Finding]] = (
    machine_checks.python,
    machine_checks.packages,
    machine_checks.postgres,
)
HOME: Sequence[Callable[[Subject], Finding]] = (
    home_checks.home,
    home_checks.disk,
    home_checks.fsync,
    home_checks.credentials,
    home_checks.settings,
    home_checks.mounts,
    home_checks.ledger,
    server_checks.port,
    server_checks.launcher,
)


def examine(target: Target) -> Iterator[Finding]:
    """Look at everything; a server elsewhere has its home elsewhere too."""
    home = target.folder
    subject = Subject(home=home, place=_place(target))
    here = HOME if target.address is None else ()
    for check in (*MACHINE, *here):
        yield check(subject)
    yield server_checks.server(target)


def _place(target: Target) -> Place | None:
    try:
        return find_place(target.folder)
    except NoServer:
        return None
