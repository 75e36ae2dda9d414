"""The texts of `runyard sql -i FILE`: their blocks of values, and the template that they fill."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from runyard.sql.errors import INVALID_TEXT, NOT_SUPPORTED, SqlError
from runyard.sql.grammar.text import refused
from runyard.sql.templating.reading import read
from runyard.sql.templating.writing import Writer

BLOCK = re.compile(r"<<<\s*(?P<kind>\w*)[ \t]*\n?(?P<body>.*?)>>>", re.DOTALL)
KINDS = ("json", "jsonnet")
NO_JSONNET = "jsonnet is evaluated by a package of its own: pip install 'runyard[jsonnet]'."


def filled(text: str, *, variables: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """Return a text with its values put in; blocks of the text go before --data, and --var before both."""
    values: dict[str, Any] = dict(data)
    for block in BLOCK.finditer(text):
        values.update(_block(text, block, variables))
    values.update(variables)
    # A block is blanked, so that places in the text stay what they are.
    plain = BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block.group()), text)
    return Writer(plain, values, variables).write(read(plain))


def read_data(path: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a file of JSON or jsonnet; there `std.extVar` is what --var gives."""
    kind = "jsonnet" if path.suffix in {".jsonnet", ".libsonnet"} else "json"
    try:
        return _members(_evaluated(kind, path.read_text(), variables))
    except OSError as error:
        raise SqlError(INVALID_TEXT, f"--data {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise SqlError(INVALID_TEXT, f"--data {path}: {error}.") from error


def _block(text: str, block: re.Match[str], variables: Mapping[str, str]) -> dict[str, Any]:
    kind = block["kind"].lower() or "json"
    if kind not in KINDS:
        raise refused(text, block.start(), f"A block is of {' or '.join(KINDS)}, not of {kind}", code=NOT_SUPPORTED)
    try:
        return _members(_evaluated(kind, block["body"], variables))
    except json.JSONDecodeError as error:
        place = block.start("body") + error.pos
        raise refused(text, place, f"This is no JSON: {error.msg}", code=INVALID_TEXT) from error
    except (ValueError, RecursionError) as error:
        raise refused(text, block.start(), f"This block is refused: {error}", code=INVALID_TEXT) from error


def _evaluated(kind: str, body: str, variables: Mapping[str, str]) -> Any:
    if kind == "json":
        return json.loads(body)
    try:
        evaluate = import_module("_jsonnet").evaluate_snippet
    except ImportError as error:
        raise SqlError(NOT_SUPPORTED, NO_JSONNET) from error
    try:
        return json.loads(evaluate("values", body, ext_vars=dict(variables)))
    except RuntimeError as error:
        raise ValueError(str(error).strip().replace("\n", "; ").rstrip(".")) from error


def _members(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError("values have names, so that an object is expected")  # noqa: TRY004 - of the document, not of the code
    return found
