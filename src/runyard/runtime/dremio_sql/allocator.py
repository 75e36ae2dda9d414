"""DuckDB's allocator, told what a process wants that carries out one query after another.

Where DuckDB brings jemalloc along, as on Linux, its library has the function that reads and sets what jemalloc does
(`mallctl`, in jemalloc's manual). The variable that DuckDB documents for that, DUCKDB_JE_MALLOC_CONF, is read when the
library is loaded, and processes of users' scripts are forked from one that has loaded it.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Any

import duckdb

NEVER = -1  # milliseconds after which pages that were freed are given to the system
KINDS = ("dirty", "muzzy")
ALL_ARENAS = 4096


def keep_pages() -> None:
    """Keep the pages that a query has freed for the next one: to get as many anew costs 5 % of TPC-H's time."""
    for kind in KINDS:
        _set("arenas", kind)  # of those that are yet to come
        for arena in range(_arenas()):
            _set(f"arena.{arena}", kind)


def give_pages_back() -> None:
    """Give the system all pages that hold nothing."""
    _control(f"arena.{ALL_ARENAS}.purge", None, None, None, ctypes.c_size_t())


def pages_kept_ms() -> int | None:
    """Return for how long pages that were freed are kept in arenas to come, -1 for ever; None without jemalloc."""
    return _read("arenas.dirty_decay_ms", ctypes.c_ssize_t())


def _set(arenas: str, kind: str) -> None:
    """Set it where there is such an arena; one that is yet to be made begins with what holds for all of them."""
    kept_ms = ctypes.c_ssize_t(NEVER)
    size = ctypes.c_size_t(ctypes.sizeof(kept_ms))
    _control(f"{arenas}.{kind}_decay_ms", None, None, ctypes.byref(kept_ms), size)


def _arenas() -> int:
    return _read("arenas.narenas", ctypes.c_uint()) or 0


def _read(name: str, value: ctypes.c_ssize_t | ctypes.c_uint) -> int | None:
    size = ctypes.c_size_t(ctypes.sizeof(value))
    failed = _control(name, ctypes.byref(value), ctypes.byref(size), None, ctypes.c_size_t())
    return None if failed else value.value


def _control(name: str, *arguments: Any) -> bool:
    """Call jemalloc's `mallctl`; return whether there is none or it refuses."""
    library = sys.modules[duckdb.DuckDBPyConnection.__module__].__file__
    with suppress(OSError, AttributeError):  # without jemalloc there is no such function
        return bool(ctypes.CDLL(library).duckdb_je_mallctl(name.encode(), *arguments))
    return True
