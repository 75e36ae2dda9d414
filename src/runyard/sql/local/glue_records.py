"""What only Glue's own views tell: the defaults of settings, and what is billed by the second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from runyard.core.job import Workspace
from runyard.dialects import aws_ids
from runyard.dialects.aws.account import account_of
from runyard.dialects.glue.views import JOB, JOB_RUN
from runyard.dialects.view import View

_VIEWS: Mapping[str, View] = {"run": JOB_RUN, "job": JOB}


@dataclass(frozen=True, kw_only=True)
class _Settled:
    """As much of a record as the views ask for, who want nothing but settings and times."""

    settings: Mapping[str, Any]
    running_at: int | None = None
    ended_at: int | None = None


@lru_cache(1024)
def default(record: str, name: str, settings: str | None) -> Any:
    """Return what stands for a member that settings leave out."""
    if settings is None:
        return None
    line = next(one for one in _VIEWS[record].lines if one.wire == name)
    value = line.get(_Settled(settings=msgspec.json.decode(settings)))
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def dpu_seconds(settings: str | None, running_at: int | None, ended_at: int | None) -> float | None:
    """Return what a run used, where AWS tells it."""
    if settings is None:
        return None
    line = next(one for one in JOB_RUN.lines if one.wire == "DPUSeconds")
    told: float | None = line.get(
        _Settled(settings=msgspec.json.decode(settings), running_at=running_at, ended_at=ended_at)
    )
    return told


@lru_cache(1024)
def account(name: str | None) -> str | None:
    """Return the account of a workspace."""
    return None if name is None else account_of(Workspace(id=0, name=name, created_at=0))


def run_id(number: int | None, attempt: int | None) -> str | None:
    """Spell a run; of nothing, nothing: SQLite may ask what would be if a number were NULL."""
    return None if number is None or attempt is None else aws_ids.run_id(number, attempt)


def run_number(text: Any) -> int | None:
    """Return the number that Glue's id of a run spells; None if we never wrote it."""
    found = aws_ids.from_run_id(text) if isinstance(text, str) else None
    return found[0] if found else None
