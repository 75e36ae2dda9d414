"""Cells of Python: echo, magic lines, waiting at the top level."""

from __future__ import annotations

from typing import Any

import pytest

from runyard.runtime.dbruntime.notebook.python_cells import run_python


class Calls:
    """Notes magic lines."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def __call__(self, word: str, rest: str) -> Any:
        self.seen.append((word, rest))


def run(code: str, calls: Calls | None = None, **names: Any) -> Any:
    return run_python(code, names, "<cell 1>", magic=calls or Calls())


def test_the_last_expression_is_the_value_of_a_cell() -> None:
    assert run("x = 1\nx + 1") == 2
    assert run("x = 1") is None
    assert run("x = 1\nx;") is None
    assert run("") is None


def test_names_stay_for_later_cells() -> None:
    namespace: dict[str, Any] = {}
    run_python("def double(x):\n    return 2 * x", namespace, "<cell 1>", magic=Calls())

    assert run_python("double(3)", namespace, "<cell 2>", magic=Calls()) == 6
    assert namespace["_"] == 6


def test_lines_that_begin_with_percent_or_exclamation_mark_are_magic() -> None:
    calls = Calls()
    run("%pip install a b\nif True:\n    !ls -l /\n    y = 1\n%restart_python", calls)

    assert calls.seen == [("pip", "install a b"), ("!", "ls -l /"), ("restart_python", "")]


def test_a_percent_sign_that_python_reads_is_no_magic() -> None:
    calls = Calls()
    value = run('text = """\n%pip install nothing\n"""\nnumber = (7\n%4)\n%time 1\n(number, text)', calls)

    assert value == (3, "\n%pip install nothing\n")
    assert calls.seen == [("time", "1")]


def test_a_real_mistake_is_told_with_its_line() -> None:
    with pytest.raises(SyntaxError) as caught:
        run("x = 1\nx = = 2")

    assert (caught.value.filename, caught.value.lineno) == ("<cell 1>", 2)


def test_a_cell_may_wait_at_its_top_level() -> None:
    assert run("import asyncio\nawait asyncio.sleep(0, 'waited')") == "waited"
    assert run("import asyncio\nx = await asyncio.sleep(0, 1)\nx") == 1
