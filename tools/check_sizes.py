"""Fail when a function has more than 40 lines or a module more than 400."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST_FUNCTION = 40
LONGEST_MODULE = 400
FOLDERS = ("src", "tests", "bench", "demo", "tools")


def too_long(file: Path) -> Iterator[str]:
    text = file.read_text()
    lines = text.count("\n")
    if lines > LONGEST_MODULE:
        yield f"{file}: {lines} lines; a module has at most {LONGEST_MODULE}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{file}:{node.lineno}: {node.name} has {length} lines; a function has at most {LONGEST_FUNCTION}"


def main() -> int:
    found = [line for folder in FOLDERS for file in sorted(Path(folder).rglob("*.py")) for line in too_long(file)]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
