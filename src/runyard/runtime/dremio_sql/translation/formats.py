# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Dremio's formats of moments and of numbers, in DuckDB's words."""

from __future__ import annotations

import re

from sqlglot import exp

from ..column_types import literal
from ..errors import unsupported

# The longest first. What Dremio pads and counts as strftime does; zones and two-digit years to read are refused.
ELEMENTS = {
    "YYYY": "%Y", "HH24": "%H", "HH12": "%I", "MONTH": "%B", "MON": "%b", "DDD": "%j", "DAY": "%A", "FFF": "%g",
    "MM": "%m", "DD": "%d", "DY": "%a", "HH": "%I", "MI": "%M", "SS": "%S", "WW": "%V", "YY": "%y",
    "AMPM": "%p", "AM": "%p", "PM": "%p", "D": "%u",
}  # fmt: skip
UNREADABLE = frozenset({"YY", "WW", "D", "DAY", "DY", "DDD"})  # elements that only write
TOKEN = re.compile(
    "|".join([r'"[^"]*"', *sorted(ELEMENTS, key=len, reverse=True), r"[^A-Za-z\"]+", "."]), re.IGNORECASE | re.DOTALL
)

NUMBER = re.compile(r"(?P<whole>#?[#,0]*)(?:\.(?P<zeros>0*)(?P<others>#*))?")
GROUPED = re.compile(r"[#0]*,[#0]{3}")


def moment_format(text: str, node: exp.Expression, *, reads: bool = False) -> str:
    """Return a format of moments as strftime spells it, as a literal."""
    pieces = []
    for token in TOKEN.findall(text):
        name = token.upper()
        if name in ELEMENTS and not (reads and name in UNREADABLE):
            pieces.append("%f" if reads and name == "FFF" else ELEMENTS[name])
        elif token[0] == '"' and len(token) > 1:
            pieces.append(token[1:-1].replace("%", "%%"))
        elif token[0].isalpha() or token[0] == '"':
            raise unsupported(f"The element {token!r} of the format {text!r} has no faithful translation", node)
        else:
            pieces.append(token.replace("%", "%%"))
    return literal("".join(pieces))


def number_text(value: str, scale: int, form: str, node: exp.Expression) -> str:
    """Return DuckDB's words for an exact number in a format like `#,###.00`."""
    found = NUMBER.fullmatch(form)
    whole = found["whole"] if found else ""
    if found is None or not whole or ("," in whole and not GROUPED.fullmatch(whole)) or re.search("0,?#", whole):
        raise unsupported(f"The format {form!r} of a number has no faithful translation", node)
    zeros, places = len(found["zeros"] or ""), len(found["zeros"] or "") + len(found["others"] or "")
    rounded = _half_even(value, scale, places)
    return NUMBER_WORDS.format(
        sign=f"CASE WHEN {rounded} < 0 THEN '-' ELSE '' END",
        whole=_whole(f"CAST(trunc(abs({rounded})) AS HUGEINT)", whole, places=places),
        fraction=_fraction(f"split_part(CAST(abs({rounded}) AS VARCHAR), '.', 2)", zeros, places),
        value=value,
    )


def _half_even(value: str, scale: int, places: int) -> str:
    """Return an exact number rounded half to even, as Java's formats do and DuckDB's round does not."""
    kind = f"DECIMAL(38,{places})"
    if scale <= places:
        return f"CAST({value} AS {kind})"
    base, unit = f"CAST(trunc({value}, {places}) AS {kind})", f"CAST('{10**-places:.{places}f}' AS {kind})"
    odd = f"CAST(trunc(abs({base}) * 1{'0' * places}) AS HUGEINT) % 2 = 1"
    twice = f"2 * abs({value} - {base})"
    step = f"CASE WHEN {value} < 0 THEN -{unit} ELSE {unit} END"
    up = f"({twice} > {unit} OR ({twice} = {unit} AND {odd}))"
    return f"(CASE WHEN {up} THEN CAST({base} + {step} AS {kind}) ELSE {base} END)"


NUMBER_WORDS = "CASE WHEN {value} IS NOT NULL THEN {sign} || {whole} || {fraction} END"


def _whole(value: str, form: str, *, places: int) -> str:
    digits = form.count("0")
    text = f"format('{{:,}}', {value})" if "," in form else f"CAST({value} AS VARCHAR)"
    if digits > 1:
        return f"lpad({text}, CAST(greatest({digits}, length({text})) AS INTEGER), '0')"
    # Without a 0 before the point, a whole part of nothing is not written.
    return text if digits or not places else f"CASE WHEN {value} = 0 THEN '' ELSE {text} END"


def _fraction(digits: str, zeros: int, places: int) -> str:
    if not places:
        return "''"
    if zeros == places:
        return f"'.' || {digits}"
    kept = f"rpad(rtrim({digits}, '0'), CAST(greatest({zeros}, length(rtrim({digits}, '0'))) AS INTEGER), '0')"
    return f"CASE WHEN {kept} = '' THEN '' ELSE '.' || {kept} END"
