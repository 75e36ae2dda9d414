"""Cells of Python: their statements, the echo of the last one, and lines that begin with % or !."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
from collections.abc import Callable
from typing import Any

LINE_MAGIC = r"(\s*)(?:%{1,2}([A-Za-z]\w*)[ \t]*|(!))(.*)"
CALL = "_runyard_magic"
"""The name under which a cell finds what carries out its magic lines."""

Magic = Callable[[str, str], Any]


def run_python(code: str, namespace: dict[str, Any], name: str, *, magic: Magic) -> Any:
    """Carry out a cell and return the value of its last expression, None if it has none to show."""
    remember_source(name, code)
    body = parse(code, name)
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    namespace[CALL] = magic
    try:
        _execute(ast.Module(body, []), "exec", namespace, name)
        if not isinstance(last, ast.Expr):
            return None
        value = _execute(ast.Expression(last.value), "eval", namespace, name)
    finally:
        namespace.pop(CALL, None)
    if value is not None:
        namespace["_"] = value
    return None if code.rstrip().endswith(";") else value


def remember_source(name: str, source: str) -> None:
    """Let tracebacks show the lines of a cell, which is in no file."""
    linecache.cache[name] = (len(source), None, [f"{line}\n" for line in source.splitlines()], name)


def parse(code: str, name: str) -> list[ast.stmt]:
    """Return the statements of a cell, its magic lines among them as calls.

    Only a line at which Python stumbles can be magic: a % in a text or after an operator is none.
    """
    lines = code.splitlines()
    while True:
        try:
            tree: ast.Module = compile("\n".join(lines) + "\n", name, "exec", _FLAGS, dont_inherit=True)
        except SyntaxError as error:
            number = (error.lineno or 0) - 1
            found = re.fullmatch(LINE_MAGIC, lines[number]) if 0 <= number < len(lines) else None
            if found is None:
                raise
            lines[number] = f"{found[1]}{CALL}({(found[2] or found[3])!r}, {found[4]!r})"
        else:
            return tree.body


_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def _execute(tree: ast.Module | ast.Expression, mode: str, namespace: dict[str, Any], name: str) -> Any:
    code = compile(tree, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    value = eval(code, namespace)  # noqa: S307 - running the cell is what this process is for
    if code.co_flags & inspect.CO_COROUTINE:
        import asyncio  # noqa: PLC0415 - only cells that wait at their top level pay for it

        return asyncio.run(value)
    return value
