"""Clean-room `awsglue.dynamicframe`, over Spark's DataFrames; written from AWS's public documentation alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .absent import begin, refuse

begin(__name__)

from pyspark.sql import functions as F  # noqa: E402 - not before Spark is ready

from . import choices as resolving  # noqa: E402 - as above
from .dynamodb_json import simplified  # noqa: E402 - as above
from .failing import SCHEMA, ErrorThresholdReached, Failures, thresholds  # noqa: E402 - as above
from .fields import ELEMENT, at, edited, nested, parts, type_at  # noqa: E402 - as above
from .joining import joined, merged  # noqa: E402 - as above
from .passing import kept_by, mapped  # noqa: E402 - as above
from .relations import flattened, relationalized  # noqa: E402 - as above
from .schemas import cast_name, glue_of  # noqa: E402 - as above
from .sources import DynamicFrameReader, DynamicFrameWriter  # noqa: E402 - as above
from .staging import kept, staged  # noqa: E402 - as above

__all__ = ["DynamicFrame", "DynamicFrameCollection", "DynamicFrameReader", "DynamicFrameWriter"]


class DynamicFrame:
    """Rows whose fields may be choices of types; the rest of it is a DataFrame's."""

    def __init__(self, jdf: Any, glue_ctx: Any, name: str = "") -> None:
        self._df = jdf
        self.glue_ctx = glue_ctx
        self.name = name
        self._choices: dict[str, Sequence[str]] = {}
        self._nulls: frozenset[str] = frozenset()
        self._failures: tuple[Failures, ...] = ()  # of each step so far that can fail
        self._failed_here = 0

    @classmethod
    def fromDF(cls, dataframe: Any, glue_ctx: Any, name: str = "") -> DynamicFrame:
        """Return a frame of the rows of a DataFrame."""
        return cls(dataframe, glue_ctx, name)

    def knowing(self, choices: Mapping[str, Sequence[str]], nulls: frozenset[str] = frozenset()) -> DynamicFrame:
        """Return this frame, told which of its fields are choices and which never had a value."""
        self._choices = dict(choices)
        self._nulls = nulls
        return self

    def _next(self, dataframe: Any, failures: Failures | None = None) -> DynamicFrame:
        """Return a frame of other rows that knows what failed on the way to it."""
        made = DynamicFrame(dataframe, self.glue_ctx, self.name)
        made._failures = (*self._failures, failures) if failures else self._failures
        made._failed_here = failures.count if failures else 0
        return made

    def _with(self, dataframe: Any) -> DynamicFrame:
        """Return a frame of other rows, in which what is still there is still a choice."""
        made = self._next(dataframe)
        there = {path: types for path, types in self._choices.items() if _is_choice(dataframe, path, types)}
        names = set(dataframe.columns)
        return made.knowing(there, frozenset(path for path in self._nulls if path.split(".")[0] in names))

    # what it is

    def toDF(self, options: Any = None) -> Any:
        """Return the rows as a DataFrame; a choice that nobody resolved is a structure of its types."""
        return self.resolveChoice(specs=[tuple(one) for one in options])._df if options else self._df  # noqa: SLF001 - ours

    def schema(self) -> Any:
        """Return the schema in Glue's types."""
        return glue_of(self._df.schema, "", self._choices, self._nulls)

    def printSchema(self) -> None:
        """Print the schema."""
        lines = [line for field in self.schema().fields for line in field.dataType.lines(field.name, 0)]
        sys.stdout.write("\n".join(["root", *lines, ""]) + "\n")

    def count(self) -> int:
        """Return how many rows there are."""
        return int(self._df.count())

    def show(self, num_rows: int = 20) -> None:
        """Print some rows, each as JSON."""
        for row in self._df.limit(num_rows).select(F.to_json(F.struct("*"))).collect():
            sys.stdout.write(f"{row[0]}\n")

    def errorsCount(self) -> int:
        """Return how many records functions failed on, on the way to this frame."""
        return sum(one.count for one in self._failures)

    def stageErrorsCount(self) -> int:
        """Return how many records the step that made this frame failed on."""
        return self._failed_here

    def errorsAsDynamicFrame(self) -> DynamicFrame:
        """Return the records that functions failed on, each with its error."""
        rows = [record for one in self._failures for record in one.records]
        return DynamicFrame(staged(self.glue_ctx.spark_session, SCHEMA, rows), self.glue_ctx, "errors")

    def assertErrorThreshold(self) -> None:
        """Fail if functions failed on any record: what a threshold allows was counted when they ran."""
        if self.errorsCount():
            raise ErrorThresholdReached(f"{self.errorsCount()} records failed: {self._failures[-1].first}")

    def repartition(self, num_partitions: int, *_: Any, **__: Any) -> DynamicFrame:
        """Return the same rows in another number of partitions."""
        return self._with(self._df.repartition(num_partitions))

    def coalesce(self, num_partitions: int, *_: Any, **__: Any) -> DynamicFrame:
        """Return the same rows in fewer partitions."""
        return self._with(self._df.coalesce(num_partitions))

    def limited(self, num: int | None) -> DynamicFrame:
        """Return at most so many rows."""
        return self if num is None else self._with(self._df.limit(int(num)))

    def getNumPartitions(self) -> int:
        """Refuse: the engine does not tell."""
        refuse("DynamicFrame.getNumPartitions", "The engine sail does not tell how it divides its work.")

    # fields

    def select_fields(self, paths: Sequence[str], *_: Any, **__: Any) -> DynamicFrame:
        """Return only some fields; those that are not there are passed over."""
        schema = self._df.schema
        asked = [parts(path, schema) for path in ([paths] if isinstance(paths, str) else paths)]
        found = [(steps, at(steps)) for steps in asked if type_at(schema, steps) is not None and ELEMENT not in steps]
        return self._with(self._df.select(*nested(found)))

    def drop_fields(self, paths: Sequence[str], *_: Any, **__: Any) -> DynamicFrame:
        """Return all fields but some; those that are not there are passed over."""
        found = self._df
        for path in [paths] if isinstance(paths, str) else paths:
            steps = parts(path, found.schema)
            if type_at(found.schema, steps) is not None:
                found = edited(found, steps, lambda *_: [])
        return self._with(found)

    def rename_field(self, oldName: str, newName: str, *_: Any, **__: Any) -> DynamicFrame:
        """Return the rows with a field called differently."""
        steps = parts(oldName, self._df.schema)
        new = parts(newName, self._df.schema)[-1]
        if type_at(self._df.schema, steps) is None:
            return self
        choices = {new if path == steps[0] and len(steps) == 1 else path: one for path, one in self._choices.items()}
        made = self._with(edited(self._df, steps, lambda _, known, __: [(new, known)]))
        return made.knowing(
            {path: one for path, one in choices.items() if _is_choice(made.toDF(), path, one)}, self._nulls
        )

    def apply_mapping(self, mappings: Sequence[Any], case_sensitive: bool = False, *_: Any, **__: Any) -> DynamicFrame:  # noqa: FBT001, FBT002 - AWS's
        """Return the fields that mappings name, called and typed as they say; what is not there is left out."""
        schema = self._df.schema
        targets = []
        for source, kind, target, wanted in map(_whole, mappings):
            steps = _found(schema, source, case_sensitive=case_sensitive)
            if steps is None:
                continue
            types = self._choices.get(".".join(steps))
            value = at(steps)
            if types:
                value = resolving.edit_of(f"project:{kind}", types)("", value, type_at(schema, steps))[0][1]
            same = wanted in {"", "struct", "array", "map"} or (wanted == kind and not types)
            targets.append((parts(target, schema), value if same else value.try_cast(cast_name(wanted))))
        return self._with(self._df.select(*nested(targets)))

    def resolveChoice(
        self, specs: Any = None, choice: str = "", database: Any = None, table_name: Any = None, *_: Any, **more: Any
    ) -> DynamicFrame:
        """Return the rows with choices resolved: one by one by specs, or all by one action."""
        wants_catalog = "match_catalog" in (choice, *(action for _, action in specs or ()))
        catalog = self.glue_ctx.catalog.types(database, table_name, more.get("catalog_id")) if wants_catalog else {}
        found, left = self._df, dict(self._choices)
        for path, action in resolving.actions(specs, choice, self._choices, catalog):
            steps = parts(path, found.schema)
            if type_at(found.schema, steps) is not None:
                types = left.pop(path, None)
                found = edited(found, steps, resolving.edit_of(action, types))
        made = self._next(found)
        return made.knowing({path: one for path, one in left.items() if _is_choice(found, path, one)}, self._nulls)

    def unnest(self, *_: Any, **__: Any) -> DynamicFrame:
        """Return the rows without structures: their members are fields whose names are paths."""
        return self._next(flattened(self._df))

    def simplify_ddb_json(self, *_: Any, **__: Any) -> DynamicFrame:
        """Return the rows with the values of DynamoDB's JSON in the place of its structures."""
        return self._next(simplified(self._df))

    def unnest_ddb_json(self, *_: Any, **__: Any) -> DynamicFrame:
        """Return the rows of DynamoDB's JSON without structures."""
        return self._next(flattened(simplified(self._df)))

    def relationalize(
        self, root_table_name: str, staging_path: str | None = None, options: Any = None, *_: Any, **__: Any
    ) -> DynamicFrameCollection:
        """Return the tables that nested rows make."""
        del options
        spark = self.glue_ctx.spark_session
        tables = relationalized(self._df, root_table_name, lambda one: kept(spark, one, staging_path))
        made = {name: DynamicFrame(one, self.glue_ctx, name) for name, one in tables.items()}
        return DynamicFrameCollection(made, self.glue_ctx)

    def unbox(self, path: str, format: str, transformation_ctx: str = "", **options: Any) -> DynamicFrame:
        """Return the rows with what a field's text says in its place; the text is json, csv or xml."""
        del transformation_ctx
        from .unboxing import parser_of, unboxed  # noqa: PLC0415 - few jobs need it

        parse = parser_of(format, options)
        return self._mapped(unboxed(parts(path, self._df.schema), parse), {"info": f"unbox {path}", **options})

    # rows

    def filter(self, f: Callable[[Any], bool], *_: Any, **__: Any) -> DynamicFrame:
        """Return the rows for which a function says so."""
        return self._with(kept_by(self._df, f, self._choices))

    def map(self, f: Callable[[Any], Any], *_: Any, **given: Any) -> DynamicFrame:
        """Return what a function makes of each row; those that it fails on are left out, counted and told."""
        return self._mapped(f, given)

    def _mapped(self, f: Callable[[Any], Any], given: Mapping[str, Any]) -> DynamicFrame:
        failures = Failures(info=str(given.get("info") or ""), threshold=thresholds(given, self.errorsCount()))
        dataframe, choices, nulls = mapped(self.glue_ctx.spark_session, self._df, f, self._choices, failures)
        return self._next(dataframe, failures).knowing(choices, nulls)

    def join(self, paths1: Any, paths2: Any, frame2: DynamicFrame, *_: Any, **__: Any) -> DynamicFrame:
        """Return the pairs of rows that are equal in some fields; a name that both have gets a dot in the second."""
        return self._with(joined(self._df, frame2.toDF(), paths1, paths2))

    def union(self, other_frame: DynamicFrame, *_: Any, **__: Any) -> DynamicFrame:
        """Return the rows of both."""
        return self._with(self._df.unionByName(other_frame.toDF(), allowMissingColumns=True))

    def mergeDynamicFrame(
        self, stage_dynamic_frame: DynamicFrame, primary_keys: Sequence[str], *_: Any, **__: Any
    ) -> DynamicFrame:
        """Return the staged rows, and those of this frame whose keys are in none of them."""
        return self._with(merged(self._df, stage_dynamic_frame.toDF(), primary_keys))

    def split_fields(
        self, paths: Sequence[str], name1: str = "", name2: str = "", *_: Any, **__: Any
    ) -> DynamicFrameCollection:
        """Return two frames: of the fields at some paths, and of the others."""
        names = (name1 or f"{self.name}1", name2 or f"{self.name}2")
        return DynamicFrameCollection(
            {names[0]: self.select_fields(paths), names[1]: self.drop_fields(paths)}, self.glue_ctx
        )

    def split_rows(
        self, comparison_dict: Mapping[str, Mapping[str, Any]], name1: str = "", name2: str = "", *_: Any, **__: Any
    ) -> DynamicFrameCollection:
        """Return two frames: of the rows for which all comparisons hold, and of the others."""
        holds = F.lit(True)
        for path, comparisons in comparison_dict.items():
            for operator, value in comparisons.items():
                holds = holds & COMPARISONS[operator](at(parts(path, self._df.schema)), F.lit(value))
        holds = F.coalesce(holds, F.lit(False))
        names = (name1 or f"{self.name}1", name2 or f"{self.name}2")
        made = {names[0]: self._with(self._df.where(holds)), names[1]: self._with(self._df.where(~holds))}
        return DynamicFrameCollection(made, self.glue_ctx)

    def spigot(self, path: str, options: Any = None, *_: Any, **__: Any) -> DynamicFrame:
        """Write some rows to a place, as JSON, and return them all."""
        asked = options or {}
        some = self._df.sample(float(asked["prob"])) if "prob" in asked else self._df
        some = some.limit(int(asked["topk"])) if "topk" in asked else some
        some.write.mode("append").json(path)
        return self

    def drop_nulls(self, *_: Any, **__: Any) -> DynamicFrame:
        """Return the rows without the fields that never had a value."""
        gone = self._nulls | {one.name for one in self._df.schema.fields if one.dataType.typeName() == "void"}
        found = self._df
        for path in sorted(gone, key=len, reverse=True):
            steps = parts(path, found.schema)
            if ELEMENT not in steps and type_at(found.schema, steps) is not None:
                found = edited(found, steps, lambda *_: [])
        return self._with(found)

    def write(
        self,
        connection_type: str,
        connection_options: Any = None,
        format: str | None = None,
        **more: Any,
    ) -> DynamicFrame:
        """Write the rows; see GlueContext.write_dynamic_frame."""
        written: DynamicFrame = self.glue_ctx.write_dynamic_frame_from_options(
            self, connection_type, connection_options or {}, format, **more
        )
        return written


