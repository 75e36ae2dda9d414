"""Actions by name: prepared statements, the session's options, and giving up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import flight

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.web.flight.messages import MESSAGES, enveloped, read, written
from runyard.web.flight.parameters import marks_in, without_values
from runyard.web.flight.protobuf import decode, encode
from runyard.web.flight.sessions import PROPERTIES, Session
from runyard.web.flight.statements import PreparedStatement

if TYPE_CHECKING:
    from runyard.web.flight.endpoint import Endpoint

CLOSED, UNKNOWN_NAME, UNKNOWN_VALUE = 1, 1, 2


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An action as it came."""

    endpoint: Endpoint
    session: Session
    body: bytes


def create_prepared(asked: Asked) -> Sequence[bytes]:
    """Keep a statement, and tell its columns and how many values it wants."""
    fields = read("ActionCreatePreparedStatementRequest", asked.body)
    sql = fields.get("query", "")
    columns = _columns(asked, sql)
    known = PreparedStatement(sql=sql, path=tuple(asked.session.schema), token=asked.session.token)
    values = pa.schema([(f"parameter_{number + 1}", pa.null()) for number in range(marks_in(sql))])
    result = {
        "prepared_statement_handle": asked.endpoint.prepared.add(known),
        **({} if columns is None else {"dataset_schema": _serialized(columns)}),
        **({"parameter_schema": _serialized(values)} if len(values) else {}),
    }
    return [enveloped("ActionCreatePreparedStatementResult", **result)]


def _columns(asked: Asked, sql: str) -> Any:
    """Return the columns of a statement whose values are not known yet; None where they decide on them."""
    plain = without_values(sql)
    try:
        return asked.endpoint.columns(asked.session, plain, tuple(asked.session.schema))
    except DremioError:
        if plain != sql:
            return None
        raise


def close_prepared(asked: Asked) -> Sequence[bytes]:
    """Forget a statement."""
    fields = read("ActionClosePreparedStatementRequest", asked.body)
    asked.endpoint.prepared.remove(fields.get("prepared_statement_handle", b""), token=asked.session.token)
    return []


def cancel_flight(asked: Asked) -> Sequence[bytes]:
    """Cancel what the tickets of a flight's info have begun."""
    return [written("CancelFlightInfoResult", status=_cancelled(asked, "CancelFlightInfoRequest"))]


def cancel_query(asked: Asked) -> Sequence[bytes]:
    """Do the same in the words of older clients."""
    return [enveloped("ActionCancelQueryResult", result=_cancelled(asked, "ActionCancelQueryRequest"))]


def _cancelled(asked: Asked, name: str) -> int:
    info = flight.FlightInfo.deserialize(read(name, asked.body).get("info", b""))
    words = [asked.endpoint.cancel(asked.session, one.ticket.ticket) for one in info.endpoints]
    return max(words, default=0)


def set_options(asked: Asked) -> Sequence[bytes]:
    """Set what the statements to come are told; say which options are not known."""
    errors = []
    for piece in read("SetSessionOptionsRequest", asked.body)["session_options"]:
        option = decode(piece, MESSAGES["SessionOption"])
        value = decode(option.get("value", b""), MESSAGES["SessionOptionValue"])
        wrong = _set(asked.session, option.get("key", ""), value)
        if wrong:
            error = encode({"value": wrong}, MESSAGES["SessionOptionError"])
            errors.append(encode({"key": option.get("key", ""), "value": error}, MESSAGES["SessionOption"]))
    return [written("SetSessionOptionsResult", errors=errors)]


def _set(session: Session, name: str, value: Mapping[str, Any]) -> int:
    """Set an option and return 0, or Flight's word for what is wrong with it."""
    if name not in PROPERTIES:
        return UNKNOWN_NAME
    if value and "string_value" not in value:
        return UNKNOWN_VALUE
    session.take(name, value.get("string_value", ""))
    return 0


def get_options(asked: Asked) -> Sequence[bytes]:
    """Tell what is set."""
    session = asked.session
    values = {"schema": ".".join(session.schema), "routing_queue": session.queue, "routing_tag": session.tag}
    options = [
        encode({"key": name, "value": encode({"string_value": text}, MESSAGES["SessionOptionValue"])},
               MESSAGES["SessionOption"])
        for name, text in values.items() if text
    ]  # fmt: skip
    return [written("GetSessionOptionsResult", session_options=options)]


def close_session(asked: Asked) -> Sequence[bytes]:
    """Forget the session and what it was told."""
    asked.endpoint.sessions.close(asked.session)
    return [written("CloseSessionResult", status=CLOSED)]


def _serialized(schema: Any) -> bytes:
    content: bytes = schema.serialize().to_pybytes()
    return content


ACTIONS: Mapping[str, tuple[str, Callable[[Asked], Sequence[bytes]]]] = {
    "CreatePreparedStatement": ("Keep a statement whose values come later.", create_prepared),
    "ClosePreparedStatement": ("Forget a prepared statement.", close_prepared),
    "CancelFlightInfo": ("Cancel what the tickets of a flight's info have begun.", cancel_flight),
    "CancelQuery": ("Cancel a query, as older clients ask.", cancel_query),
    "SetSessionOptions": ("Set options of the session.", set_options),
    "GetSessionOptions": ("Tell the options of the session.", get_options),
    "CloseSession": ("Forget the session.", close_session),
}
"""Each action's summary, and what carries it out."""
