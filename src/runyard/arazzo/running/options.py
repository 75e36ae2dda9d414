"""How a run of a workflow is to be carried out: its limits, its manners, and where it takes time from."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import field

from runyard.arazzo.http.exchange import Headers
from runyard.arazzo.records import Record
from runyard.core.errors import InvalidRequest

JSONPATHS = ("lenient", "rfc9535")


class Options(Record):
    """The choices of whoever runs a workflow; time is given, so that a test need not wait."""

    poll_interval: float | None = None  # None: growing pauses between identical polls
    timeout_s: float | None = None  # of the whole run; None: none
    request_timeout_s: float = 60.0
    max_steps: int = 10_000  # executions of steps, retries and sub-workflows included
    max_depth: int = 32  # workflows within workflows
    longest_wait_s: float = 3_600.0  # that a document or a server may ask for before one request
    jsonpath: str = "lenient"  # or rfc9535, which takes no logical texts
    headers: Headers = ()  # added to each request that has none of that name
    environment: Mapping[str, str] = field(default_factory=dict)  # where ARAZZO_… credentials and variables are
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time  # seconds since 1970
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random  # from 0 to 1; spreads the pauses of many runs

    def __post_init__(self) -> None:
        if self.jsonpath not in JSONPATHS:
            raise InvalidRequest(f"JSONPath is read as {' or '.join(JSONPATHS)}, not {self.jsonpath!r}.")
