# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""One statement from its text to its results, with every step told as it happens."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from .catalog import LiveCatalog, Snapshot
from .changes import FRAGMENT, Changer, Prepared
from .column_types import Column, literal
from .commands import DONE, Commander
from .database import COUNTER, RESIDENT, Taken
from .errors import DremioError, QueryCancelled, from_duckdb
from .file_states import Unseen
from .information_schema import rows_query
from .marks import size_of, states_in
from .plan_cache import NO_ACCELERATION, PLANS, Acceleration, Usable
from .plans import Plan, cost_of, cost_of_prepared
from .results import ROWS, stored_words, write_schema
from .statements import Statement, statement
from .translation.scope import Query
from .translation.translate import Session, Translation, exact, translate

if TYPE_CHECKING:
    from .acceleration.planning import Accelerator

PAUSE_S = 0.01
SELECT = "SELECT"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A statement to carry out: its text, what its names mean, and where its results go."""

    sql: str
    snapshot: Snapshot
    session: Session
    results: Path  # the folder of this job's results
    tables: Path  # the folder under which new tables lie
    memory: str = ""  # as `1GB`; empty for what the machine has
    threads: int = 0
    temporary: Path | None = None
    accelerates: bool = False  # whether this is the work of reflections
    usable: Usable = field(default_factory=Usable)  # what queries may be answered from
    refresh: Mapping[str, Any] | None = None  # what a reflection is to hold from now on
    drop: Mapping[str, Any] | None = None  # what one no longer holds


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who is told of a job's steps, and who makes it wait for a slot."""

    step: Callable[[str, int], None] = lambda name, at_ms: None  # noqa: ARG005 nobody listens
    # Waits, and returns how much memory the query may have there, as `1GB`; empty for what the machine has.
    wait: Callable[[Plan], str | None] = lambda plan: None  # noqa: ARG005 there is always a slot
    # Returns name and address of the engine that carries the query out, once it has its slot; None: this one.
    elsewhere: Callable[[], tuple[str, str] | None] = lambda: None
    # Is given what has to be told to that engine before this process ends itself.
    farewell: Callable[[Callable[[], None]], None] = lambda tell: None  # noqa: ARG005 nobody ends it


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a statement ended well."""

    kind: str
    row_count: int  # of a change the records that it wrote, though its result is one row
    plan: Plan | None  # None of a synchronous command, which waits in no queue
    columns: tuple[Column, ...]
    changes: tuple[Mapping[str, Any], ...] = ()  # what the catalog's owner must record
    handed_on: Statement | None = None  # a command that only the caller can carry out
    read: tuple[tuple[str, ...], ...] = ()  # the tables and views that were read
    acceleration: Sequence[Mapping[str, Any]] = ()  # what reflections had to do with it
    materialization: Mapping[str, Any] | None = None  # what was made for a reflection


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A query that has its slot, and the statement that writes its rows."""

    translation: Translation
    plan: Plan
    keeping: str
    acceleration: Acceleration = NO_ACCELERATION


