"""Where the tables and queues of workspaces lie."""

from __future__ import annotations

from pathlib import Path

from runyard.core.job import Workspace
from runyard.engine.engine import Engine

FOLDER = "dremio"  # in the home
TABLES = "tables"  # in a workspace's own: a folder a table


def home_of(engine: Engine, workspace: Workspace) -> Path:
    """Return the folder of a workspace's tables and queues."""
    return engine.home.path / FOLDER / str(workspace.id)
