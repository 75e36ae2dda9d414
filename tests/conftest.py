"""What tests of every kind ask for: a ledger of their own, in each database."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING

import pytest
from postgres_server import CannotStartError, PostgresServer, running_server

from runyard.store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

DATABASES = ("sqlite file", "sqlite memory", "postgres")
FIRST = (
    "test_million.py",
    "test_spark_pool.py",  # makes the archive of classes that other servers' JVMs start with
    "test_dremio_dbt.py",
    "test_workflows.py",
    "test_sql.py",
    "test_pages.py",
    "test_run_details.py",
    "test_states.py",
    "test_spark_masters.py",
    "test_glue_spark_java.py",
    "test_databricks_spark_java.py",
)
"""The files that take longest, in the order in which they begin: begun last, one would be waited for alone."""
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def pytest_configure() -> None:
    """Undo what a shell tells its background jobs, to ignore Ctrl-C: all that tests start would ignore it too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection() -> None:
    """Let nobody look for garbage where some hundred thousand things are made that all stay."""
    gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Begin each folder elsewhere than the other workers, so that each compiles a part of it for all."""
    report = yield
    if isinstance(collector, pytest.Directory):
        turn = len(report.result) * WORKER // WORKERS
        report.result = [*report.result[turn:], *report.result[:turn]]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; all others come in one order, whoever has collected them."""
    names = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: (names.get(item.path.name, len(FIRST)), item.path))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's PostgreSQL; in CI a machine that cannot start one fails."""
    try:
        with running_server() as server:
            yield server
    except CannotStartError as error:
        reason = f"PostgreSQL does not start here: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """A fresh database."""
    return postgres.new_database()


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    """Where a SQLite ledger may be made."""
    return tmp_path / "ledger.db"


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest) -> str:
    """A fresh ledger's URL, in each database in turn."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return "sqlite://" if request.param == "sqlite memory" else f"sqlite:///{request.getfixturevalue('ledger_path')}"


@pytest.fixture(params=[name for name in DATABASES if name != "sqlite memory"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """A fresh ledger's URL, in each database that several stores can open."""
    fixture = "postgres_url" if request.param == "postgres" else "ledger_path"
    place = request.getfixturevalue(fixture)
    return str(place) if request.param == "postgres" else f"sqlite:///{place}"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open ledger, in each database in turn."""
    store = open_store(store_url)
    yield store
    store.close()
