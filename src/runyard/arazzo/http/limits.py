"""What a run may cost the machine, and whom it may speak to."""

from __future__ import annotations

from runyard.arazzo.records import Record

MEBIBYTE = 1024 * 1024


class Limits(Record):
    """The limits of requests and responses."""

    connect_s: float = 10.0
    response_bytes: int = 64 * MEBIBYTE
    redirects: int = 5
    hosts: tuple[str, ...] = ()  # host or host:port; empty: any
