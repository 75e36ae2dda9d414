"""The inputs of a workflow as people type them: by their JSON Schema type, from files, and from the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from runyard.arazzo.running.inputs import Schema

OPTION = "-i/--input"
FROM_VARIABLE = "env:"
YAML = frozenset({".yml", ".yaml", ".json"})


def given_inputs(pairs: Sequence[tuple[str, str]], file: str | None, schema: Schema) -> dict[str, Any]:
    """Return the inputs of a file, and over them those that were typed one by one."""
    inputs = _whole(file) if file else {}
    for name, text in pairs:
        inputs[name] = _value(name, text, schema)
    return inputs


def unknown_inputs(inputs: Mapping[str, Any], schema: Schema) -> list[str]:
    """Say which inputs the workflow does not declare; they are of use only where an API asks for credentials."""
    known = schema.properties
    return [
        f"The workflow declares no input {name!r}; it declares {', '.join(known) or 'none'}."
        for name in inputs
        if name not in known
    ]


def _whole(named: str) -> dict[str, Any]:
    from runyard.arazzo.documents.reading import Unreadable, read  # noqa: PLC0415 - see main.py

    text = sys.stdin.read() if named == "-" else _text(named, "--inputs")
    try:
        data = read(text)
    except Unreadable as error:
        raise click.BadParameter(f"{named}: {error}", param_hint="--inputs") from error
    if not isinstance(data, dict):
        raise click.BadParameter(f"{named} holds no object of names and values.", param_hint="--inputs")
    return data


def _value(name: str, text: str, schema: Schema) -> Any:
    """Read a value: @FILE and @env:VARIABLE stand for what they hold, @@ for an @ of its own."""
    if not text.startswith("@") or text.startswith("@@"):
        return schema.from_text(name, text.removeprefix("@") if text.startswith("@@") else text)
    place = text.removeprefix("@")
    if place.startswith(FROM_VARIABLE):
        return schema.from_text(name, _variable(name, place.removeprefix(FROM_VARIABLE)))
    held = _text(place, f"{OPTION} {name}")
    value = schema.from_text(name, held)
    if value == held and not schema.takes_text(name) and Path(place).suffix in YAML:
        return _parsed(place, held)
    return value


def _parsed(place: str, text: str) -> Any:
    from runyard.arazzo.documents.reading import Unreadable, read  # noqa: PLC0415 - see main.py

    try:
        return read(text)
    except Unreadable as error:
        raise click.BadParameter(f"{place}: {error}", param_hint=OPTION) from error


def _variable(name: str, variable: str) -> str:
    if variable not in os.environ:
        raise click.BadParameter(f"the variable {variable} is not set.", param_hint=f"{OPTION} {name}")
    return os.environ[variable]


def _text(named: str, hint: str) -> str:
    try:
        return Path(named).expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.BadParameter(f"cannot read {named!r}: {error.strerror}.", param_hint=hint) from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{named!r} is no text in UTF-8 ({error.reason}).", param_hint=hint) from error
