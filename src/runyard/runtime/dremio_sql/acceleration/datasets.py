# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""What the dataset of a reflection is now: its columns, what it is made of, and one text that tells all of that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot import exp

from ..catalog import LiveCatalog
from ..column_types import Column, columns_document
from ..errors import invalid, unsupported
from ..translation.parsing import parsed
from ..translation.scope import Function, Path_, View, key_of
from ..translation.translate import Session
from .versions import FILES, TABLE, Base
from .volatility import is_of_its_moment

SYSTEM = frozenset({"sys", "information_schema"})


@dataclass(frozen=True, kw_only=True)
class Described:
    """A dataset as it is now."""

    columns: tuple[Column, ...]
    shares: tuple[Path_, ...]  # the keys of the tables and views that it is made of, its own among them
    bases: tuple[Base, ...]
    views: tuple[View, ...]
    functions: tuple[Function, ...]  # of one's own, that it calls
    is_tracked: bool  # all of its data is that of its bases
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class Noting(LiveCatalog):
    """A catalog that notes the functions of one's own that are called."""

    called: dict[Path_, Function] = field(default_factory=dict)

    def function(self, path: Sequence[str], context: Sequence[str]) -> Function | None:
        """Return the function of one's own at a path."""
        found = super().function(path, context)
        if found is not None:
            self.called[key_of(found.path)] = found
        return found


def described(path: Path_, catalog: LiveCatalog, tree: Callable[[str], exp.Expression] = parsed) -> Described:
    """Return what a dataset is made of; raise DremioError if it is not there, or can be read no more."""
    alone = Noting(
        snapshot=catalog.snapshot, connection=catalog.connection, described=catalog.described,
        manifests=catalog.manifests, listings=catalog.listings,
        session=Session(user=catalog.session.user, now_ms=catalog.session.now_ms),
    )  # fmt: skip
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
        "functions": [_told(alone.called[key]) for key in sorted(alone.called)],
    }
    bodies = [*(tree(view.sql) for view in views), *(function.tree for function in alone.called.values())]
    return Described(
        columns=columns,
        shares=shares,
        bases=bases,
        views=tuple(views),
        functions=tuple(alone.called.values()),
        is_tracked=len(views) + len(bases) == len(shares) and not any(map(_is_untracked, bodies)),
        fingerprint=hashlib.sha256(json.dumps(told).encode()).hexdigest(),
    )


def _told(function: Function) -> list[object]:
    kinds = [columns_document(each) for each in (function.parameters, function.returns)]
    return [list(function.path), function.body, list(function.context), function.is_scalar, *kinds]


def _bases(catalog: LiveCatalog) -> Iterator[Base]:
    for path in catalog.looked_up:
        key = key_of(path)
        if key in catalog.snapshot.tables:
            yield Base(path=path, kind=TABLE, place=str(catalog.snapshot.tables[key][1]))
        elif key not in catalog.snapshot.views and key[0] not in SYSTEM:
            files = catalog.files(path)
            if files is not None:
                yield Base(path=path, kind=FILES, place=str(files.place), format=files.format)


def _is_untracked(body: exp.Expression) -> bool:
    """Tell whether a query reads what no path of the catalog names: files by options, and versions."""
    tables = body.find_all(exp.Table)
    return any(isinstance(each.this, exp.Anonymous) or each.args.get("version") for each in tables)


def check_lasting(path: Path_, found: Described) -> None:
    """Refuse a dataset that is another one each time that it is read."""
    name = ".".join(path)
    if any(key[0] in SYSTEM for key in found.shares):
        raise unsupported(f"{name} reads tables of the system, which change with every job; it can have no reflection")
    views = [(view.path, parsed(view.sql)) for view in found.views]
    functions = [(function.path, function.tree) for function in found.functions]
    for asking, tree in (*views, *functions):
        if is_of_its_moment(tree):
            raise unsupported(
                f"{name} has another value each time that it is read: {'.'.join(asking)} asks for the time, the "
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
