"""From a submitted script to the one task that runs it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.job import Task
from runyard.dialects.native.parameters import Script, Submit
from runyard.engine.requests import Request

LANGUAGE = "native"
DEFAULT_NAME = "script.py"


def submission(asked: Submit) -> Request:
    """Return the run of a submitted script."""
    _check(asked.script)
    file = _file_name(asked.script)
    task = Task(
        key="main",
        kind="python_script",
        spec=_spec(asked, file),
        max_retries=asked.max_retries,
        timeout_ms=None if asked.timeout_s is None else max(int(asked.timeout_s * 1000), 1),
    )
    key = asked.idempotency_key
    return Request(
        language=LANGUAGE,
        job_name=asked.name or file,
        tasks=[task],
        settings=_settings(asked, file),
        idempotency_key=f"{LANGUAGE}/{key}" if key else None,  # other languages have keys of their own
    )


def _check(script: Script) -> None:
    if (script.source is None) == (script.uri is None):
        raise InvalidRequest("Parameter script: give either its source (with a name) or its uri.")


def _file_name(script: Script) -> str:
    name = PurePosixPath(script.name or script.uri or DEFAULT_NAME).name
    return name or DEFAULT_NAME


def _spec(asked: Submit, file: str) -> dict[str, Any]:
    script = {"script": asked.script.uri} if asked.script.source is None else {"source": asked.script.source}
    return {
        **script,
        "name": file,
        "arguments": asked.arguments,
        "packages": asked.packages,
        "environment": asked.environment,
    }


def _settings(asked: Submit, file: str) -> dict[str, Any]:
    """Return what was asked, but for the text of the script (the task has it) and the environment (secrets)."""
    words = {
        "script": asked.script.uri or file,
        "arguments": asked.arguments,
        "timeout_s": asked.timeout_s,
        "max_retries": asked.max_retries,
        "packages": asked.packages,
    }
    return {name: value for name, value in words.items() if value not in (None, [])}
