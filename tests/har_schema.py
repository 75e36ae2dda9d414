"""HAR 1.2 as a JSON Schema, written from its specification; what it does not name is not allowed."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
SIZE: Schema = {"type": "integer", "minimum": -1}
TIME: Schema = {"type": "number", "minimum": -1}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)$"}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional, "comment": TEXT},
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


PAIR = _object({"name": TEXT, "value": TEXT})
COOKIE = _object({"name": TEXT, "value": TEXT}, path=TEXT, domain=TEXT, expires=MOMENT, httpOnly={"type": "boolean"})
POSTED: Schema = {
    **_object({"mimeType": TEXT}, params=_list(_object({"name": TEXT}, value=TEXT)), text=TEXT),
    "oneOf": [{"required": ["params"]}, {"required": ["text"]}],
}
MESSAGE = {
    "httpVersion": TEXT,
    "cookies": _list(COOKIE),
    "headers": _list(PAIR),
    "headersSize": SIZE,
    "bodySize": SIZE,
}
REQUEST = _object(
    {"method": TEXT, "url": {"type": "string", "format": "uri"}, "queryString": _list(PAIR), **MESSAGE}, postData=POSTED
)
CONTENT = _object({"size": SIZE, "mimeType": TEXT}, text=TEXT, encoding={"const": "base64"}, compression=SIZE)
RESPONSE = _object(
    {"status": {"type": "integer"}, "statusText": TEXT, "content": CONTENT, "redirectURL": TEXT, **MESSAGE}
)
TIMINGS = _object({"send": TIME, "wait": TIME, "receive": TIME}, blocked=TIME, dns=TIME, connect=TIME, ssl=TIME)
ENTRY = _object(
    {
        "startedDateTime": MOMENT,
        "time": {"type": "number", "minimum": 0},
        "request": REQUEST,
        "response": RESPONSE,
        "cache": {"type": "object", "maxProperties": 0},
        "timings": TIMINGS,
    }
)
HAR: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["log"],
    "properties": {
        "log": _object(
            {"version": {"const": "1.2"}, "creator": _object({"name": TEXT, "version": TEXT}), "entries": _list(ENTRY)},
            pages=_list({"type": "object"}),
        )
    },
    "additionalProperties": False,
}
