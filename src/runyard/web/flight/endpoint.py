"""Dremio's Flight and Flight SQL endpoint: each call read, carried out as a job, and answered."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import flight

from runyard.runtime.dremio_sql.databases import Withheld
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.results import stored
from runyard.runtime.dremio_sql.statements import statement
from runyard.web.flight import messages
from runyard.web.flight.actions import ACTIONS, Asked
from runyard.web.flight.arrow_types import schema_of, stream_of
from runyard.web.flight.failures import told, unsupported
from runyard.web.flight.jobs import Ended, Jobs
from runyard.web.flight.metadata import QUESTIONS, Question
from runyard.web.flight.planning import LOOKING, SELECT, Planner
from runyard.web.flight.sessions import Handshake, Session, Sessions
from runyard.web.flight.statements import PreparedStatements, Wanted
from runyard.web.flight.yard import Yard

SESSION = "session"
NOTHING_KEPT = "The rows of this job are no longer kept; run its statement again."
NO_TICKET = "The ticket names neither a statement nor a job of this server; ask for the flight's info again."
NO_COMMAND = "{name} is not there: runyard's Dremio endpoint takes statements as SQL, outside of transactions."
Fields = Mapping[str, Any]


class Endpoint(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow has no types
    """What clients of Arrow Flight speak to."""

    def __init__(self, location: str, yard: Yard, **more: Any) -> None:
        self.sessions = Sessions(yard)
        super().__init__(location, auth_handler=Handshake(self.sessions), middleware={SESSION: self.sessions}, **more)
        self.yard = yard
        self.jobs = Jobs(yard=yard)
        self.planner = Planner()
        self.prepared = PreparedStatements()

    def get_flight_info(self, context: Any, descriptor: Any) -> Any:
        """Tell the columns of a statement or a question, and the ticket that brings its rows."""
        with told():
            session = _session(context)
            schema, ticket = self._flight(session, descriptor, context)
            endpoint = flight.FlightEndpoint(flight.Ticket(ticket), [])
            return flight.FlightInfo(schema, descriptor, [endpoint], -1, -1)

    def get_schema(self, context: Any, descriptor: Any) -> Any:
        """Tell the columns alone."""
        with told():
            return flight.SchemaResult(self._flight(_session(context), descriptor, None)[0])

    def do_get(self, context: Any, ticket: Any) -> Any:
        """Bring the rows of a ticket."""
        with told():
            session = _session(context)
            found = messages.opened(ticket.ticket)
            if found is not None and found[0] in QUESTIONS:
                table = QUESTIONS[found[0]][1](self._question(session, found[1]))
                return flight.RecordBatchStream(table)
            handle = found[1].get("statement_handle", b"") if found is not None else ticket.ticket
            ended = self._ended(context, session, handle)
            try:
                return stream_of(ended.folder)
            except FileNotFoundError as error:
                raise pa.ArrowKeyError(NOTHING_KEPT) from error

    def do_put(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        """Carry out a change, or bind values to a prepared statement."""
        with told():
            found = messages.opened(descriptor.command or b"")
            name, fields = found if found is not None else ("The command", {})
            if name not in PUTS:
                raise unsupported(NO_COMMAND.format(name=name))
            PUTS[name](self, context, fields, reader, writer)

    def do_action(self, context: Any, action: Any) -> Iterator[Any]:
        """Carry out an action by its name."""
        with told():
            known = ACTIONS.get(action.type)
            if known is None:
                raise unsupported(f"The action {action.type} is not there; there are {', '.join(ACTIONS)}.")
            asked = Asked(endpoint=self, session=_session(context), body=action.body.to_pybytes())
            return iter([flight.Result(pa.py_buffer(piece)) for piece in known[1](asked)])

    def list_actions(self, context: Any) -> list[Any]:  # noqa: ARG002 - pyarrow's call
        """Tell what actions there are."""
        return [flight.ActionType(name, summary) for name, (summary, _) in ACTIONS.items()]

    def list_flights(self, context: Any, criteria: bytes) -> Iterator[Any]:  # noqa: ARG002 - pyarrow's call
        """Refuse: tables are asked for by their own call."""
        raise unsupported("Flights are not listed; ask for tables with Flight SQL's GetTables.")

    def columns(self, session: Session, sql: str, path: tuple[str, ...]) -> Any:
        """Return the columns that a statement will have, as a schema."""
        known = self.yard.ask(session.token, "POST", "/plan", {"sql": sql, "project": session.project})
        try:
            return schema_of(self.planner.columns(sql, known, path=path))
        except DremioError as error:
            error.sql = sql
            raise

    def cancel(self, session: Session, ticket: bytes) -> int:
        """Cancel the job that a ticket has begun; return Flight's word for what came of it."""
        found = messages.opened(ticket)
        return self.jobs.cancel(session, found[1].get("statement_handle", b"") if found is not None else ticket)

    def _flight(self, session: Session, descriptor: Any, context: Any) -> tuple[Any, bytes]:
        """Return the schema and the ticket of what a descriptor asks; without a context, nothing is run."""
        command = descriptor.command
        if not command:
            raise unsupported("A flight is asked for by its command, a SQL text, and not by a path.")
        found = messages.opened(command)
        if found is not None and found[0] in QUESTIONS:
            return QUESTIONS[found[0]][0](found[1]), command
        if found is None:
            return self._known(session, Wanted(sql=_decoded(command), path=tuple(session.schema)), context)
        if found[0] not in QUERIES:
            raise unsupported(NO_COMMAND.format(name=found[0]))
        schema, handle = self._known(session, QUERIES[found[0]](self, session, found[1]), context)
        return schema, messages.enveloped("TicketStatementQuery", statement_handle=handle)

    def _known(self, session: Session, wanted: Wanted, context: Any) -> tuple[Any, bytes]:
        """Return the columns and the ticket of a statement; what only a job may look at, is run to know them."""
        try:
            return self.columns(session, wanted.sql, wanted.path), self._ticket(session, wanted, context)
        except Withheld:
            if context is None:
                raise
            ended = self.run(context, session, wanted)
            return schema_of(stored(ended.folder).columns), ended.job.encode()

    def _ticket(self, session: Session, wanted: Wanted, context: Any) -> bytes:
        """Return what brings a statement's rows; a change is carried out now, for who never fetches its one row."""
        if context is None or statement(wanted.sql).kind in (*LOOKING, SELECT):
            return wanted.ticket()
        return self.run(context, session, wanted).job.encode()

    def _question(self, session: Session, fields: Fields) -> Question:
        def ask() -> Fields:
            known: Fields = self.yard.ask(session.token, "POST", "/plan", {"sql": "", "project": session.project})
            return known

        return Question(fields=fields, told=ask, planner=self.planner)

    def _ended(self, context: Any, session: Session, handle: bytes) -> Ended:
        wanted = Wanted.of(handle)
        if wanted is not None:
            return self.run(context, session, wanted)
        try:
            job = str(uuid.UUID(handle.decode()))
        except (ValueError, UnicodeDecodeError) as error:
            raise pa.ArrowInvalid(NO_TICKET) from error
        return self.jobs.of_ticket(session, job, is_left=context.is_cancelled)

    def run(self, context: Any, session: Session, wanted: Wanted) -> Ended:
        """Run a statement as a job; what it says of the session holds from then on."""
        ended = self.jobs.run(
            session, wanted.sql, path=list(wanted.path), is_left=context.is_cancelled, ticket=wanted.ticket()
        )
        try:
            found = statement(wanted.sql)
        except DremioError:
            return ended
        if found.kind == "USE":
            session.schema = list(found.path)
        return ended


