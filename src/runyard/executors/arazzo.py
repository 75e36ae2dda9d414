"""Runs a workflow of an Arazzo document in a process of its own."""

from __future__ import annotations

from pathlib import Path

import runyard
from runyard.executors.launcher.order import Order
from runyard.executors.laying import lay
from runyard.executors.mounts import Mounts
from runyard.executors.process import existing, process_order
from runyard.executors.work import Place, Work

PROGRAM = Path(runyard.__file__).parent / "arazzo" / "task_process.py"
REMOTE = ("http://", "https://")


def order(work: Work, place: Place) -> Order:
    """Return the order for a document.

    The spec holds `document` (URI), and optionally `workflow_id`, `inputs`, `sources` and `servers` (by source name),
    `secrets` (texts that nothing may tell), and what process.py reads.
    """
    spec = work.spec
    document = existing(place.mounts, spec["document"], "Arazzo document")
    facts = {
        "file": str(_copy(document, place.attempt_folder(work.attempt.id))),
        "url": document.absolute().as_uri(),
        "workflow_id": spec.get("workflow_id"),
        "inputs": spec.get("inputs", {}),
        "sources": {name: _source(place.mounts, named) for name, named in spec.get("sources", {}).items()},
        "servers": spec.get("servers", {}),
        "secrets": spec.get("secrets", []),
    }
    return process_order(work, place, script=PROGRAM, preloaded=True, arazzo=facts)


def _copy(document: Path, folder: Path) -> Path:
    """Keep the document: what ran is what is kept."""
    return lay(folder / "submitted" / document.name, document.read_bytes())


def _source(mounts: Mounts, named: str) -> str:
    if named.startswith(REMOTE):
        return named
    return existing(mounts, named, "source").absolute().as_uri()
