"""Clean-room `awsglue.transforms`: each transform applies a method of DynamicFrame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Any

from .absent import begin

begin(__name__)

from .dynamicframe import DynamicFrame, DynamicFrameCollection  # noqa: E402 - not before Spark is ready

__all__ = [
    "ApplyMapping", "DropFields", "DropNullFields", "ErrorsAsDynamicFrame", "Filter", "FlatMap", "Join", "Map",
    "MapToCollection", "MergeDynamicFrame", "Relationalize", "RenameField", "Repartition", "ResolveChoice",
    "SelectFields", "SelectFromCollection", "Simplify_ddb_json", "Spigot", "SplitFields", "SplitRows", "Unbox",
    "Union", "UnnestFrame",
]  # fmt: skip


class GlueTransform:
    """A transform: called with its arguments, or applied by its class."""

    returns = "DynamicFrame"

    @classmethod
    def apply(cls, *given: Any, **named: Any) -> Any:
        """Apply it."""
        return cls()(*given, **named)

    @classmethod
    def name(cls) -> str:
        """Return its name."""
        return cls.__name__

    @classmethod
    def describeArgs(cls) -> list[dict[str, Any]]:
        """Return what it takes, each argument with its name and whether it may be left out."""
        taken = list(signature(cls.__call__).parameters.values())[1:]
        named = [one for one in taken if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
        return [
            {
                "name": one.name,
                "type": str(one.annotation),
                "description": "",
                "optional": one.default is not Parameter.empty,
                "defaultValue": None if one.default is Parameter.empty else one.default,
            }
            for one in named
        ]

    @classmethod
    def describeReturn(cls) -> dict[str, str]:
        """Return what it gives back."""
        return {"type": cls.returns, "description": ""}

    @classmethod
    def describeTransform(cls) -> str:
        """Return what it does."""
        return cls.__doc__ or ""

    @classmethod
    def describeErrors(cls) -> list[dict[str, str]]:
        """Return which errors of its own it raises: none."""
        return []

    @classmethod
    def describe(cls) -> dict[str, Any]:
        """Return all that it says of itself."""
        return {
            "transform": {"name": cls.name(), "args": cls.describeArgs()},
            "returns": cls.describeReturn(),
            "raises": cls.describeErrors(),
            "description": cls.describeTransform(),
        }

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        raise NotImplementedError(self.name())


class ApplyMapping(GlueTransform):
    """Fields called and typed anew."""

    def __call__(self, frame: Any, mappings: Sequence[Any], case_sensitive: bool = False, *_: Any, **__: Any) -> Any:  # noqa: FBT001, FBT002 - AWS's
        """Work on a frame."""
        return frame.apply_mapping(mappings, case_sensitive)


class DropFields(GlueTransform):
    """All fields but some."""

    def __call__(self, frame: Any, paths: Sequence[str], *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.drop_fields(paths)


class DropNullFields(GlueTransform):
    """All fields but those that never had a value."""

    def __call__(self, frame: Any, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.drop_nulls()


class ErrorsAsDynamicFrame(GlueTransform):
    """The records that could not be worked on."""

    def __call__(self, frame: Any, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.errorsAsDynamicFrame()


class Filter(GlueTransform):
    """The rows for which a function says so."""

    def __call__(self, frame: Any, f: Callable[[Any], bool], *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.filter(f)


class FlatMap(GlueTransform):
    """What a transform makes of each frame of a collection, in one collection."""

    returns = "DynamicFrameCollection"

    def __call__(self, dfc: Any, BaseTransform: Any, frame_name: str, *_: Any, **named: Any) -> Any:
        """Work on a collection."""
        options = {key: value for key, value in named.items() if key != "transformation_ctx"}
        return dfc.flatmap(lambda one, _: BaseTransform.apply(**{frame_name: one}, **options))


class Join(GlueTransform):
    """The pairs of rows of two frames that are equal in some fields."""

    def __call__(self, frame1: Any, frame2: Any, keys1: Any, keys2: Any, *_: Any, **__: Any) -> Any:
        """Work on two frames."""
        return frame1.join(keys1, keys2, frame2)


class Map(GlueTransform):
    """What a function makes of each row."""

    def __call__(self, frame: Any, f: Callable[[Any], Any], *_: Any, **named: Any) -> Any:
        """Work on a frame."""
        return frame.map(f, **_of_errors(named))


class MapToCollection(GlueTransform):
    """What a function makes of each frame of a collection."""

    returns = "DynamicFrameCollection"

    def __call__(self, dfc: Any, callable: Callable[..., Any], *_: Any, **__: Any) -> Any:
        """Work on a collection."""
        return dfc.map(callable)


class MergeDynamicFrame(GlueTransform):
    """A frame with what was staged for it."""

    def __call__(self, source: Any, stage: Any, primary_keys: Sequence[str], *_: Any, **__: Any) -> Any:
        """Work on two frames."""
        return source.mergeDynamicFrame(stage, primary_keys)


class Relationalize(GlueTransform):
    """The tables that nested rows make."""

    returns = "DynamicFrameCollection"

    def __call__(self, frame: Any, staging_path: str | None = None, name: str = "roottable", *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.relationalize(name, staging_path)


class RenameField(GlueTransform):
    """A field called differently."""

    def __call__(self, frame: Any, old_name: str, new_name: str, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.rename_field(old_name, new_name)


class Repartition(GlueTransform):
    """The same rows in another number of partitions."""

    def __call__(self, frame: Any, num_partitions: int, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.repartition(num_partitions)


class ResolveChoice(GlueTransform):
    """Choices of types resolved."""

    def __call__(self, frame: Any, specs: Any = None, choice: str = "", *_: Any, **more: Any) -> Any:
        """Work on a frame."""
        known = {key: more[key] for key in ("database", "table_name", "catalog_id") if key in more}
        return frame.resolveChoice(specs, choice, **known)


class SelectFields(GlueTransform):
    """Some fields."""

    def __call__(self, frame: Any, paths: Sequence[str], *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.select_fields(paths)


class SelectFromCollection(GlueTransform):
    """A frame of a collection."""

    def __call__(self, dfc: DynamicFrameCollection, key: str, *_: Any, **__: Any) -> DynamicFrame:
        """Work on a collection."""
        return dfc.select(key)


class Simplify_ddb_json(GlueTransform):  # noqa: N801 - AWS's name
    """The values of DynamoDB's JSON in the place of its structures."""

    def __call__(self, frame: Any, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.simplify_ddb_json()


class Spigot(GlueTransform):
    """Some rows written to a place."""

    def __call__(self, frame: Any, path: str, options: Mapping[str, Any] | None = None, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.spigot(path, options)


class SplitFields(GlueTransform):
    """Two frames: of some fields, and of the others."""

    returns = "DynamicFrameCollection"

    def __call__(self, frame: Any, paths: Sequence[str], name1: str = "", name2: str = "", *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.split_fields(paths, name1, name2)


class SplitRows(GlueTransform):
    """Two frames: of the rows for which comparisons hold, and of the others."""

    returns = "DynamicFrameCollection"

    def __call__(
        self, frame: Any, comparison_dict: Mapping[str, Any], name1: str = "", name2: str = "", *_: Any, **__: Any
    ) -> Any:
        """Work on a frame."""
        return frame.split_rows(comparison_dict, name1, name2)


class Unbox(GlueTransform):
    """What a field's text says in its place."""

    def __call__(self, frame: Any, path: str, format: str, *_: Any, **options: Any) -> Any:
        """Work on a frame."""
        return frame.unbox(path, format, **options)


class Union(GlueTransform):
    """The rows of two frames."""

    def __call__(self, frame1: Any, frame2: Any, *_: Any, **__: Any) -> Any:
        """Work on two frames."""
        return frame1.union(frame2)


class UnnestFrame(GlueTransform):
    """A frame without structures."""

    def __call__(self, frame: Any, *_: Any, **__: Any) -> Any:
        """Work on a frame."""
        return frame.unnest()


def _of_errors(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: named[name] for name in ("info", "stageThreshold", "totalThreshold") if name in named}


ELSEWHERE: Mapping[str, str] = {
    "FindMatches": "It needs a machine-learning transform that AWS has trained.",
    "FindIncrementalMatches": "It needs a machine-learning transform that AWS has trained.",
    "FillMissingValues": "AWS's own container lacks it, too; fill gaps with dataFrame.fillna or your own model.",
    "EvaluateDataQuality": "Count what breaks a rule with dataFrame.where(...).count() and raise.",
}
"""Transforms that need a service of AWS's, and what to do instead."""


def __getattr__(name: str) -> Any:
    """Tell of a transform of AWS's that is not there."""
    if name.startswith("_") or not name[:1].isupper():
        raise AttributeError(name)
    advice = ELSEWHERE.get(name, "")
    there = f"There are {', '.join(__all__)}."
    raise ImportError(f"The transform {name!r} is not there in this awsglue. {advice or there}", name=name)
