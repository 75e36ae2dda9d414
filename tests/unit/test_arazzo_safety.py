"""What the language of Arazzo documents must never do, whatever stands in them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import runyard.arazzo.criteria

MODULES = sorted(Path(runyard.arazzo.criteria.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_module_hands_a_text_to_python(module: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]

    assert not {call.id for call in calls if isinstance(call, ast.Name)} & {"eval", "exec", "compile", "__import__"}


def test_importing_the_language_loads_no_library_that_only_some_criteria_need() -> None:
    program = "import sys, runyard.arazzo.criteria; print(*sorted(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "runyard.arazzo.jsonpath" in loaded
    assert not {"regex", "jsonpath_rfc9535", "iregexp_check", "elementpath", "xml.etree"} & set(loaded)
    assert not {name for name in loaded if name.startswith(("runyard.engine", "runyard.store", "runyard.web"))}
