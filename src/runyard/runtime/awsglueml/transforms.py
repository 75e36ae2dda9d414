"""Refuses each transform by its name, and says what to do instead."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from awsglue import transforms  # noqa: PLC0415 - beside this package, on the path of a job's process

    return getattr(transforms, name)
