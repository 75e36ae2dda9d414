"""What each operation may be asked, from its path, query and body alike; what is not named here is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from runyard.core.errors import InvalidRequest
from runyard.core.ids import LARGEST
from runyard.core.run import PHASES

LONGEST_WAIT_S = 60
LARGEST_PAGE = 1000
LARGEST_PIECE = 1024 * 1024
SMALLEST_PIECE = 4  # bytes of the longest UTF-8 character: with fewer a reader might never come past it

Id = Annotated[int, Meta(ge=1, le=LARGEST)]
Wait = Annotated[float, Meta(ge=0, le=LONGEST_WAIT_S)]
Limit = Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
Text = Annotated[str, Meta(pattern=r"^[^\x00]*\Z")]  # what the system takes as an argument or a variable

S = TypeVar("S", bound=Struct)

_PLACE = re.compile(r" - at `\$\.([^`]+)`$")
_NAMED = re.compile(r"Object contains unknown field `(.+)`|Object missing required field `(.+)`")
_SECRET = frozenset({"environment", "password", "proof"})  # values that no message may repeat
_LONGEST_QUOTE = 80


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operation that needs no word."""


class OneJob(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job, by name or id."""

    job: str


class StartJob(OneJob, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run of a job is told: `--NAME VALUE`, over the job's own arguments."""

    arguments: dict[Name, Text] = {}


class ListJobs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the jobs."""

    limit: Limit = 100
    page_token: str | None = None


class OneRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run, by id."""

    run: Id


class ShowRun(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run, and whether to wait until it has ended or changed since the caller saw it."""

    wait_s: Wait = 0
    awaited: Literal["end", "change"] = field(name="for", default="end")
    since: int | None = None  # the `updated_at` that the caller has seen; None: any change from now on


class ListRuns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs, and which page of them."""

    job: str | None = None
    phase: str | None = None
    active: bool | None = None
    limit: Limit = 100
    page_token: str | None = None


class Script(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A script: its text with a name, or where it lies."""

    name: Name | None = None
    source: str | None = None
    uri: str | None = None


class Submit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A script to be run once, without a job."""

    script: Script
    arguments: list[Text] = []
    name: Name | None = None
    timeout_s: Annotated[float, Meta(gt=0, le=10**9)] | None = None
    max_retries: Annotated[int, Meta(ge=0, le=100)] = 0
    packages: list[Name] = []
    environment: dict[Annotated[str, Meta(pattern=r"^[^\x00=]+\Z")], Text] = {}
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


Key = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
Moment = Annotated[int, Meta(ge=0, le=LARGEST)]
Lease = Annotated[float, Meta(ge=1, le=3600)]
Said = Annotated[str, Meta(max_length=100_000)]


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run whose work the caller does itself, and tells of."""

    name: Name
    tasks: Annotated[list[Key], Meta(min_length=1, max_length=10_000)]
    verdict: Key  # the task that stands for the work as a whole
    settings: dict[str, Any] = {}
    lease_s: Lease = 60
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class Executed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One execution of a task, as far as it has come."""

    task: Key
    number: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    began_at: Moment
    ended_at: Moment | None = None
    outcome: Literal["succeeded", "failed", "cancelled", "timed_out"] | None = None
    message: Said | None = None
    output: dict[str, Any] = {}


class Tell(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done since, and for how long silence means nothing."""

    told: list[Executed] = []
    lease_s: Lease = 60


class Events(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The events after one that the caller has."""

    after: Annotated[int, Meta(ge=0, le=LARGEST)] = 0


class Logs(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which piece of a log; `offset` is 0 or the `next_offset` of the piece before."""

    stream: Literal["stdout", "stderr", "both"] = "both"
    offset: Annotated[str, Meta(pattern=r"^[0-9]{1,18}(,[0-9]{1,18})?\Z")] = "0"
    limit: Annotated[int, Meta(ge=SMALLEST_PIECE, le=LARGEST_PIECE)] = 64 * 1024
    attempt: Annotated[int, Meta(ge=0)] | None = None
    task: str | None = None
    wait_s: Wait = 0


def read(kind: type[S], members: Mapping[str, Any]) -> S:
    """Return what was asked; a wrong member is refused by its name and value."""
    try:
        return msgspec.convert(members, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(_explained(str(error), kind, members)) from error


def check_phase(name: str | None) -> None:
    """Refuse a phase that no run is ever in."""
    if name is not None and name not in PHASES:
        raise InvalidRequest(f"Parameter phase: {name!r} is no phase; use one of {', '.join(PHASES)}.")


def _explained(text: str, kind: type[Struct], members: Mapping[str, Any]) -> str:
    if named := _NAMED.match(text):
        known = ", ".join(kind.__struct_encode_fields__)
        what = f"{named[1]} is not known here" if named[1] else f"{named[2]} is missing"
        return f"Parameter {what}; there are: {known or 'none'}."
    place = _PLACE.search(text)
    name = place[1] if place else "body"
    return f"Parameter {name}: {text[: place.start()] if place else text}; you sent {_quoted(name, members)}."


def _quoted(name: str, members: Mapping[str, Any]) -> str:
    """Repeat the value at a place like `a.b[2]`, unless it is a secret or cannot be named."""
    value: Any = members
    for part in re.findall(r"[^.\[\]]+", name):
        if part in _SECRET or part == "...":
            return "another value"
        value = value[int(part)] if isinstance(value, list) else value.get(part)
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_QUOTE else shown[:_LONGEST_QUOTE] + "…"
