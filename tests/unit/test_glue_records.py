"""The types that records are seen to have, as a DynamicFrame tells them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from runyard.runtime.awsglue.records import paths, seen, shaped


def test_numbers_are_whole_and_grow_and_others_make_a_choice() -> None:
    kind = seen([{"a": 1, "b": 1, "c": 1}, {"a": 2**40, "b": 1.5, "c": "x"}, {"a": None}])
    fields = kind.fields or {}

    assert {name: one.types for name, one in fields.items()} == {
        "a": ["long"],
        "b": ["int", "double"],
        "c": ["int", "string"],
    }


def test_every_plain_type_has_its_name() -> None:
    values = {
        "boolean": True,
        "double": 1.0,
        "string": "",
        "binary": b"",
        "timestamp": datetime(2026, 1, 1),  # noqa: DTZ001 - as Spark gives them
        "date": date(2026, 1, 1),
        "decimal": Decimal("12.345"),
    }
    kind = seen([values])

    assert {name: one.types for name, one in (kind.fields or {}).items()} == {name: [name] for name in values}
    assert ((kind.fields or {})["decimal"].digits, (kind.fields or {})["decimal"].scale) == (2, 3)


def test_choices_and_fields_without_a_value_are_told_by_their_paths() -> None:
    choices, nulls = paths(
        seen([{"a": {"b": [1, "x"]}, "c": None, "d": [], "e": {"f": 1}}, {"e": [2], "c": None}]),
    )

    assert choices == {"a.b[]": ["int", "string"], "e": ["struct", "array"]}
    assert nulls == {"c", "d[]"}


def test_a_value_of_a_choice_stands_under_its_type() -> None:
    records = [{"v": 1, "w": [{"x": 1}]}, {"v": "one", "w": {"y": 2}}, {"v": 2**40}, {}]
    make = shaped(seen(records))

    assert [make(one) for one in records] == [
        {"v": {"long": 1, "string": None}, "w": {"struct": None, "array": [{"x": 1}]}},
        {"v": {"long": None, "string": "one"}, "w": {"struct": {"y": 2}, "array": None}},
        {"v": {"long": 2**40, "string": None}, "w": None},
        {"v": None, "w": None},
    ]
