"""A client of runyard's own API: one kept connection, a deadline for every call; what may be repeated is."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from runyard.client.errors import CallFailed, Unreachable
from runyard.client.header_texts import sendable

PREFIX = "/runyard/v1"
FIRST_PAUSE_S = 0.05
LONGEST_WAIT_S = 55.0  # of one call, so that something between us and the server does not hang up
LARGEST_PAGE = 500

Record = dict[str, Any]


class NativeClient:
    """Speaks to one server; not for several threads at once.

    `patience_s` is how long to try a server that does not answer, `timeout_s` how long a call may take beyond the
    time that it asks the server to wait.
    """

    def __init__(self, url: str, token: str, *, patience_s: float, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self._patience_s = patience_s
        self._timeout_s = timeout_s
        self._connection = _connection(url, timeout=timeout_s)
        self._base = urlsplit(self.url).path
        self._headers = {"accept": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {sendable(token, what='token')}"

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    # jobs

    def jobs(self, *, limit: int) -> Iterator[Record]:
        """Yield jobs, the newest first."""
        return self._pages("/jobs", "jobs", limit=limit)

    def job(self, named: str) -> Record:
        """Return a job by name or id."""
        return self._call("GET", _path("jobs", named))

    def delete_job(self, named: str) -> None:
        """Delete a job; its runs stay."""
        self._call("DELETE", _path("jobs", named))

    def start_job(self, named: str, arguments: Mapping[str, str]) -> Record:
        """Start a run of a job."""
        return self._call("POST", _path("jobs", named, "runs"), body={"arguments": arguments}, repeat=False)

    # runs

    def runs(self, *, limit: int, **where: str | bool | None) -> Iterator[Record]:
        """Yield runs, the newest first, that meet `where` (job, phase, active)."""
        return self._pages("/runs", "runs", limit=limit, **where)

    def submit(self, script: Mapping[str, str], **words: Any) -> Record:
        """Run a script once; the key lets the call be repeated without starting it twice."""
        body = {"script": script, "idempotency_key": uuid.uuid4().hex, **words}
        return self._call("POST", "/runs", body=body)

    def record(self, name: str, tasks: Sequence[str], **words: Any) -> Record:
        """Begin a run whose work is done here, and that `tell` tells of (verdict, settings, lease_s)."""
        body = {"name": name, "tasks": tasks, "idempotency_key": uuid.uuid4().hex, **words}
        return self._call("POST", "/recordings", body=body)

    def tell(self, run_id: int, told: Sequence[Record], *, lease_s: float) -> Record:
        """Tell what was done of it; what was told before may be told again."""
        return self._call("POST", _path("recordings", run_id, "told"), body={"told": told, "lease_s": lease_s})

    def run(self, run_id: int) -> Record:
        """Return a run."""
        return self._call("GET", _path("runs", run_id))

    def wait_run(self, run_id: int, *, since: int | None = None, wait_s: float = LONGEST_WAIT_S) -> Record:
        """Return a run once it has ended, with `since` also once it has changed, or when the time is up."""
        query: dict[str, Any] = {"wait_s": min(wait_s, LONGEST_WAIT_S)}
        if since is not None:
            query |= {"for": "change", "since": since}
        return self._call("GET", _path("runs", run_id), query=query)

    def stop_run(self, run_id: int) -> Record:
        """Ask a run to stop."""
        return self._call("POST", _path("runs", run_id, "stop"))

    def delete_run(self, run_id: int) -> None:
        """Forget a run that has ended."""
        self._call("DELETE", _path("runs", run_id))

    def attempts(self, run_id: int) -> list[Record]:
        """Return the attempts of a run, the oldest first."""
        attempts: list[Record] = self._call("GET", _path("runs", run_id, "attempts"))["attempts"]
        return attempts

    def events(self, run_id: int, *, after: int = 0) -> list[Record]:
        """Return what happened to a run."""
        events: list[Record] = self._call("GET", _path("runs", run_id, "events"), query={"after": after})["events"]
        return events

    def log(self, run_id: int, **asked: Any) -> Record:
        """Return a piece of a log (stream, offset, limit, attempt, task, wait_s)."""
        return self._call("GET", _path("runs", run_id, "logs"), query=asked)

    # the server

    def server(self) -> Record:
        """Return which server this is and how busy it is."""
        return self._call("GET", "/server")

    # users and tokens

    def who_am_i(self) -> Record:
        """Return who the token makes one, in which workspace, and as what."""
        return self._call("GET", "/me")

    def users(self) -> list[Record]:
        """Return the users with their roles."""
        users: list[Record] = self._call("GET", "/users")["users"]
        return users

    def add_user(self, name: str, **words: Any) -> Record:
        """Add a user (role, workspace, password, has_password)."""
        return self._call("POST", "/users", body=_given(name=name, **words), repeat=False)

    def change_user(self, name: str, what: str, **words: Any) -> Record:
        """Change a user: its `role` (role, workspace), `enable`, `disable`, or its `password` (password)."""
        return self._call("POST", _path("users", name, what), body=words, repeat=False)

    def remove_user(self, name: str) -> None:
        """Remove a user with all tokens."""
        self._call("DELETE", _path("users", name), repeat=False)

    def tokens(self, user: str | None) -> list[Record]:
        """Return tokens, the newest first: of one user, or all that the caller may see."""
        tokens: list[Record] = self._call("GET", "/tokens", query={"user": user})["tokens"]
        return tokens

    def create_token(self, name: str, **words: Any) -> Record:
        """Make a token (user, workspace, role, lifetime_s); what it is told by is in this answer only."""
        return self._call("POST", "/tokens", body=_given(name=name, **words), repeat=False)

    def revoke_token(self, token_id: int) -> None:
        """Revoke a token."""
        self._call("DELETE", _path("tokens", token_id), repeat=False)

    def take_proof(self, user: str, signed: str, proof: str, workspace: str | None) -> Record:
        """Return whom a proof of a password makes one, empty if nobody; for the SQL wire."""
        return self._call("POST", "/proofs", body=_given(user=user, signed=signed, proof=proof, workspace=workspace))

    # how calls are made

    def _pages(self, path: str, member: str, *, limit: int, **query: Any) -> Iterator[Record]:
        token: str | None = None
        while limit > 0:
            page = self._call("GET", path, query={**query, "limit": min(limit, LARGEST_PAGE), "page_token": token})
            yield from page[member]
            limit -= len(page[member])
            token = page.get("next_page_token")
            if token is None:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        repeat: bool = True,
    ) -> Record:
        """Make a call; while the server does not answer, again, if a repetition does no harm."""
        target = self._base + PREFIX + path + _query(query or {})
        content = None if body is None else json.dumps(body)
        timeout = self._timeout_s + float((query or {}).get("wait_s", 0))
        deadline = time.monotonic() + self._patience_s
        pause = FIRST_PAUSE_S
        while True:
            try:
                return self._exchange(method, target, content, timeout=timeout)
            except ConnectionRefusedError as error:  # nothing was sent, so that anything may be repeated
                failure: Exception = self._unreachable(error)
            except (OSError, http.client.HTTPException) as error:
                failure = self._unreachable(error)
                if not repeat:
                    raise failure from error
            except CallFailed as error:
                failure = error
                if not repeat or error.status != http.client.SERVICE_UNAVAILABLE:
                    raise
            if time.monotonic() + pause > deadline:
                raise failure
            time.sleep(pause)
            pause *= 2

    def _exchange(self, method: str, target: str, content: str | None, *, timeout: float) -> Record:
        connection = self._connection
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        headers = self._headers if content is None else {**self._headers, "content-type": "application/json"}
        try:
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            return _understood(answer.status, answer.read())
        except (OSError, http.client.HTTPException, KeyboardInterrupt):
            connection.close()  # half an answer must not be taken for the next one's
            raise

    def _unreachable(self, error: Exception) -> Unreachable:
        why = str(error) or type(error).__name__
        return Unreachable(f"No server answers at {self.url} ({why}). Start one with `runyard serve`, or see --url.")


def _connection(url: str, *, timeout: float) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise Unreachable(f"{url!r} is not the address of a server; give one like http://127.0.0.1:8642.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=timeout)


def _given(**words: Any) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value is not None}


def _path(*parts: str | int) -> str:
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def _query(words: Mapping[str, Any]) -> str:
    given = {name: _text(value) for name, value in words.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _understood(status: int, raw: bytes) -> Record:
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    is_refusal = status >= http.client.MULTIPLE_CHOICES
    if not isinstance(answer, dict) or (is_refusal and not isinstance(answer.get("message"), str)):
        text = f"What answers there (status {status}) is no runyard server, or a much older one; see --url."
        raise CallFailed(text, status=status, code="not_runyard")
    if is_refusal:
        raise CallFailed(answer["message"], status=status, code=str(answer.get("error", "unknown")))
    return answer