def _session(context: Any) -> Session:
    session: Session = context.get_middleware(SESSION).session
    return session


def _decoded(command: bytes) -> str:
    try:
        return command.decode()
    except UnicodeDecodeError as error:
        raise pa.ArrowInvalid(f"The command is no text in UTF-8: {error}.") from error


def _text(_: Endpoint, session: Session, fields: Fields) -> Wanted:
    if fields.get("transaction_id"):
        raise unsupported(NO_COMMAND.format(name="A transaction"))
    return Wanted(sql=fields.get("query", ""), path=tuple(session.schema))


def _prepared(endpoint: Endpoint, session: Session, fields: Fields) -> Wanted:
    known = endpoint.prepared.get(fields.get("prepared_statement_handle", b""), token=session.token)
    return Wanted(sql=known.text, path=known.path)


QUERIES: Mapping[str, Callable[[Endpoint, Session, Fields], Wanted]] = {
    "CommandStatementQuery": _text,
    "CommandPreparedStatementQuery": _prepared,
}
"""The statement that each command names."""


def _update(endpoint: Endpoint, context: Any, fields: Fields, _: Any, writer: Any) -> None:
    session = _session(context)
    ended = endpoint.run(context, session, _text(endpoint, session, fields))
    writer.write(pa.py_buffer(messages.written("DoPutUpdateResult", record_count=ended.rows)))


def _prepared_update(endpoint: Endpoint, context: Any, fields: Fields, reader: Any, writer: Any) -> None:
    session = _session(context)
    known = endpoint.prepared.get(fields.get("prepared_statement_handle", b""), token=session.token)
    known.rows = _values(reader) or known.rows
    count = sum(endpoint.run(context, session, Wanted(sql=text, path=known.path)).rows for text in known.texts())
    writer.write(pa.py_buffer(messages.written("DoPutUpdateResult", record_count=count)))


def _bind(endpoint: Endpoint, context: Any, fields: Fields, reader: Any, writer: Any) -> None:
    handle = fields.get("prepared_statement_handle", b"")
    endpoint.prepared.get(handle, token=_session(context).token).rows = _values(reader)
    writer.write(pa.py_buffer(messages.written("DoPutPreparedStatementResult", prepared_statement_handle=handle)))


def _values(reader: Any) -> list[list[Any]]:
    """Return the rows of values that a client sends."""
    table = reader.read_all()
    return [list(row.values()) for row in table.rename_columns(list(map(str, range(table.num_columns)))).to_pylist()]


PUTS: Mapping[str, Callable[[Endpoint, Any, Fields, Any, Any], None]] = {
    "CommandStatementUpdate": _update,
    "CommandPreparedStatementUpdate": _prepared_update,
    "CommandPreparedStatementQuery": _bind,
}
"""What is done with each command that sends something."""
