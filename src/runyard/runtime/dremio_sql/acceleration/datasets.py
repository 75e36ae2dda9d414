# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""What the dataset of a reflection is now: its columns, what it is made of, and one text that tells all of that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlglot import exp

from ..catalog import LiveCatalog
from ..column_types import Column, columns_document
from ..errors import invalid, unsupported
from ..translation.parsing import parsed
from ..translation.scope import Path_, View, key_of
from .versions import FILES, TABLE, Base
from .volatility import calls_own_functions, is_volatile

SYSTEM = frozenset({"sys", "information_schema"})


@dataclass(frozen=True, kw_only=True)
class Described:
    """A dataset as it is now."""

    columns: tuple[Column, ...]
    shares: tuple[Path_, ...]  # the keys of the tables and views that it is made of, its own among them
    bases: tuple[Base, ...]
    views: tuple[View, ...]
    is_tracked: bool  # all of its data is that of its bases
    fingerprint: str


def described(path: Path_, catalog: LiveCatalog, tree: Callable[[str], exp.Expression] = parsed) -> Described:
    """Return what a dataset is made of; raise DremioError if it is not there, or can be read no more."""
    alone = replace(catalog, looked_up={}, session=replace(catalog.session, context=()))
    columns = alone.columns(path)
    alone.find(path, ())
    shares = tuple(key_of(each) for each in alone.looked_up)
    views = [alone.snapshot.views[key] for key in shares if key in alone.snapshot.views]
    bases = tuple(_bases(alone))
    promoted = [key for key in shares if key in alone.snapshot.datasets]
    told = {
        "columns": columns_document(columns),
        "views": sorted([list(key_of(view.path)), view.sql, list(view.context)] for view in views),
        "bases": sorted([list(key_of(base.path)), base.place, base.format] for base in bases),
        "shapes": sorted(
            [list(key_of(base.path)), alone.manifest(Path(base.place)).shape] for base in bases if base.kind == TABLE
        ),
        "settings": sorted([list(key), dict(alone.snapshot.datasets[key].settings)] for key in promoted),
    }
    return Described(
        columns=columns,
        shares=shares,
        bases=bases,
        views=tuple(views),
        is_tracked=len(views) + len(bases) == len(shares) and not any(_is_untracked(tree(view.sql)) for view in views),
        fingerprint=hashlib.sha256(json.dumps(told).encode()).hexdigest(),
    )


def _bases(catalog: LiveCatalog) -> Iterator[Base]:
    for path in catalog.looked_up:
        key = key_of(path)
        if key in catalog.snapshot.tables:
            yield Base(path=path, kind=TABLE, place=str(catalog.snapshot.tables[key][1]))
        elif key not in catalog.snapshot.views and key[0] not in SYSTEM:
            files = catalog.files(path)
            if files is not None:
                yield Base(path=path, kind=FILES, place=str(files.place), format=files.format)


def _is_untracked(view: exp.Expression) -> bool:
    """Tell whether a view reads what no path of the catalog names: files by options, and versions."""
    tables = view.find_all(exp.Table)
    return any(isinstance(each.this, exp.Anonymous) or each.args.get("version") for each in tables)


def check_lasting(path: Path_, found: Described, catalog: LiveCatalog) -> None:
    """Refuse a dataset that is another one each time that it is read."""
    name = ".".join(path)
    if any(key[0] in SYSTEM for key in found.shares):
        raise unsupported(f"{name} reads tables of the system, which change with every job; it can have no reflection")
    for key in found.shares:
        view = catalog.snapshot.views.get(key)
        if view is None:
            continue
        tree = parsed(view.sql)
        if calls_own_functions(tree):
            raise unsupported(
                f"{name} can have no reflection: {'.'.join(view.path)} calls a function of one's own, or one that "
                "is not known here, which may be another one the next time"
            )
        if is_volatile(tree):
            raise unsupported(
                f"{name} has another value each time that it is read: {'.'.join(view.path)} asks for the time, the "
                "user or chance; it can have no reflection"
            )


def exists(path: Path_, catalog: LiveCatalog) -> Path_:
    """Return the whole path of a table or view, as it is looked up from where a statement stands."""
    found = catalog.resolved(path, catalog.session.context)
    if found is None:
        raise invalid(f"Object '{'.'.join(path)}' not found")
    meaning = found[1]
    if isinstance(meaning, View):
        return meaning.path
    kept = catalog.snapshot.tables.get(key_of(found[0]))
    return kept[0] if kept else found[0]