class DynamicFrameCollection:
    """Frames by name."""

    def __init__(self, dynamic_frames: Mapping[str, DynamicFrame], glue_ctx: Any) -> None:
        self._frames = dict(dynamic_frames)
        self.glue_ctx = glue_ctx

    def keys(self) -> list[str]:
        """Return the names."""
        return list(self._frames)

    def values(self) -> list[DynamicFrame]:
        """Return the frames."""
        return list(self._frames.values())

    def select(self, key: str) -> DynamicFrame:
        """Return a frame by name."""
        if key not in self._frames:
            raise KeyError(f"There is no frame {key!r}; there are {', '.join(self._frames)}.")
        return self._frames[key]

    def __getitem__(self, key: str) -> DynamicFrame:
        return self.select(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def map(self, callable: Callable[..., DynamicFrame], *_: Any, **__: Any) -> DynamicFrameCollection:
        """Return what a function makes of each frame and its name."""
        return DynamicFrameCollection({name: callable(one, name) for name, one in self._frames.items()}, self.glue_ctx)

    def flatmap(self, f: Callable[..., Any], *_: Any, **__: Any) -> DynamicFrameCollection:
        """Return all frames of the collections that a function makes of each."""
        made = {inner: one for name, each in self._frames.items() for inner, one in _named(f(each, name), name)}
        return DynamicFrameCollection(made, self.glue_ctx)


COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": lambda known, value: known > value,
    "<": lambda known, value: known < value,
    ">=": lambda known, value: known >= value,
    "<=": lambda known, value: known <= value,
    "=": lambda known, value: known == value,
    "!=": lambda known, value: known != value,
}


def _named(made: Any, name: str) -> list[tuple[str, DynamicFrame]]:
    return [(name, made)] if isinstance(made, DynamicFrame) else [(key, made[key]) for key in made.keys()]  # noqa: SIM118 - no mapping


def _whole(mapping: Any) -> tuple[str, str, str, str]:
    """Return a mapping with its types: scripts may leave them out."""
    given = tuple(mapping)
    if len(given) == 4:  # noqa: PLR2004 - source, its type, target, its type
        return given
    source, target = given[0], given[-1]
    return source, "", target, ""


def _found(schema: Any, path: str, *, case_sensitive: bool) -> list[str] | None:
    steps = parts(path, schema)
    if type_at(schema, steps) is None and not case_sensitive:
        same = [name for name in schema.fieldNames() if name.lower() == steps[0].lower()]
        steps = [*same[:1], *steps[1:]] if same else steps
    return steps if type_at(schema, steps) is not None and ELEMENT not in steps else None


def _is_choice(dataframe: Any, path: str, types: Sequence[str]) -> bool:
    found = type_at(dataframe.schema, parts(path, dataframe.schema))
    return found is not None and getattr(found, "names", None) == list(types)