@dataclass(kw_only=True)
class Execution:
    """Carries one statement out; may be cancelled from any thread."""

    order: Order
    listener: Listener = field(default_factory=Listener)
    clock: Callable[[], int] = lambda: int(time.time() * 1000)
    _taken: Taken | None = None
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _release: Callable[[], None] | None = None  # lets the files of reflections go
    _rows_elsewhere: int = 0  # of a query that another engine carries out

    def run(self) -> Outcome:
        """Carry the statement out; raise DremioError where it fails and QueryCancelled where it was cancelled."""
        try:
            return self._run()
        except duckdb.InterruptException as error:
            raise QueryCancelled from error
        except duckdb.Error as error:
            raise from_duckdb(error) from error
        finally:
            self._ended.set()
            self._give_back()

    def _give_back(self) -> None:
        with self._asking:  # a connection that is closed takes its cursors along, and refuses if one is at work
            taken, self._taken = self._taken, None
            if taken is not None:
                RESIDENT.give_back(taken.connection)
        if self._release is not None:
            self._release()
            self._release = None

    def cancel(self) -> None:
        """End the statement wherever it is; one that has not begun never begins."""
        self._cancelled.set()
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """Interrupt until it has ended: an interruption between two queries of the engine is lost."""
        while not self._ended.is_set():
            with self._asking, contextlib.suppress(duckdb.Error):
                if self._taken is not None and not self._ended.is_set():  # or it would be the next statement's end
                    self._taken.connection.interrupt()
            self._ended.wait(PAUSE_S)

    def rows_so_far(self) -> int:
        """Return how many rows the result has so far."""
        with self._asking:
            if self._taken is None or self._rows_elsewhere or self._ended.is_set():
                return self._rows_elsewhere
            try:
                found = self._taken.counting.execute("SELECT last_value FROM duckdb_sequences()").fetchone()
            except duckdb.Error:
                return 0  # it was interrupted
        return int(found[0] or 0) - self._taken.counted if found and found[0] else 0

    def _step(self, name: str) -> None:
        if self._cancelled.is_set():
            raise QueryCancelled
        self.listener.step(name, self.clock())

    def _run(self) -> Outcome:
        try:
            return self._looked_up()
        except Unseen:  # of a file that is read; nothing has been written yet
            self._give_back()
            RESIDENT.renew()
            return self._looked_up()

    def _looked_up(self) -> Outcome:
        self._step("METADATA_RETRIEVAL")
        if self.order.drop is not None:
            return self._drop(self.order.drop)
        catalog = self._opened()
        if self.order.refresh is not None:
            return self._refresh(self.order.refresh, catalog)
        if ready := self._kept(catalog):
            return self._answered(ready, catalog)
        return self._carried_out(statement(self.order.sql), catalog)

    def _carried_out(self, found: Statement, catalog: LiveCatalog) -> Outcome:
        if not found.executed:
            return Outcome(kind=found.kind, row_count=0, plan=None, columns=(), handed_on=found)
        if not found.asynchronous:
            return self._command(found, catalog)
        if found.kind == SELECT:
            return self._answered(self._made_ready(found, catalog), catalog)
        return self._change(found, catalog)

    def _opened(self) -> LiveCatalog:
        order = self.order
        self._taken = RESIDENT.taken(memory=order.memory, threads=order.threads, temporary=order.temporary)
        return LiveCatalog(snapshot=order.snapshot, connection=self._taken.connection, session=order.session)

    def _command(self, found: Statement, catalog: LiveCatalog) -> Outcome:
        self._step("PLANNING")
        self._step("RUNNING")
        commander = Commander(
            catalog=catalog, connection=self._database, folder=self.order.tables,
            translate=lambda sql: self._translated(sql, catalog)[0],
        )  # fmt: skip
        done = commander.carry_out(found)
        count = self._store(done.answer)
        return Outcome(kind=found.kind, row_count=count, plan=None, columns=done.answer.columns, changes=done.changes)

    def _answered(self, ready: Ready, catalog: LiveCatalog) -> Outcome:
        self._step("STARTING")
        self._step("RUNNING")
        columns = ready.translation.columns
        count = self._kept_elsewhere(ready.translation)
        if count is None:
            count = self._stored(ready.keeping, columns)
        return Outcome(
            kind=SELECT, row_count=count, plan=ready.plan, columns=columns, read=(*catalog.looked_up,),
            acceleration=ready.acceleration.told,
        )  # fmt: skip

    def _kept(self, catalog: LiveCatalog) -> Ready | None:
        """Return a query as it was planned before, if that plan still holds, once there is a slot for it."""
        kept = PLANS.plan(self.order.sql, catalog, self.order.usable)
        if kept is None or not self._hold(kept.acceleration.folders):
            return None
        RESIDENT.see(states_in(kept.marks.values()))
        RESIDENT.keep_blocks(self._database, kept.size)
        plan = self._placed(lambda: kept.cost)
        keeping = self._keeping(_query(kept.translation))
        name = RESIDENT.prepared(self._database, keeping)
        keeping = f"EXECUTE {name}" if name else keeping
        return Ready(translation=kept.translation, plan=plan, keeping=keeping, acceleration=kept.acceleration)

    def _hold(self, folders: Sequence[Path]) -> bool:
        """Keep what reflections hold from being removed until the end; tell whether it is still there."""
        if not folders:
            return True
        from .acceleration.materialization import Held  # noqa: PLC0415 of those that have reflections alone

        held = Held()
        if not all(map(held.take, folders)):
            held.release()
            return False
        self._release = held.release
        return True

    def _made_ready(self, found: Statement, catalog: LiveCatalog) -> Ready:
        """Plan a query, and return it once there is a slot for it."""
        translation, acceleration = self._translated(found.query, catalog)
        RESIDENT.keep_blocks(self._database, size_of(catalog))
        name = RESIDENT.prepare(self._database, self._keeping(_query(translation)))  # so that it is planned once
        plan = self._placed(lambda: cost_of_prepared(self._database, name, counter=COUNTER))
        PLANS.keep(
            self.order.sql, translation, catalog, cost=plan.cost, usable=self.order.usable, acceleration=acceleration
        )
        return Ready(translation=translation, plan=plan, keeping=f"EXECUTE {name}", acceleration=acceleration)

    def _kept_elsewhere(self, query: Translation) -> int | None:
        """Let the engine of the queue carry a query out, if it is none of this machine's; return its count of rows."""
        engine = self.listener.elsewhere()
        if engine is None:
            return None
        from .remote import Endpoint, Follower, keep_remote_rows  # noqa: PLC0415 of queries that go elsewhere alone
        from .remote_words import spark_words  # noqa: PLC0415 same

        words = spark_words(query.sql, engine[0], self._database)
        if words is None:
            return None
        endpoint = Endpoint(name=engine[0], url=engine[1])
        follower = Follower(rows=self._count_elsewhere, farewell=self.listener.farewell)
        return keep_remote_rows(words, query.columns, endpoint, self.order.results, follower)

    def _count_elsewhere(self, rows: int) -> None:
        self._rows_elsewhere = rows

    def _translated(self, sql: str, catalog: LiveCatalog) -> tuple[Translation, Acceleration]:
        """Return a query in the engine's words, over reflections where that is cheaper."""
        if not self.order.usable.reflections:
            return translate(sql, catalog, self.order.session), NO_ACCELERATION
        accelerated = self._accelerator(catalog).accelerated(sql, self.order.session)
        return accelerated.translation, accelerated.acceleration

    def _accelerator(self, catalog: LiveCatalog) -> Accelerator:
        from .acceleration.carrying import accelerator_of  # noqa: PLC0415 of those that have reflections alone

        found = accelerator_of(self.order.usable, catalog, self._database)
        self._release = found.kept.release
        return found

    def _refresh(self, told: Mapping[str, Any], catalog: LiveCatalog) -> Outcome:
        """Make what a reflection holds."""
        from .acceleration.carrying import carry_out, prepared_refresh  # noqa: PLC0415 of reflections alone

        prepared = prepared_refresh(told, self._accelerator(catalog))
        RESIDENT.keep_blocks(self._database, None)
        plan = self._planned(prepared.sql)
        self._step("STARTING")
        self._step("RUNNING")
        manifest, made = carry_out(prepared, self._database, self.order.threads)
        answer = rows_query(FRAGMENT, [("0_0", manifest.rows)])
        self._store(answer)
        return Outcome(
            kind="REFRESH_REFLECTION", row_count=manifest.rows, plan=plan, columns=answer.columns,
            read=(*catalog.looked_up,), acceleration=prepared.accelerated.told, materialization=made,
        )  # fmt: skip

    def _drop(self, told: Mapping[str, Any]) -> Outcome:
        """Remove what a reflection held."""
        from .acceleration.carrying import drop  # noqa: PLC0415 of reflections alone

        self._step("PLANNING")
        self._step("RUNNING")
        drop(told)
        self._opened()
        answer = rows_query(DONE, [(True, f"Materialization [{told['materialization']}] dropped")])
        self._store(answer)
        return Outcome(kind="DROP_TABLE", row_count=1, plan=None, columns=answer.columns)

    def _change(self, found: Statement, catalog: LiveCatalog) -> Outcome:
        changer = Changer(catalog=catalog, connection=self._database, folder=self.order.tables)
        prepared: Prepared = changer.prepare(found)
        RESIDENT.keep_blocks(self._database, size_of(catalog))
        plan = self._planned(prepared.query)
        self._step("STARTING")
        self._step("RUNNING")
        changed = prepared.carry_out()
        self._store(changed.answer)
        return Outcome(
            kind=found.kind, row_count=changed.records, plan=plan, columns=changed.answer.columns,
            changes=changed.changes, read=(*catalog.looked_up,),
        )  # fmt: skip

    def _planned(self, sql: str) -> Plan:
        """Plan a query and wait for its slot."""
        return self._placed(lambda: cost_of(self._database, sql))

    def _placed(self, cost: Callable[[], int]) -> Plan:
        """Plan and wait for a slot."""
        self._step("PLANNING")
        plan = Plan(cost=cost(), accelerates=self.order.accelerates)
        if self._cancelled.is_set():
            raise QueryCancelled
        if limit := self.listener.wait(plan):
            RESIDENT.limit(self._database, "memory_limit", limit)
        self._step("EXECUTION_PLANNING")
        return plan

    @property
    def _database(self) -> duckdb.DuckDBPyConnection:
        if self._taken is None:
            raise DremioError("SYSTEM", "The database is not open yet.")
        return self._taken.connection

    def _store(self, query: Query) -> int:
        """Write a query's rows as the job's results and return how many they are."""
        return self._stored(self._keeping(query), query.columns)

    def _keeping(self, query: Query) -> str:
        """Return the statement that writes a query's rows, each of which is counted."""
        self.order.results.mkdir(parents=True, exist_ok=True)
        words = stored_words(exact(query), query.columns)
        counted = f"SELECT * FROM ({words}) AS counted WHERE nextval('{COUNTER}') > 0"
        return f"COPY ({counted}) TO {literal(str(self.order.results / ROWS))} (FORMAT parquet)"

    def _stored(self, keeping: str, columns: tuple[Column, ...]) -> int:
        count = int(self._database.execute(keeping).fetchall()[0][0])
        write_schema(self.order.results, columns, count)
        return count


def _query(translation: Translation) -> Query:
    return Query(sql=translation.sql, columns=translation.columns)
