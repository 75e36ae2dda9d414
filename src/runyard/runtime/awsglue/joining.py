"""Two frames made one: joined by equal fields, or merged by primary keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

from pyspark.sql import functions as F

from .fields import at, column, parts

SIDE = "__runyard_{side}_{number}"


def joined(left: Any, right: Any, keys1: Sequence[str] | str, keys2: Sequence[str] | str) -> Any:
    """Return the pairs of rows whose keys are equal; of two fields of one name the second gets a dot before its own."""
    first, second = _listed(keys1), _listed(keys2)
    if len(first) != len(second):
        raise ValueError(f"A join needs as many keys of one frame as of the other, not {first} and {second}.")
    names = [f".{name}" if name in left.columns else name for name in right.columns]
    ours, theirs = _with_keys(left, first, "left"), _with_keys(right, second, "right")
    renamed = theirs.toDF(*names, *theirs.columns[len(names) :])
    numbers = range(len(first))
    equal = reduce(
        and_,
        (F.col(SIDE.format(side="left", number=n)) == F.col(SIDE.format(side="right", number=n)) for n in numbers),
    )
    return ours.join(renamed, equal, "inner").select(*(column(name) for name in [*left.columns, *names]))


def _listed(keys: Sequence[str] | str) -> list[str]:
    return [keys] if isinstance(keys, str) else list(keys)


def _with_keys(dataframe: Any, keys: Sequence[str], side: str) -> Any:
    made = [at(parts(key, dataframe.schema)).alias(SIDE.format(side=side, number=n)) for n, key in enumerate(keys)]
    return dataframe.select(*(column(name) for name in dataframe.columns), *made)


def merged(source: Any, stage: Any, keys: Sequence[str]) -> Any:
    """Return the staged rows, and those of the source that share their keys with none of them."""
    ours, theirs = _with_keys(source, keys, "left"), _with_keys(stage, keys, "right")
    numbers = range(len(keys))
    rights = [F.col(SIDE.format(side="right", number=n)) for n in numbers]
    equal = reduce(and_, (F.col(SIDE.format(side="left", number=n)) == rights[n] for n in numbers))
    left = ours.join(theirs.select(*rights), equal, "left_anti").select(*(column(name) for name in source.columns))
    return stage.unionByName(left, allowMissingColumns=True)
