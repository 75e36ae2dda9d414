"""A clean-room `awsglue`: what Glue scripts import, written from AWS's public documentation alone.

It imports nothing but the standard library, because it stands on the path of every job's own process.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Return the frame that visual jobs import from here; it needs Spark."""
    if name != "DynamicFrame":
        raise AttributeError(f"module 'awsglue' has no attribute {name!r}")
    from .dynamicframe import DynamicFrame  # noqa: PLC0415 - for those who use it

    return DynamicFrame
