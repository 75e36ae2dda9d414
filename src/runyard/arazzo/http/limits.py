"""What a run may cost the machine, and whom it may speak to."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of requests and responses."""

    connect_s: float = 10.0
    response_bytes: int = 64 * MEBIBYTE
    redirects: int = 5
    hosts: tuple[str, ...] = ()  # host or host:port; empty: any
