# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Functions of texts, binaries, lists and maps."""

from __future__ import annotations

from ..column_types import BOOLEAN, INTEGER, VARBINARY, VARCHAR, list_of
from ..errors import REFUSED
from .functions import Function, row, same

TEXTS_LIST = list_of(VARCHAR)
FIRST_UPPER = (
    "CASE WHEN {0} IS NOT NULL THEN list_reduce(list_prepend('', list_transform(regexp_extract_all(lower({0}), "
    "'[\\p{L}\\p{N}]+|[^\\p{L}\\p{N}]+'), lambda word: upper(word[1]) || word[2:])), "
    "lambda said, word: said || word) END"
)
# Position 0 is the first letter, and what begins before it is empty.
FROM = "CASE WHEN {1} = 0 THEN 1 ELSE {1} END"
REST = f"CASE WHEN {{1}} < -length({{0}}) THEN '' ELSE substring({{0}}, {FROM}) END"
SOME = (
    "CASE WHEN {0} IS NULL OR {1} IS NULL OR {2} IS NULL THEN NULL WHEN {2} <= 0 OR {1} < -length({0}) THEN '' "
    f"ELSE substring({{0}}, {FROM}, {{2}}) END"
)
PART = (
    "CASE WHEN {2} < 1 THEN error('Index in split_part must be positive, value provided was ' || {2}) "
    "WHEN {1} = '' AND {2} = 1 THEN {0} WHEN {1} = '' THEN error('"
    + REFUSED
    + "SPLIT_PART without a delimiter') ELSE split_part({0}, {1}, {2}) END"
)
REPEATED = "CASE WHEN {1} < 0 THEN error('Repeat number can''t be negative: ' || {1}) ELSE repeat({0}, {1}) END"
CODE = (
    "CASE WHEN ascii({0}) < 128 THEN CAST(ascii({0}) AS INTEGER) WHEN {0} IS NOT NULL THEN "
    f"error('{REFUSED}ASCII of a letter that is none: ' || {{0}}) END"
)
# No character has a code beyond these.
CHARACTER = (
    "CASE WHEN {0} BETWEEN 0 AND 55295 OR {0} BETWEEN 57344 AND 1114111 THEN chr(CAST({0} AS INTEGER)) "
    "WHEN {0} IS NOT NULL THEN '' END"
)
BACKWARDS = "array_to_string(list_reverse(string_split({0}, '')), '')"  # DuckDB's own keeps letters of several together
# Dremio counts bytes, DuckDB letters.
DISTANCE = (
    "CASE WHEN octet_length(encode({0} || {1})) = length({0} || {1}) THEN CAST(levenshtein({0}, {1}) AS INTEGER) "
    f"WHEN {{0}} || {{1}} IS NOT NULL THEN error('{REFUSED}LEVENSHTEIN of letters beyond ASCII') END"
)
# NULL is one of the elements, and equal to none.
CONTAINED = (
    "CASE WHEN list_contains({0}, {1}) THEN true WHEN len({0}) = list_count({0}) AND {1} IS NOT NULL THEN false END"
)
DIFFERENT = (
    "CASE WHEN len({0}) > list_count({0}) THEN list_append(list_distinct({0}), NULL) ELSE list_distinct({0}) END"
)
JOINED = (
    "CASE WHEN {1} IS NOT NULL THEN "
    "array_to_string(list_transform({0}, lambda word: coalesce(CAST(word AS VARCHAR), '')), {1}) END"
)


def _position(inner: int, outer: int) -> str:
    """Return where one text begins in another: an empty one nowhere."""
    found = f"CAST(strpos({{{outer}}}, {{{inner}}}) AS INTEGER)"
    return f"CASE WHEN {{{inner}}} = '' AND {{{outer}}} IS NOT NULL THEN 0 ELSE {found} END"


def _padded(function: str) -> list[Function]:
    """Return the ways to fill a text up, which no letters fill."""
    length = "CAST({1} AS INTEGER)"
    cut = f"left({{0}}, CASE WHEN {{1}} < 0 THEN 0 ELSE {length} END)"
    return [
        row("text whole", VARCHAR, f"{function}({{0}}, {length}, ' ')"),
        row("text whole text", VARCHAR, f"CASE WHEN {{2}} = '' THEN {cut} ELSE {function}({{0}}, {length}, {{2}}) END"),
    ]


def _binary_or_text(words: str) -> list[Function]:
    return [row("text", INTEGER, f"CAST({words} AS INTEGER)")]


