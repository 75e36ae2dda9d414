"""Runs a Python script in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import runyard
from runyard.core.errors import InvalidRequest
from runyard.executors.imports import uses_more_than_the_standard_library
from runyard.executors.launcher.order import Order
from runyard.executors.mounts import Mounts
from runyard.executors.work import Place, Work

RUNTIME = Path(runyard.__file__).parent / "runtime"  # what a script finds beside its own packages: awsglue


def order(work: Work, place: Place) -> Order:
    """Return the order for a script.

    The spec holds `script` (URI or path) or `source` (its text, with `name`), `arguments` (argv), and optionally
    `files` (copied into its folder), `python_files` (.py, .zip, .egg, .whl), `packages`, `package_options` (for pip).
    """
    spec = work.spec
    folder = place.attempt_folder(work.attempt.id)
    modules = [place.mounts.resolve(uri) for uri in spec.get("python_files", ())]
    script = _script(work, place, folder)
    wheels = [str(path) for path in modules if path.suffix == ".whl"]
    return Order(
        attempt_id=work.attempt.id,
        folder=str(folder),
        script=str(script),
        preloaded=uses_more_than_the_standard_library(script.read_bytes()),
        argv=list(spec.get("arguments", ())),
        environment=dict(work.environment),
        timeout_ms=work.timeout_ms,
        grace_ms=place.grace_ms,
        python_path=[str(RUNTIME), *_importable(modules)],
        files=[str(_existing(place.mounts, uri, "file")) for uri in spec.get("files", ())],
        packages=[*wheels, *(_requirement(place.mounts, one) for one in spec.get("packages", ()))],
        package_options=list(spec.get("package_options", ())),
        environments=str(place.environments),
        limits=dict(place.limits),
    )


def _script(work: Work, place: Place, folder: Path) -> Path:
    if "source" not in work.spec:
        return _existing(place.mounts, work.spec["script"], "script")
    file = folder / "submitted" / Path(work.spec.get("name", "script.py")).name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(work.spec["source"], encoding="utf-8")
    return file


def _existing(mounts: Mounts, uri: str, what: str) -> Path:
    path = mounts.resolve(uri)
    if not path.is_file():
        raise InvalidRequest(
            f"The {what} {uri} does not exist: there is no file {path}. Upload it and start the run again."
        )
    return path


def _importable(modules: Iterable[Path]) -> list[str]:
    """Return what goes on sys.path: archives themselves, and the folders of plain modules."""
    places = [path.parent if path.suffix == ".py" else path for path in modules if path.suffix != ".whl"]
    return [str(place) for place in dict.fromkeys(places)]


def _requirement(mounts: Mounts, text: str) -> str:
    """Return a pip requirement; wheels are named by URI on AWS and by path here."""
    return str(_existing(mounts, text, "wheel")) if text.startswith(("s3://", "file:", "/")) else text
