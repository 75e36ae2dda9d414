"""The shape of a job's errorMessage, which a server writes too without the engine's own modules."""

from __future__ import annotations


def error_text(kind: str, message: str, *, error_id: str, middle: str = "", host: str = "localhost") -> str:
    """Return the message of a job that failed: type, words, what stands between (lines that each end), and id."""
    between = f"{middle}\n" if middle else ""
    return f"{kind} ERROR: {message}\n\n{between}[Error Id: {error_id} on {host}:0]\n\n"
