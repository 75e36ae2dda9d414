"""What every kind of task with a process of its own has in its order: packages, modules, environment, limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import runyard
from runyard.core.errors import Missing
from runyard.executors import spark_engine, spark_extra
from runyard.executors.context import told
from runyard.executors.launcher.order import Order
from runyard.executors.launcher.packages import parted
from runyard.executors.mounts import SAME, Mounts
from runyard.executors.work import Place, Work

RUNTIME = Path(runyard.__file__).parent / "runtime"  # what a script finds beside its own packages


def process_order(
    work: Work, place: Place, *, script: Path, preloaded: bool, argv: Sequence[str] = (), **context: Any
) -> Order:
    """Return the order for a script that runs as a spec says; `context` is told to it beside the spec's own.

    The spec may hold `files` (copied into its folder), `python_files` (.py, .zip, .egg, .whl), `packages`,
    `package_options` (for pip) and `context` (see context.py).
    """
    spec = work.spec
    modules = [existing(place.mounts, uri, "module") for uri in spec.get("python_files", ())]
    wheels = [str(path) for path in modules if path.suffix == ".whl"]
    engine = spark_engine.engine_of(spec, place)
    if engine is not spark_engine.ON_SAIL and ("context" in spec or context):
        context["spark_engine"] = spark_engine.told(engine, spec, place)
    context_text, environment = told(work, place, **context)
    return Order(
        attempt_id=work.attempt.id,
        folder=str(place.attempt_folder(work.attempt.id)),
        script=str(script),
        preloaded=preloaded,
        argv=list(argv),
        environment=environment,
        context=context_text,
        timeout_ms=work.timeout_ms,
        grace_ms=place.grace_ms,
        python_path=[str(RUNTIME), *spark_engine.python_path(engine, place), *_importable(modules)],
        begin=[spark_extra.BEGIN] if engine is not spark_engine.ON_SAIL or spark_extra.is_installed() else [],
        files=[str(existing(place.mounts, uri, "file")) for uri in spec.get("files", ())],
        packages=[*wheels, *(requirement(place.mounts, one) for one in spec.get("packages", ()))],
        package_options=list(spec.get("package_options", ())),
        environments=str(place.environments),
        limits=dict(place.limits),
    )


def existing(mounts: Mounts, uri: str, what: str) -> Path:
    """Return the file that a URI names here; refuse one that is not there."""
    path = mounts.resolve(uri)
    if not path.is_file():
        raise Missing(f"The {what} {uri} does not exist: there is no file {path}. Upload it and start the run again.")
    return path


def requirement(mounts: Mounts, text: str) -> str:
    """Return a pip requirement; wheels are named by URI in the clouds and by path here."""
    is_place = text.startswith(("/", "file:", *SAME, *mounts.folders))
    if not is_place:
        return text
    uri, extras = parted(text)
    return f"{existing(mounts, uri, 'wheel')}{extras}"


def _importable(modules: Iterable[Path]) -> list[str]:
    """Return what goes on sys.path: archives themselves, and the folders of plain modules."""
    places = [path.parent if path.suffix == ".py" else path for path in modules if path.suffix != ".whl"]
    return [str(place) for place in dict.fromkeys(places)]
