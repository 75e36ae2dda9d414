# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Which reflections a query could use, which of them answer a part of it, and which its cheapest plan reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
from sqlglot import exp

from ..catalog import LiveCatalog
from ..column_types import Column
from ..errors import DremioError
from ..plan_cache import Acceleration
from ..plans import cost_of, scanned_by
from ..translation.parsing import parsed
from ..translation.queries import select
from ..translation.scope import Path_, Query, Relation, Scope, key_of
from ..translation.translate import Session, Translation, translate_tree
from .datasets import Described, described
from .deriving import Held
from .expressions import NoMatch, names_in, unused
from .hints import Hints, hints_of
from .levels import Level, Looking
from .materialization import (
    DISPLAY,
    GROUPING,
    ROWS,
    Manifest,
    Output,
    Reflected,
    is_read_in,
    read_manifest,
    relation,
)
from .materialization import Held as Kept
from .rewriting import Asked, rewritten
from .versions import version_of
from .volatility import is_order_bound, is_volatile

UNFELT = 1_000  # rows by which plans differ without anybody's noticing
CONSIDERED, MATCHED, CHOSEN = "CONSIDERED", "MATCHED", "CHOSEN"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A reflection that is fresh and shares something with the query."""

    reflected: Reflected
    manifest: Manifest
    levels: tuple[Level, ...]

    @property
    def key(self) -> Path_:
        """Return its dataset, as paths are compared."""
        return key_of(self.reflected.path)


@dataclass(frozen=True, kw_only=True)
class Accelerated:
    """A query as it is run, and what reflections had to do with it."""

    translation: Translation
    states: Mapping[str, str] = field(default_factory=dict)  # by reflection: the furthest that it came
    used: tuple[Reflected, ...] = ()
    considered: tuple[Reflected, ...] = ()
    saved_rows: int = 0  # that the plan without reflections is estimated to read beyond those of this one

    @property
    def acceleration(self) -> Acceleration:
        """Return what is known of the plan's reflections, as long as it holds."""
        ends = [each.expires_at for each in self.considered if each.expires_at is not None]
        folders = tuple(each.folder for each in self.used)
        return Acceleration(told=self.told, folders=folders, until_ms=min(ends, default=None))

    @property
    def told(self) -> list[dict[str, Any]]:
        """Return the relationships as a job tells them; those that answer it share what they saved."""
        used = {each.reflection for each in self.used}
        return [
            {
                "datasetId": each.dataset,
                "reflectionId": each.reflection,
                "relationship": self.states[each.reflection],
                **({"savedRows": self.saved_rows // len(used)} if each.reflection in used else {}),
            }
            for each in self.considered
        ]


@dataclass(kw_only=True)
class Accelerator:
    """Answers queries from reflections; `kept` holds their files while this process reads them."""

    catalog: LiveCatalog
    connection: duckdb.DuckDBPyConnection
    reflections: Sequence[Reflected]
    now_ms: int
    kept: Kept = field(default_factory=Kept)
    floats: bool = False  # sums of floating-point numbers may come from parts
    _known: dict[Path_, Described] = field(default_factory=dict)

    def accelerated(self, sql: str, session: Session) -> Accelerated:
        """Return a query in DuckDB's words, over reflections where that is cheaper."""
        tree = parsed(sql)
        plain = translate_tree(tree, self.catalog, session)
        if not self.reflections:
            return Accelerated(translation=plain)
        hints = hints_of(tree)
        looking = Looking(catalog=replace(self.catalog, looked_up={}))
        candidates = self._candidates(hints, frozenset(map(key_of, self.catalog.looked_up)), looking)
        if not candidates:
            return Accelerated(translation=plain)
        matching = Matching(candidates=candidates, looking=looking, accelerator=self)
        other = _tried(parsed(sql), self.catalog, session, matching)
        states = {each.reflected.reflection: CONSIDERED for each in candidates}
        states |= dict.fromkeys(matching.matched, MATCHED)
        considered = tuple(each.reflected for each in candidates)
        used = [each.reflected for each in candidates if other and is_read_in(other.sql, each.reflected.folder)]
        saved = self._saved(other, plain, hints) if other and used else None
        if other is None or saved is None:
            return Accelerated(translation=plain, states=states, considered=considered)
        states |= {each.reflection: CHOSEN for each in used}
        # A part that the query's answer over reflections lacks may be what holds for this moment alone.
        chosen = replace(other, is_of_its_moment=plain.is_of_its_moment or other.is_of_its_moment)
        return Accelerated(translation=chosen, states=states, used=(*used,), considered=considered, saved_rows=saved)

    def _candidates(self, hints: Hints, read: frozenset[Path_], looking: Looking) -> list[Candidate]:
        """Return the reflections that are fresh, of the dataset as it is, and share something with the query."""
        near = [each for each in self.reflections if hints.allow(each.reflection) and each.shares & read]
        found = (self._candidate(each, looking, strict=each.strict or hints.current) for each in near)
        return [each for each in found if each is not None]

    def _candidate(self, reflected: Reflected, looking: Looking, *, strict: bool) -> Candidate | None:
        if reflected.expires_at is not None and reflected.expires_at <= self.now_ms:
            return None
        if not self.kept.take(reflected.folder):
            return None
        try:
            manifest, found = read_manifest(reflected.folder), self._described(reflected.path, looking)
            if manifest.fingerprint != found.fingerprint:
                return None
            if strict and not (found.is_tracked and all(version_of(base) == seen for base, seen in manifest.bases)):
                return None
            levels = looking.layers(reflected.path)
        except (DremioError, NoMatch):
            return None  # its dataset is gone, or cannot be read
        return Candidate(reflected=reflected, manifest=manifest, levels=levels)

    def _described(self, path: Path_, looking: Looking) -> Described:
        """Return a dataset as it is now; it is looked at once a query, however many reflections it has."""
        key = key_of(path)
        if key not in self._known:
            self._known[key] = described(path, self.catalog, looking.tree)
        return self._known[key]

    def _saved(self, other: Translation, plain: Translation, hints: Hints) -> int | None:
        """Return how many rows fewer a query over reflections reads; None if it is no better than the plain one."""
        if other.columns != plain.columns:
            return None
        try:
            fewer = self._fewer(scanned_by, other, plain)
            is_better = hints.chosen or fewer >= -UNFELT or self._fewer(cost_of, other, plain) >= -UNFELT
        except duckdb.Error:
            return None  # a part that is grouped by as one is held as another, so that it has no plan
        return max(fewer, 0) if is_better else None

    def _fewer(
        self, measure: Callable[[duckdb.DuckDBPyConnection, str], int], other: Translation, plain: Translation
    ) -> int:
        return measure(self.connection, plain.sql) - measure(self.connection, other.sql)


def _tried(tree: exp.Expression, catalog: LiveCatalog, session: Session, matching: Matching) -> Translation | None:
    alone = replace(catalog, looked_up={})
    try:
        return translate_tree(tree, alone, session, matching)
    except (DremioError, NoMatch):
        return None  # whatever it is, the query as it was written goes


@dataclass(kw_only=True)
class Matching:
    """Puts reflections in the place of parts of one query, as the translation goes through it."""

    candidates: Sequence[Candidate]
    looking: Looking
    accelerator: Accelerator
    matched: set[str] = field(default_factory=set)

    # one relation of a FROM

    def relation(self, node: exp.Expression, path: Sequence[str], scope: Scope, query: Query) -> Query:
        """Return a table or view of a FROM, or the RAW reflection that has every column that is asked for."""
        raws = [each for each in self.candidates if each.manifest.kind == "RAW"]
        around = node.find_ancestor(exp.Select)
        if not raws or around is None or is_volatile(around) or is_order_bound(around) or node.args.get("version"):
            return query
        found = self.looking.catalog.resolved(path, scope.context)
        key = key_of(found[0]) if found else None
        wanted = self.wanted(node, scope)
        fitting = [(each, _held(each, query.columns, wanted)) for each in raws if each.key == key]
        usable = [(each, outputs) for each, outputs in fitting if outputs]
        self.matched |= {each.reflected.reflection for each, _ in usable}
        if not usable:
            return query
        best, outputs = min(usable, key=lambda one: (_rank(one[0], around), len(one[0].manifest.outputs)))
        return relation(best.manifest, best.reflected.folder, outputs)

    def wanted(self, node: exp.Expression, scope: Scope) -> frozenset[str] | None:
        """Return every name that the query around a relation says, which are more than the columns it asks for."""
        around = node.find_ancestor(exp.Select)
        alias = node.args.get("alias")
        if around is None or node.args.get("pivots") or (alias and alias.args.get("columns")):
            return None
        if any(str(join.args.get("method") or "").upper() == "NATURAL" for join in around.find_all(exp.Join)):
            return None
        stars = [each for each in around.expressions if each.is_star]
        names = frozenset(names_in(around))
        if not stars:
            return names
        return names | scope.wanted if _is_bare_star(around) and scope.wanted is not None else None

    # one SELECT

    def block(self, node: exp.Expression, scope: Scope, query: Query) -> Query:
        """Return a SELECT as it stands, or the same over a reflection."""
        source = node.args.get("from_")
        if source is None or node.args.get("joins") or is_volatile(node) or is_order_bound(node):
            return query
        try:
            asked = self.looking.source(source.this, scope.context, scope.named)
            levels = self.looking.levels(asked)
        except (NoMatch, DremioError, RecursionError):
            return query
        found: list[tuple[Candidate, Query]] = []
        for candidate in self.candidates:
            other = self._over(candidate, (node, asked.relation), levels, scope)
            if other is not None and other.columns == query.columns:
                self.matched.add(candidate.reflected.reflection)
                found.append((candidate, other))
        return self._best(node, query, found)

    def _over(
        self, candidate: Candidate, asked: tuple[exp.Expression, Relation], levels: Sequence[Level], scope: Scope
    ) -> Query | None:
        """Return a SELECT over a reflection where one of its layers is one of the query's."""
        for level in levels:
            for anchor in candidate.levels:
                if level.key is None or level.key != anchor.key:
                    continue
                try:
                    question = Asked(node=asked[0], relation=asked[1], level=level, anchor=anchor)
                    return self._written(candidate, question, scope)
                except (NoMatch, DremioError, RecursionError):
                    continue
        return None

    def _written(self, candidate: Candidate, asked: Asked, scope: Scope) -> Query:
        prefix = unused("held", [*names_in(asked.node), *(each.name.lower() for each in asked.relation.columns)])
        outputs = {f"{prefix}{place}": output for place, output in enumerate(candidate.manifest.outputs)}
        held = Held(
            outputs=outputs,
            meanings=_meanings(outputs, asked.anchor),
            groups=candidate.manifest.kind != "RAW",
            floats=self.accelerator.floats,
        )
        new = rewritten(asked, held)
        used = [(output, name) for name, output in outputs.items() if name in names_in(new)]
        # Of a SELECT that asks for no column one is read to know how many rows there are.
        query = relation(candidate.manifest, candidate.reflected.folder, used or [_least(outputs)])
        return select(new, scope.beside(), lambda _, inner: _from(query, inner))

    def _best(self, node: exp.Expression, query: Query, found: Sequence[tuple[Candidate, Query]]) -> Query:
        """Return the cheapest of what answers a SELECT; whether that is better than none at all is asked later."""
        if not found:
            return query
        options = sorted(found, key=lambda one: (_rank(one[0], node), one[0].manifest.rows))
        queries = [each for _, each in options]
        if any(is_read_in(query.sql, each.reflected.folder) for each in self.candidates):
            queries.append(query)
        if len(queries) == 1:
            return queries[0]
        try:
            costs = [cost_of(self.accelerator.connection, each.sql) for each in queries]
        except duckdb.Error:
            return queries[0]  # it names what stands around it, so that it has no plan by itself
        return queries[costs.index(min(costs))]


def _from(query: Query, scope: Scope) -> str:
    name = scope.world.name()
    scope.relations.append(Relation(name=name, alias="", path=(), columns=query.columns))
    return f" FROM ({query.sql}) AS {name}"


def _is_bare_star(node: exp.Expression) -> bool:
    """Tell whether a SELECT means the same with fewer columns, of which its star is all that there are.

    A star beside others, or over several relations, gives columns names that depend on those before them, and an order
    may tell a column by its place.
    """
    if len(node.expressions) > 1 or node.find(exp.Join) or any(node.args.get(name) for name in ("distinct", "group")):
        return False
    order = node.args.get("order")
    return order is None or all(each.find(exp.Column) for each in order.expressions)


def _meanings(outputs: Mapping[str, Output], anchor: Level) -> dict[str, Any]:
    return {
        name: anchor.outputs[output.field.lower()]
        for name, output in outputs.items()
        if output.role != ROWS and output.field.lower() in anchor.outputs
    }


def _least(outputs: Mapping[str, Output]) -> tuple[Output, str]:
    name, output = next(iter(outputs.items()))
    return output, name


def _held(
    candidate: Candidate, columns: Sequence[Column], wanted: frozenset[str] | None
) -> list[tuple[Output, str]] | None:
    """Return where the columns of a dataset that are asked for are held; None if one is not."""
    asked = [each for each in columns if wanted is None or each.name.lower() in wanted] or list(columns[:1])
    found = []
    for column in asked:
        output = next((each for each in candidate.manifest.outputs if each.field.lower() == column.name.lower()), None)
        if output is None or output.role != DISPLAY or output.type != column.type:
            return None
        found.append((output, column.name))
    return found


def _rank(candidate: Candidate, node: exp.Expression) -> int:
    """Return how well a reflection is laid out for the conditions of a SELECT: the less, the better."""
    where = node.args.get("where")
    names = names_in(where) if where else set()
    fields = {each.column: each.field.lower() for each in candidate.manifest.outputs if each.role in GROUPING}
    places = [place for place, each in enumerate(candidate.manifest.layout) if fields.get(each) in names]
    return places[0] if places else len(candidate.manifest.outputs) + 1
