# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Functions of texts, binaries, lists and maps."""

from __future__ import annotations

from ..column_types import BOOLEAN, INTEGER, VARBINARY, VARCHAR, list_of
from ..errors import REFUSED
from .functions import Function, row, same

TEXTS_LIST = list_of(VARCHAR)
FIRST_UPPER = (
    "list_reduce(list_prepend('', list_transform(regexp_extract_all(lower({0}), "
    "'[\\p{L}\\p{N}]+|[^\\p{L}\\p{N}]+'), lambda word: upper(word[1]) || word[2:])), lambda said, word: said || word)"
)
# DuckDB gives '' where nothing matches.
EXTRACTED = "CASE WHEN regexp_matches({0}, {1}) THEN regexp_extract({0}, {1}, {2}) END"
# A position that is 0 or before the first letter is another thing in each engine.
COUNTED = "CASE WHEN {1} > 0 OR ({1} < 0 AND -({1}) <= length({0})) THEN"
UNCOUNTED = (
    "WHEN {1} IS NOT NULL AND {0} IS NOT NULL THEN error('"
    + REFUSED
    + "the position of SUBSTRING lies before the text') END"
)
PART = (
    "CASE WHEN {2} > 0 THEN split_part({0}, {1}, {2}) ELSE "
    "error('Index in split_part must be positive, value provided was ' || {2}) END"
)
POSITION = "CAST(strpos({0}, {1}) AS INTEGER)"


def _binary_or_text(words: str) -> list[Function]:
    return [row("text", INTEGER, f"CAST({words} AS INTEGER)")]


TEXTS: dict[str, list[Function]] = {
    "UPPER": [row("text", VARCHAR, "upper({0})")],
    "UCASE": [row("text", VARCHAR, "upper({0})")],
    "LOWER": [row("text", VARCHAR, "lower({0})")],
    "LCASE": [row("text", VARCHAR, "lower({0})")],
    "INITCAP": [row("text", VARCHAR, FIRST_UPPER)],
    "REVERSE": [row("text", VARCHAR, "reverse({0})")],
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
    "SUBSTRING": [
        row("text whole", VARCHAR, f"{COUNTED} substring({{0}}, {{1}}) {UNCOUNTED}"),
        row("text whole whole", VARCHAR, f"{COUNTED} substring({{0}}, {{1}}, greatest({{2}}, 0)) {UNCOUNTED}"),
    ],
    "LEFT": [row("text whole", VARCHAR, "left({0}, {1})")],
    "RIGHT": [row("text whole", VARCHAR, "right({0}, {1})")],
    "REPLACE": [row("text text text", VARCHAR, "CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END")],
    "REPEAT": [row("text whole", VARCHAR, "repeat({0}, {1})")],
    "SPACE": [row("whole", VARCHAR, "repeat(' ', {0})")],
    "CONCAT": [row("text*", VARCHAR, "concat({*})")],
    "CONCAT_WS": [row("text text*", VARCHAR, "concat_ws({*})")],
    "POSITION": [row("text text", INTEGER, "CAST(strpos({1}, {0}) AS INTEGER)")],
    "STRPOS": [row("text text", INTEGER, POSITION)],
    "INSTR": [row("text text", INTEGER, POSITION)],
    "LOCATE": [row("text text", INTEGER, "CAST(strpos({1}, {0}) AS INTEGER)")],
    "LPAD": [row("text whole", VARCHAR, "lpad({0}, CAST({1} AS INTEGER), ' ')"),
             row("text whole text", VARCHAR, "lpad({0}, CAST({1} AS INTEGER), {2})")],
    "RPAD": [row("text whole", VARCHAR, "rpad({0}, CAST({1} AS INTEGER), ' ')"),
             row("text whole text", VARCHAR, "rpad({0}, CAST({1} AS INTEGER), {2})")],
    "SPLIT_PART": [row("text text whole", VARCHAR, PART, literals=(2,))],
    "TRANSLATE": [row("text text text", VARCHAR, "translate({0}, {1}, {2})")],
    "ASCII": [row("text", INTEGER, "CAST(ascii({0}) AS INTEGER)")],
    "CHR": [row("whole", VARCHAR, "chr(CAST({0} AS INTEGER))")],
    "STARTS_WITH": [row("text text", BOOLEAN, "starts_with({0}, {1})")],
    "ENDS_WITH": [row("text text", BOOLEAN, "ends_with({0}, {1})")],
    "CONTAINS_SUBSTR": [row("text text", BOOLEAN, "contains({0}, {1})")],
    "LIKE": [row("text text", BOOLEAN, "({0} LIKE {1})")],
    "ILIKE": [
        row("text text", BOOLEAN, "({0} ILIKE {1})"),
        row("text text text", BOOLEAN, "({0} ILIKE {1} ESCAPE {2})"),
    ],
    "REGEXP_EXTRACT": [
        row("text text", VARCHAR, EXTRACTED.replace("{2}", "0"), literals=(1,)),
        row("text text whole", VARCHAR, EXTRACTED, literals=(1, 2)),
    ],
    "REGEXP_LIKE": [row("text text", BOOLEAN, "regexp_full_match({0}, {1})", literals=(1,))],
    "REGEXP_MATCHES": [row("text text", BOOLEAN, "regexp_full_match({0}, {1})", literals=(1,))],
    "REGEXP_REPLACE": [row("text text text", VARCHAR, "regexp_replace({0}, {1}, {2}, 'g')", literals=(1, 2))],
    "LEVENSHTEIN": [row("text text", INTEGER, "CAST(levenshtein({0}, {1}) AS INTEGER)")],
    "BASE64": [row("binary", VARCHAR, "to_base64({0})")],
    "UNBASE64": [row("text", VARBINARY, "from_base64({0})")],
}  # fmt: skip
NESTED: dict[str, list[Function]] = {
    "ARRAY_CONTAINS": [row("list flat", BOOLEAN, "list_contains({0}, {1})")],
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
    "ARRAY_DISTINCT": [row("list", same, "list_distinct({0})")],
    "ARRAY_CONCAT": [row("list list", same, "list_concat({0}, {1})", alike=True)],
    "ARRAY_APPEND": [row("list flat", same, "list_append({0}, {1})")],
    "ARRAY_TO_STRING": [row("list text", VARCHAR, "array_to_string({0}, {1})")],
    "MAP_KEYS": [row("map", lambda given: list_of(given[0].type.fields[0][1]), "map_keys({0})")],
    "MAP_VALUES": [row("map", lambda given: list_of(given[0].type.element), "map_values({0})")],
}
