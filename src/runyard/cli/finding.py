"""What `runyard doctor` found in one place, and what it looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from runyard.client.home import Place


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one thing stands, and what to do if it does not stand well."""

    name: str
    status: str = field(default="ok")  # or warn, or fail
    text: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The home under examination, and where its server is, if one runs."""

    home: Path
    place: Place | None


def well(name: str, text: str) -> Finding:
    """Return a finding that needs no advice."""
    return Finding(name=name, text=text)


def warning(name: str, text: str, *, advice: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(name=name, status="warn", text=text, advice=advice)


def failure(name: str, text: str, *, advice: str) -> Finding:
    """Return a finding with which runyard does not work."""
    return Finding(name=name, status="fail", text=text, advice=advice)
