"""What Flight SQL's clients ask of the server itself: its name and habits, and its types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa

STRING, BOOL, BIGINT, BITS, STRINGS, MAPS = range(6)
"""The members of the union in which values are told, as Flight SQL orders them."""
VALUE_FIELDS = (
    ("string_value", pa.string()),
    ("bool_value", pa.bool_()),
    ("bigint_value", pa.int64()),
    ("int32_bitmask", pa.int32()),
    ("string_list", pa.list_(pa.string())),
    ("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
)
NAME, VERSION, ARROW_VERSION, READ_ONLY, SQL, SUBSTRAIT, TRANSACTION, CANCEL, INGEST = 0, 1, 2, 3, 4, 5, 8, 9, 10
INSENSITIVE, HIGH = 1, 0
FACTS: Mapping[int, tuple[int, Any]] = {
    NAME: (STRING, "runyard, in Dremio's language"),
    VERSION: (STRING, version("runyard")),
    ARROW_VERSION: (STRING, pa.__version__),
    READ_ONLY: (BOOL, False),
    SQL: (BOOL, True),
    SUBSTRAIT: (BOOL, False),
    TRANSACTION: (BITS, 0),
    CANCEL: (BOOL, True),
    INGEST: (BOOL, False),
    500: (BOOL, False),  # whether there are catalogs to make and drop
    501: (BOOL, True),  # schemas: folders
    502: (BOOL, True),  # tables
    503: (BITS, INSENSITIVE),  # names without quotes
    504: (STRING, '"'),
    505: (BITS, INSENSITIVE),  # names in quotes
    506: (BOOL, True),  # every table may be read
    507: (BITS, HIGH),  # where NULL is ordered
    513: (STRING, "\\"),
    572: (BOOL, False),
    573: (BOOL, False),
}
"""A value by the number that Flight SQL gives to the question: the union's member, and the value."""

TYPE_INFO: Any = pa.schema([
    pa.field("type_name", pa.string(), nullable=False), pa.field("data_type", pa.int32(), nullable=False),
    ("column_size", pa.int32()), ("literal_prefix", pa.string()), ("literal_suffix", pa.string()),
    ("create_params", pa.list_(pa.field("item", pa.string(), nullable=False))),
    pa.field("nullable", pa.int32(), nullable=False), pa.field("case_sensitive", pa.bool_(), nullable=False),
    pa.field("searchable", pa.int32(), nullable=False), ("unsigned_attribute", pa.bool_()),
    pa.field("fixed_prec_scale", pa.bool_(), nullable=False), ("auto_increment", pa.bool_()),
    ("local_type_name", pa.string()), ("minimum_scale", pa.int32()), ("maximum_scale", pa.int32()),
    pa.field("sql_data_type", pa.int32(), nullable=False), ("datetime_subcode", pa.int32()),
    ("num_prec_radix", pa.int32()), ("interval_precision", pa.int32()),
])  # fmt: skip
# Name, JDBC's number, size, what stands before and behind a literal, parameters, radix.
TYPES: Sequence[tuple[str, int, int | None, str | None, str | None, list[str] | None, int | None]] = (
    ("BOOLEAN", -7, 1, None, None, None, None),
    ("VARBINARY", -3, 65536, None, None, None, None),
    ("INTEGER", 4, 10, None, None, None, 10),
    ("BIGINT", -5, 19, None, None, None, 10),
    ("FLOAT", 6, 24, None, None, None, 2),
    ("DOUBLE", 8, 53, None, None, None, 2),
    ("DECIMAL", 3, 38, None, None, ["precision", "scale"], 10),
    ("VARCHAR", 12, 65536, "'", "'", None, None),
    ("DATE", 91, 10, "DATE '", "'", None, None),
    ("TIME", 92, 12, "TIME '", "'", None, None),
    ("TIMESTAMP", 93, 23, "TIMESTAMP '", "'", None, None),
)
SUBCODES: Mapping[int, int] = {91: 1, 92: 2, 93: 3}
DATETIME, NULLABLE, FULL, DECIMAL, MOST_SCALE = 9, 1, 3, 3, 38


def sql_info(wanted: Sequence[int]) -> Any:
    """Return what is asked of the server; without a question, all that there is."""
    known = [(number, *FACTS[number]) for number in (wanted or FACTS) if number in FACTS]
    kinds = [kind for _, kind, _ in known]
    members = [pa.array([value for _, kind, value in known if kind == place], type_)
               for place, (_, type_) in enumerate(VALUE_FIELDS)]  # fmt: skip
    offsets = [kinds[:place].count(kind) for place, kind in enumerate(kinds)]
    values = pa.UnionArray.from_dense(
        pa.array(kinds, pa.int8()), pa.array(offsets, pa.int32()), members, [name for name, _ in VALUE_FIELDS]
    )
    schema = pa.schema([pa.field("info_name", pa.uint32(), nullable=False), pa.field("value", values.type)])
    return pa.table([pa.array([number for number, _, _ in known], pa.uint32()), values], schema=schema)


def type_info(wanted: int | None) -> Any:
    """Return the types, or the one of a number."""
    rows = [_type_row(*each) for each in TYPES if wanted is None or each[1] == wanted]
    return pa.Table.from_pylist(rows, schema=TYPE_INFO)


def _type_row(name: str, number: int, *rest: Any) -> dict[str, Any]:
    size, before, behind, parameters, radix = rest
    is_number = radix is not None
    return {
        "type_name": name,
        "data_type": number,
        "column_size": size,
        "literal_prefix": before,
        "literal_suffix": behind,
        "create_params": parameters,
        "nullable": NULLABLE,
        "case_sensitive": name == "VARCHAR",
        "searchable": FULL,
        "unsigned_attribute": False if is_number else None,
        "fixed_prec_scale": False,
        "auto_increment": False if is_number else None,
        "local_type_name": name,
        "minimum_scale": 0 if number == DECIMAL else None,
        "maximum_scale": MOST_SCALE if number == DECIMAL else None,
        "sql_data_type": DATETIME if number in SUBCODES else number,
        "datetime_subcode": SUBCODES.get(number),
        "num_prec_radix": radix,
    }
