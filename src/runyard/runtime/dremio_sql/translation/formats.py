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
    "AM": "%p", "PM": "%p", "D": "",
}  # fmt: skip
WEEKDAY = "D"  # from 1 for Sunday, which strftime does not count so
# What an element reads: digits, so many at most; right before others exactly so many.
DIGITS = {"YYYY": 4, "MM": 2, "DD": 2, "HH24": 2, "HH12": 2, "HH": 2, "MI": 2, "SS": 2, "FFF": 3}
WORDS = {"MONTH": "[A-Za-z]+", "MON": "[A-Za-z]{3}", "AM": "[AaPp][Mm]", "PM": "[AaPp][Mm]"}
BEFORE_NOON = "(0?[1-9]|1[01])"  # of twelve hours without AM or PM; 12 would be midnight for Dremio
PASSED = "*-/,.;: "  # what stands for itself; other signs must be between quotation marks
TOKEN = re.compile(
    "|".join(['"[^"]*"', *sorted(ELEMENTS, key=len, reverse=True), "."]), re.IGNORECASE | re.DOTALL
)  # fmt: skip

NUMBER = re.compile(r"(?P<whole>#?[#,0]*)(?:\.(?P<zeros>0*)(?P<others>#*))?")
GROUPED = re.compile(r"[#0]*,[#0]{3}")


def moment_text(value: str, text: str, node: exp.Expression) -> str:
    """Return DuckDB's words for a moment written in a format."""
    pieces = [""]
    for element in _elements(text, node):
        if element == WEEKDAY:
            pieces.append("")
        else:
            pieces[-1] += ELEMENTS.get(element) or _itself(element)
    written = [f"strftime({value}, {literal(form)})" if form else "''" for form in pieces]
    return f" || CAST(dayofweek({value}) + 1 AS VARCHAR) || ".join(written)


def moment_read(value: str, text: str, node: exp.Expression, *, kind: str, lenient: bool) -> str:
    """Return DuckDB's words for a text read as a moment; what the format does not say exactly is an error, or NULL."""
    elements = _elements(text, node)
    names = set(elements) & set(ELEMENTS)
    if names - {*DIGITS, *WORDS} or (kind != "TIME" and not _is_dated(names)):
        raise unsupported(f"A text in the format {text!r} cannot be read faithfully as a {kind}", node)
    half = bool(names & {"AM", "PM"})
    shape = "".join(
        _shape(element, elements[place + 1 : place + 2], half=half) for place, element in enumerate(elements)
    )
    form = "".join(_reading(element) for element in elements)
    wrong = "NULL" if lenient else f"CASE WHEN {value} IS NOT NULL THEN error({NO_MOMENT} || {value}) END"
    function = "try_strptime" if lenient else "strptime"
    return (
        f"CASE WHEN regexp_full_match({value}, {literal(shape)}) THEN {function}({value}, {literal(form)}) "
        f"ELSE {wrong} END"
    )


NO_MOMENT = "'Input text cannot be formatted to date: '"


def _elements(text: str, node: exp.Expression) -> list[str]:
    """Return the elements of a format in capitals, and what stands for itself."""
    found = [element if element[0] == '"' else element.upper() for element in TOKEN.findall(text)]
    for element in found:
        quoted = element[0] == '"' and len(element) > 2 and "'" not in element  # noqa: PLR2004 two marks with nothing between
        if element not in ELEMENTS and element not in PASSED and not quoted:
            raise unsupported(f"The element {element!r} of the format {text!r} has no faithful translation", node)
    return found


def _itself(element: str) -> str:
    return (element[1:-1] if element[0] == '"' else element).replace("%", "%%")


def _is_dated(names: set[str]) -> bool:
    return "YYYY" in names and ("DD" not in names or bool(names & {"MM", "MON", "MONTH"}))


def _shape(element: str, following: list[str], *, half: bool) -> str:
    """Return the regular expression of what an element reads."""
    if element in {"HH", "HH12"} and not half:
        return BEFORE_NOON if not set(following) & set(DIGITS) else "(0[1-9]|1[01])"
    if element in DIGITS:
        most = DIGITS[element]
        exactly = element == "YYYY" or bool(set(following) & set(DIGITS))
        return f"[0-9]{{{most}}}" if exactly else f"[0-9]{{1,{most}}}"
    return WORDS.get(element) or re.escape(_itself(element).replace("%%", "%"))


def _reading(element: str) -> str:
    return "%f" if element == "FFF" else ELEMENTS.get(element) or _itself(element)


def number_text(value: str, scale: int, form: str, node: exp.Expression) -> str:
    """Return DuckDB's words for an exact number in a format like `#,###.00`."""
    found = NUMBER.fullmatch(form)
    whole = found["whole"] if found else ""
    if found is None or not whole or ("," in whole and not GROUPED.fullmatch(whole)) or re.search("0,?#", whole):
        raise unsupported(f"The format {form!r} of a number has no faithful translation", node)
    zeros, places = len(found["zeros"] or ""), len(found["zeros"] or "") + len(found["others"] or "")
    rounded = _half_even(value, scale, places)
    return NUMBER_WORDS.format(
        sign=f"CASE WHEN {value} < 0 THEN '-' ELSE '' END",  # Java writes -0.00 too
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