TEXTS: dict[str, list[Function]] = {
    "UPPER": [row("text", VARCHAR, "upper({0})")],
    "UCASE": [row("text", VARCHAR, "upper({0})")],
    "LOWER": [row("text", VARCHAR, "lower({0})")],
    "LCASE": [row("text", VARCHAR, "lower({0})")],
    "INITCAP": [row("text", VARCHAR, FIRST_UPPER)],
    "REVERSE": [row("text", VARCHAR, BACKWARDS)],
    "LENGTH": _binary_or_text("length({0})"),
    "CHAR_LENGTH": _binary_or_text("length({0})"),
    "CHARACTER_LENGTH": _binary_or_text("length({0})"),
    "OCTET_LENGTH": [
        *_binary_or_text("octet_length(encode({0}))"),
        row("binary", INTEGER, "CAST(octet_length({0}) AS INTEGER)"),
    ],
    "BIT_LENGTH": _binary_or_text("8 * octet_length(encode({0}))"),
    "TRIM": [row("text", VARCHAR, "trim({0}, ' ')"), row("text text", VARCHAR, "trim({0}, {1})")],
    "BTRIM": [row("text", VARCHAR, "trim({0}, ' ')"), row("text text", VARCHAR, "trim({0}, {1})")],
    "LTRIM": [row("text", VARCHAR, "ltrim({0}, ' ')"), row("text text", VARCHAR, "ltrim({0}, {1})")],
    "RTRIM": [row("text", VARCHAR, "rtrim({0}, ' ')"), row("text text", VARCHAR, "rtrim({0}, {1})")],
    "SUBSTRING": [row("text whole", VARCHAR, REST), row("text whole whole", VARCHAR, SOME)],
    "LEFT": [row("text whole", VARCHAR, "left({0}, {1})")],
    "RIGHT": [row("text whole", VARCHAR, "right({0}, {1})")],
    "REPLACE": [row("text text text", VARCHAR, "CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END")],
    "REPEAT": [row("text whole", VARCHAR, REPEATED)],
    "SPACE": [row("whole", VARCHAR, REPEATED.replace("{1}", "{0}").replace("repeat({0}", "repeat(' '"))],
    "CONCAT": [row("text*", VARCHAR, "concat({*})")],
    "CONCAT_WS": [row("text text*", VARCHAR, "concat_ws({*})")],
    "POSITION": [row("text text", INTEGER, _position(0, 1))],
    "STRPOS": [row("text text", INTEGER, _position(1, 0))],
    "INSTR": [row("text text", INTEGER, "CAST(strpos({0}, {1}) AS INTEGER)")],
    "LOCATE": [row("text text", INTEGER, _position(0, 1))],
    "LPAD": _padded("lpad"),
    "RPAD": _padded("rpad"),
    "SPLIT_PART": [row("text text whole", VARCHAR, PART, literals=(2,))],
    "TRANSLATE": [row("text text text", VARCHAR, "translate({0}, {1}, {2})")],
    "ASCII": [row("text", INTEGER, CODE)],
    "CHR": [row("whole", VARCHAR, CHARACTER)],
    "STARTS_WITH": [row("text text", BOOLEAN, "starts_with({0}, {1})")],
    "ENDS_WITH": [row("text text", BOOLEAN, "ends_with({0}, {1})")],
    "CONTAINS_SUBSTR": [row("text text", BOOLEAN, "contains({0}, {1})")],
    "LEVENSHTEIN": [row("text text", INTEGER, DISTANCE)],
    "BASE64": [row("binary", VARCHAR, "to_base64({0})")],
    "UNBASE64": [row("text", VARBINARY, "from_base64({0})")],
}  # fmt: skip
NESTED: dict[str, list[Function]] = {
    "ARRAY_CONTAINS": [row("list element", BOOLEAN, CONTAINED)],
    "CARDINALITY": [
        row("list", INTEGER, "CAST(len({0}) AS INTEGER)"),
        row("map", INTEGER, "CAST(cardinality({0}) AS INTEGER)"),
    ],
    "ARRAY_SIZE": [row("list", INTEGER, "CAST(len({0}) AS INTEGER)")],
    "ARRAY_LENGTH": [row("list", INTEGER, "CAST(len({0}) AS INTEGER)")],
    "SIZE": [
        row("list", INTEGER, "CAST(len({0}) AS INTEGER)"),
        row("map", INTEGER, "CAST(cardinality({0}) AS INTEGER)"),
    ],
    "ARRAY_DISTINCT": [row("list", same, DIFFERENT)],
    "ARRAY_CONCAT": [
        row(
            "list list",
            same,
            "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN list_concat({0}, {1}) END",
            alike=True,
        )
    ],
    "ARRAY_APPEND": [row("list element", same, "CASE WHEN {0} IS NOT NULL THEN list_append({0}, {1}) END")],
    "ARRAY_TO_STRING": [row("words text", VARCHAR, JOINED)],
    "MAP_KEYS": [row("map", lambda given: list_of(given[0].type.fields[0][1]), "map_keys({0})")],
    "MAP_VALUES": [row("map", lambda given: list_of(given[0].type.element), "map_values({0})")],
}
