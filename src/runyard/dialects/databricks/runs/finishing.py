"""Gives a task its last facts just before it starts: references replaced, secrets read, what its process is told."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from runyard.core import graph
from runyard.core.errors import Missing
from runyard.core.job import Workspace
from runyard.core.run import Attempt, Run
from runyard.dialects.databricks.jobs.libraries import with_requirements
from runyard.dialects.databricks.kept import FOLDER, Kept
from runyard.dialects.databricks.runs import references
from runyard.dialects.databricks.runs.scene import NOTHING, Scene, with_parameters
from runyard.engine.engine import Engine
from runyard.engine.finishing import Finishing

_AS_THEY_ARE = frozenset({"environment", "task", "message", "input", "source", "context"})
"""The members of a spec in which nothing is replaced: a nested task is finished when its own turn comes."""
WORKFLOW = "arazzo"
ROWS_FILE = "sql.json"
PLACE_FILE = "server.json"


def finish(finishing: Finishing) -> Mapping[str, Any]:
    """Return the spec of a task with everything that is known only now."""
    scene = scene_of(finishing)
    spec = {
        name: value if name in _AS_THEY_ARE else references.resolve(value, scene.look)
        for name, value in finishing.task.spec.items()
    }
    if not finishing.task.has_process:
        return spec
    if "requirements" in spec:
        spec = with_requirements(spec, partial(_text, finishing.engine))
    if finishing.task.kind == WORKFLOW:
        spec = {**spec, **_secret_inputs(finishing, spec)}
    return {**spec, "environment": _environment(finishing, spec), "context": _context(scene, spec)}


def scene_of(finishing: Finishing) -> Scene:
    """Return what the references of a task see; an iteration of a loop sees what its loop sees."""
    engine, run, attempts = finishing.engine, finishing.run, finishing.attempts
    known = finishing.task.spec.get("context", {})
    scene = Scene(
        run=run if run.is_listed else listed_run(engine, finishing.workspace, run),
        attempts=(),
        attempt=finishing.attempt,
        task_key=known.get("task_key", finishing.task.key),
        notebook_path=known.get("notebook_path"),
        given_input=finishing.task.spec.get("input", NOTHING),
        workspace_url=partial(_workspace_url, engine),
        rows=partial(_rows, engine),
    )
    seen = attempts() if run.is_listed else engine.attempts(scene.run)
    return with_parameters(Scene(**{**vars(scene), "attempts": seen}))


def listed_run(engine: Engine, workspace: Workspace, run: Run) -> Run:
    """Return the run that a part of a loop belongs to."""
    while not run.is_listed and run.parent_attempt_id is not None:
        run, _ = engine.attempt(workspace, run.parent_attempt_id)
    return run


def _context(scene: Scene, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a task's process is told of its run."""
    parameters = spec["parameters"] if isinstance(spec.get("parameters"), Mapping) else scene.job_parameters
    return {
        "parameters": dict(parameters),
        "task_values": _task_values(scene.attempts),
        "job_id": scene.run.job_id or scene.run.id,
        "job_name": scene.run.job_name,
        "run_id": scene.run.id,
        "task_run_id": scene.attempt.id,
        "task_key": scene.task_key,
        "attempt_number": scene.attempt.number,
        "workspace_id": scene.run.workspace_id,
        **({"workspace_path": spec["path"]} if "path" in spec else {}),
    }


def _task_values(attempts: Sequence[Attempt]) -> dict[str, Mapping[str, Any]]:
    """Return the values that the tasks so far have set, by task."""
    newest = graph.newest(attempts)
    return {key: each.output["values"] for key, each in newest.items() if each.output.get("values")}


def _environment(finishing: Finishing, spec: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: references.with_secrets(text, partial(_secret, finishing))
        for name, text in spec.get("environment", {}).items()
    }


def _secret_inputs(finishing: Finishing, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a workflow with their secrets, and which texts these are, so that nothing tells them."""
    found: list[str] = []

    def read(scope: str, key: str) -> str:
        found.append(_secret(finishing, scope, key))
        return found[-1]

    return {"inputs": references.with_secrets_within(spec.get("inputs", {}), read), "secrets": found}


def _secret(finishing: Finishing, scope: str, key: str) -> str:
    """Return a secret of the run's workspace."""
    document = Kept(finishing.engine.home.path / FOLDER / str(finishing.run.workspace_id) / "secrets.json")
    found = document.read().get(scope, {}).get("secrets", {}).get(key)
    if found is None:
        raise Missing(f"There is no secret {key!r} in scope {scope!r}; put it there and start the run again.")
    try:
        return b64decode(found["value"]).decode()
    except UnicodeDecodeError:  # not told further: it tells a byte of the secret
        raise Missing(f"The secret {key!r} in scope {scope!r} is not UTF-8, and no variable can hold it.") from None


def _text(engine: Engine, uri: str) -> str:
    try:
        return engine.mounts.resolve(uri).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise Missing(f"The requirements file {uri} does not exist; upload it and start the run again.") from error


def _workspace_url(engine: Engine) -> str:
    """Return where this server answers now."""
    url: str = msgspec.json.decode((engine.home.path / PLACE_FILE).read_bytes())["url"]
    return url


def _rows(engine: Engine, attempt: Attempt) -> list[dict[str, Any]] | None:
    """Return the rows of the last statement of a SQL task that gave any."""
    file = engine.attempt_folder(attempt.id) / ROWS_FILE
    statements = msgspec.json.decode(file.read_bytes())["statements"] if file.is_file() else []
    given = [one for one in statements if one.get("schema")]
    if not given:
        return None
    names = [column["name"] for column in given[-1]["schema"]]
    return [dict(zip(names, row, strict=False)) for row in given[-1]["rows"]]
