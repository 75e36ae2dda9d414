"""The doctor's look at the interpreter and what is installed in it."""

from __future__ import annotations

import importlib.util
import platform
import sys

from runyard.cli.finding import Finding, Subject, failure, warning, well

OLDEST = (3, 11)
FOR_JOBS = ("pandas", "boto3")


def python(_: Subject) -> Finding:
    """The interpreter is one that we support."""
    text = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < OLDEST:
        return failure("python", text, advice=f"Use Python {'.'.join(map(str, OLDEST))} or newer.")
    return well("python", text)


def packages(_: Subject) -> Finding:
    """What most jobs import is there, and kept warm for them."""
    missing = [name for name in FOR_JOBS if importlib.util.find_spec(name) is None]
    if missing:
        advice = "Jobs that import it need it: pip install 'runyard[jobs]'"
        return warning("job packages", f"{', '.join(missing)} not installed", advice=advice)
    return well("job packages", ", ".join(FOR_JOBS))


def postgres(_: Subject) -> Finding:
    """A ledger in PostgreSQL needs a driver; most have none and need none."""
    if importlib.util.find_spec("psycopg") is None:
        return well("postgres", "psycopg is not installed; only --store postgresql://… needs it")
    return well("postgres", "psycopg")
