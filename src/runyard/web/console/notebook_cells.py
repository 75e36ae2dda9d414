"""The cells of a notebook that ran, as its process has written them down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.dialects.databricks.runs.export import NOTEBOOK_FILE
from runyard.dialects.databricks.runs.outputs import read_json


def cells_in(folder: Path) -> Sequence[Mapping[str, Any]]:
    """Return the cells of the notebook that ran in an attempt's folder, if one did."""
    cells: Sequence[Mapping[str, Any]] = read_json(folder / NOTEBOOK_FILE).get("cells", ())
    return cells
