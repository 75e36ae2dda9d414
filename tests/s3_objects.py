"""Buckets and objects made without a server, and things that happen in the middle of a call."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runyard.dialects.s3.conditions import Conditions
from runyard.dialects.s3.objects import commit
from runyard.dialects.s3.records import Description
from runyard.dialects.s3.spool import Spool
from runyard.dialects.s3.store import Store


def new_store(root: Path) -> Store:
    store = Store(root)
    store.create_bucket("data")
    return store


def put(store: Store, key: str, body: bytes = b"", *, etag: str = "e") -> None:
    bucket = store.bucket("data")
    spool = Spool(bucket.aside)
    try:
        spool.write(body)
        spool.finish()
        commit(store, bucket, spool, description=Description(key=key, etag=etag), conditions=Conditions())
    finally:
        spool.discard()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def meanwhile(
    patch: pytest.MonkeyPatch, call: str, *, on: Callable[[str], bool], happens: Callable[[], object], times: int = 1
) -> None:
    """Let something happen just before the system call that concerns such a path, so many times."""
    real = getattr(os, call)
    left = [happens] * times

    def called(*given: Any, **named: Any) -> Any:
        if left and on(str(given[-1] if call == "rename" else given[0])):
            left.pop()()
        return real(*given, **named)

    patch.setattr(os, call, called)
