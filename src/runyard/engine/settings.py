"""What an administrator may set, in HOME/settings.toml; every field has a default that works."""

from __future__ import annotations

import importlib.util
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from runyard.core.errors import InvalidRequest, NotSupported
from runyard.engine.lanes import Dremio
from runyard.executors import spark_engine, spark_extra

DAY_MS = 86_400_000
OFTEN_IMPORTED = ("numpy", "pandas", "boto3", "duckdb")  # slow imports that most scripts and SQL tasks begin with


def _places() -> int:
    return max(8, 4 * (os.cpu_count() or 1))


def _installed() -> tuple[str, ...]:
    return tuple(name for name in OFTEN_IMPORTED if importlib.util.find_spec(name) is not None)


class Smtp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """The mail server that carries notices."""

    host: str
    port: int = 25
    user: str = ""
    password: str = ""
    sender: str = ""  # `from`; empty: runyard at this machine
    starttls: bool = False
    tls: bool = False  # from the first byte, as on port 465


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told by a POST."""

    url: str
    user: str = ""
    password: str = ""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    form: Literal["document", "text"] = "document"  # text: what chat rooms take, {"text": …}


class Pg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How PostgreSQL's protocol is spoken."""

    cert: str = ""  # a PEM file; empty: one of our own is made where that is possible
    key: str = ""  # a PEM file; empty: it stands in that of the certificate


class Flight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How Arrow Flight is spoken: in the clear, unless there is a certificate."""

    cert: str = ""  # a PEM file
    key: str = ""  # a PEM file; empty: it stands in that of the certificate


class Spark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How Spark jobs run."""

    # sail; spark-jvm, local[N] (Java on this machine); spark://, k8s://, yarn (by spark-submit); sc:// (Spark Connect)
    engine: str = spark_engine.SAIL
    home: str = ""  # the folder of Spark on Java, which holds `jars`; empty: SPARK_HOME, or among the server's packages
    drivers: int = 1  # JVMs that are kept ready, once a job has wanted one; 0: each job starts its own
    idle_s: float = 600.0  # after which what waits for Spark jobs is let go; 0 keeps it
    shares_files: bool = True  # whether the machines of a cluster see the folders of this server's mounts as it does
    # Imports done for Spark jobs beside `preload`, when the first of them comes; () imports in each job anew.
    preload: tuple[str, ...] = msgspec.field(default_factory=spark_extra.warm)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Limits, places and habits of a server."""

    places: int = field(default_factory=_places)  # attempts that may run at once on this server
    warm_children: int = 8  # processes of each kind, bare and preloaded, that wait for work
    preload: tuple[str, ...] = field(default_factory=_installed)  # imports done before a job comes
    grace_s: float = 10.0  # from SIGTERM to SIGKILL
    queue_wait_s: float = 900.0  # how long a run waits for its job's limit, unless it says otherwise
    retention_days: float | None = None  # ended runs older than this are forgotten; None keeps all
    spawn: bool = False  # start a fresh interpreter for every attempt, as on macOS
    mounts: Mapping[str, str] = field(default_factory=dict)  # URI prefix -> folder
    environment: Mapping[str, str] = field(default_factory=dict)  # added to every job's environment
    limits: Mapping[str, int] = field(default_factory=dict)  # resource limits of a job's process: as, nofile, …
    poll_s: float = 60.0  # how often triggers look at files and tables
    smtp: Smtp | None = None  # without it, mails are recorded as not told
    destinations: Mapping[str, Destination] = field(default_factory=dict)  # by the id that jobs name
    pg: Pg = field(default_factory=Pg)
    flight: Flight = field(default_factory=Flight)
    dremio: Dremio = field(default_factory=Dremio)
    spark: Spark = field(default_factory=Spark)
    # Services that SQL and Python speak to; client/connections.py reads them.
    connections: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)

    @property
    def retention_ms(self) -> int | None:
        """Retention in the ledger's unit."""
        return None if self.retention_days is None else int(self.retention_days * DAY_MS)


def load_settings(file: Path) -> Settings:
    """Read settings.toml; a missing file means the defaults, a wrong one is refused by field."""
    if not file.exists():
        return Settings()
    try:
        settings = msgspec.convert(tomllib.loads(file.read_text()), Settings)
        _refuse_unknown(file, settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file}: {error}") from error
    _refuse_nonsense(file, settings)
    return settings


LEAST: Mapping[str, float] = {
    "places": 1,
    "warm_children": 0,
    "grace_s": 0,
    "queue_wait_s": 0,
    "retention_days": 0,
    "poll_s": 0.05,
}
"""The smallest value of each number."""


def _refuse_nonsense(file: Path, settings: Settings) -> None:
    for name, least in LEAST.items():
        value = getattr(settings, name)
        if value is not None and not (least <= value < math.inf):
            raise InvalidRequest(f"{file}: {name} is {value}; it must be a number of at least {least}.")
    _check_spark(file, settings)
    for name, destination in settings.destinations.items():
        if not _is_plain_url(destination.url):  # not shown: who knows such a URL may send there
            advice = "it must be an http(s) URL; user and password are settings of their own"
            raise InvalidRequest(f"{file}: destinations.{name}.url is wrong; {advice}.")
        if wrong := [header for header, text in destination.headers.items() if not _is_header(header, text)]:
            raise InvalidRequest(f"{file}: destinations.{name}.headers.{wrong[0]} cannot be sent as a header.")


def _check_spark(file: Path, settings: Settings) -> None:
    for name in ("drivers", "idle_s"):
        if not 0 <= getattr(settings.spark, name) < math.inf:
            value = getattr(settings.spark, name)
            raise InvalidRequest(f"{file}: spark.{name} is {value}; it must be a number of at least 0.")
    try:
        spark_engine.check_setting(settings.spark.engine, settings.spark.home)
    except NotSupported as error:
        raise InvalidRequest(f"{file}: {error}") from error


def _is_plain_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:
        return False


def _is_header(name: str, text: str) -> bool:
    return name.isascii() and name.isprintable() and not {":", " "} & {*name} and text.isascii() and text.isprintable()


def _refuse_unknown(file: Path, settings: Settings) -> None:
    unknown = tomllib.loads(file.read_text()).keys() - settings.__dataclass_fields__.keys()
    if unknown:
        known = ", ".join(settings.__dataclass_fields__)
        raise InvalidRequest(f"{file}: unknown setting {', '.join(sorted(unknown))}. Known are: {known}.")
