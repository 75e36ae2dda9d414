"""Whether a comparison of two texts holds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from runyard.core.errors import InvalidRequest

AS_TEXTS: Mapping[str, Callable[[str, str], bool]] = {"==": operator.eq, "!=": operator.ne}
AS_NUMBERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def holds(left: str, op: str, right: str) -> bool:
    """Compare texts as they are (`12.0` is not `12`) for equality, and as numbers for order."""
    if op in AS_TEXTS:
        return AS_TEXTS[op](left, right)
    if op not in AS_NUMBERS:
        raise InvalidRequest(f"{op!r} is no comparison; known are {', '.join([*AS_TEXTS, *AS_NUMBERS])}.")
    return AS_NUMBERS[op](_number(left), _number(right))


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise InvalidRequest(f"{text!r} is not a number; only == and != compare texts.") from error
    if number.is_nan():
        raise InvalidRequest(f"{text!r} is not a number that has an order.")
    return number
