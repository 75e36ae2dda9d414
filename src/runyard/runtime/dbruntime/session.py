"""What the parts of `dbutils` share in one process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .facts import Facts, read_facts
from .output import Output
from .redaction import Redactor
from .results import Result


def print_result(result: Result) -> None:
    """Show a result where there are no cells: its text, or of a table its rows."""
    if result["type"] == "table":
        lines = [[column["name"] for column in result["schema"]], *result["data"]]
        sys.stdout.write("".join("\t".join(map(str, line)) + "\n" for line in lines))
    else:
        sys.stdout.write(f"{result['data'] if result['type'] != 'image' else '(an image)'}\n")


@dataclass(kw_only=True)
class Session:
    """One process of one attempt."""

    facts: Facts = field(default_factory=read_facts)
    redactor: Redactor = field(default_factory=Redactor)
    show: Callable[[Result], Any] = print_result  # where display() shows; the runner of notebooks puts its cells here
    is_notebook: bool = False
    output: Output = field(init=False)

    def __post_init__(self) -> None:
        self.output = Output(self.facts.folder)
