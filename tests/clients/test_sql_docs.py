"""docs/sql.md is true: its marked examples run against a live server, its template is read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live

from runyard.cli.sql_opening import Opened, opened
from runyard.cli.sql_running import statements
from runyard.cli.target import Target
from runyard.sql.callables.functions import FUNCTIONS
from runyard.sql.grammar.rewriting import BUILT
from runyard.sql.templating.templates import filled

PAGE = (Path(__file__).parents[2] / "docs" / "sql.md").read_text()
MARKED = re.findall(r"```sql run\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("docs") / "home", settings="warm_children = 1\npreload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def session(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    for name in ("RUNYARD_URL", "DATABRICKS_HOST", "AWS_ACCESS_KEY_ID", "DREMIO_URI"):
        monkeypatch.delenv(name, raising=False)
    with opened(Target(home=live.home), store=None) as session:
        yield session


@pytest.fixture
def values(live: Live, tmp_path: Path) -> dict[str, str]:
    script = tmp_path / "example.py"
    script.write_text("print('done')\n")
    command = [sys.executable, "-m", "runyard.cli.main", "run", str(script), "--home", str(live.home)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    listed = [sys.executable, "-m", "runyard.cli.main", "runs", "list", "--home", str(live.home), "--json"]
    run_id = json.loads(subprocess.run(listed, check=True, capture_output=True, timeout=120).stdout)[0]["id"]
    return {"run_id": str(run_id), "task_run_id": str(run_id)}


@pytest.mark.parametrize("block", MARKED, ids=lambda block: block.strip().split("\n")[0][:40])
def test_an_example_of_the_page_runs(block: str, session: Opened, values: dict[str, str]) -> None:
    for text in statements(filled(block, variables=values, data={})):
        result = session.session.prepare(text).run()

        assert list(result.rows) or result.tag(0), text


def test_the_page_has_examples() -> None:
    assert len(MARKED) >= 7


def test_every_function_that_the_page_names_is_there() -> None:
    table = PAGE[PAGE.index("## Functions") : PAGE.index("NULL in is NULL out")]
    named = {name.lower() for name in re.findall(r"`(\w+)(?:\(|`)", table)} - {"g", "i", "extract"}
    known = {name.lower() for name in (*FUNCTIONS, *BUILT)} | {"current_user", "current_database", "version"}

    assert len(named) > 40
    assert named <= known


def test_the_template_of_the_page_is_filled() -> None:
    block = PAGE[PAGE.index("```text\n") + 8 :]
    text = filled(block[: block.index("```")], variables={"deployment_name": "local"}, data={})

    assert "run_name = 'nightly' AND job_id IN (11, 12)" in text
    assert len(list(statements(text))) == 1
