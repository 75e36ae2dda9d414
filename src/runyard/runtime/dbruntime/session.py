"""What the parts of `dbutils` share in one process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .facts import read_facts
from .output import Output
from .redaction import Redactor

Result = dict[str, Any]


class NotebookExit(SystemExit):
    """Ends a notebook as finished; it has no exit code, so that a script ends as finished too."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self.value = value


def print_result(result: Result) -> None:
    """Show a result where there are no cells: its text, or of a table its rows."""
    if result["type"] == "table":
        lines = [[column["name"] for column in result["schema"]], *result["data"]]
        sys.stdout.write("".join("\t".join(map(str, line)) + "\n" for line in lines))
    else:
        sys.stdout.write(f"{result['data'] if result['type'] != 'image' else '(an image)'}\n")


class Session:
    """One process of one attempt."""

    def __init__(self) -> None:
        self.facts = read_facts()
        self.redactor = Redactor()
        self.output = Output(self.facts.folder)
        self.is_notebook = False
        self.show: Callable[[Result], Any] = print_result  # the runner of notebooks puts its cells here
