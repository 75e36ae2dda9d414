"""Notebooks as tasks: their cells really run, in a process of a real launcher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from executing import Workshop, running_workshop
from waiting import held_by, until

from runyard.core.errors import InvalidRequest
from runyard.executors.launcher.events import Ended


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("notebooks")) as shop:
        yield shop


def put(shop: Workshop, name: str, *cells: str) -> str:
    """Lay a notebook of these cells into the workspace, and return its path."""
    text = "# Databricks notebook source\n" + "\n\n# COMMAND ----------\n\n".join(cells)
    shop.write(f"/Workspace/tests/{name}.py", text)
    return f"/Workspace/tests/{name}"


def run(shop: Workshop, attempt_id: int, *cells: str, **spec: Any) -> Ended:
    """Run a notebook of these cells."""
    return shop.run(attempt_id, "notebook", path=put(shop, f"n{attempt_id}", *cells), **spec)


def cells_of(shop: Workshop, attempt_id: int) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = shop.told(attempt_id, "notebook.json")["cells"]
    return cells


def shown(shop: Workshop, attempt_id: int) -> list[list[Any]]:
    """The data of the results of each cell."""
    return [[result["data"] for result in cell["results"]] for cell in cells_of(shop, attempt_id)]


def test_cells_share_their_names_and_keep_what_they_show(shop: Workshop) -> None:
    end = run(
        shop,
        1,
        "x = 20\nprint('set')",
        "print('to stderr', file=__import__('sys').stderr)\nx + 1",
        "display([{'n': x}])",
    )

    assert (end.exit_code, end.message, end.output) == (0, None, None)
    assert shown(shop, 1) == [["set\n"], ["to stderr\n", "21"], [[[20]]]]
    assert cells_of(shop, 1)[2]["results"][0]["schema"] == [{"name": "n", "type": "bigint"}]
    assert [cell["state"] for cell in cells_of(shop, 1)] == ["finished"] * 3
    assert (shop.yard.read(1), shop.yard.read(1, "stderr")) == ("set\n", "to stderr\n")


def test_a_failing_cell_ends_the_notebook_with_its_message_and_its_own_lines(shop: Workshop) -> None:
    end = run(shop, 2, "def divide(a):\n    return a / 0", "divide(1)", "print('never')")

    assert (end.exit_code, end.message) == (1, "ZeroDivisionError: division by zero")
    assert end.trace == (
        "Traceback (most recent call last):\n"
        '  File "<cell 2>", line 1, in <module>\n'
        "    divide(1)\n"
        '  File "<cell 1>", line 2, in divide\n'
        "    return a / 0\n"
        "           ~~^~~\n"
        "ZeroDivisionError: division by zero\n"
    )
    assert [cell["state"] for cell in cells_of(shop, 2)] == ["finished", "failed", "skipped"]
    assert cells_of(shop, 2)[1]["results"][0]["summary"] == end.message
    assert shop.yard.read(2, "stderr") == end.trace


def test_a_mistake_in_the_syntax_is_shown_at_its_line(shop: Workshop) -> None:
    end = run(shop, 3, "x = 1\ny = = 2")

    assert end.message == "SyntaxError: invalid syntax"
    assert end.trace is not None
    assert 'File "<cell 1>", line 2\n    y = = 2\n' in end.trace


def test_exit_ends_the_notebook_as_finished_with_its_value(shop: Workshop) -> None:
    end = run(shop, 4, "try:\n    dbutils.notebook.exit('v')\nexcept Exception:\n    print('caught')", "print('never')")

    assert (end.exit_code, end.output) == (0, {"result": "v", "truncated": False})
    assert shop.told(4, "notebook.json")["exit"] == "v"
    assert [cell["state"] for cell in cells_of(shop, 4)] == ["finished", "skipped"]
    assert shop.yard.read(4) == ""


def test_the_value_of_an_exit_is_cut_at_five_megabytes(shop: Workshop) -> None:
    end = run(shop, 5, "dbutils.notebook.exit('\"' * 6_000_000)")

    assert end.output is not None
    assert end.output["truncated"]
    assert 2_000_000 < len(end.output["result"]) <= 5 * 1024 * 1024


@pytest.mark.parametrize(("attempt_id", "code", "exit_code"), [(6, "0", 0), (7, "3", 1), (8, "'no'", 1)])
def test_leaving_the_interpreter_ends_the_notebook(shop: Workshop, attempt_id: int, code: str, exit_code: int) -> None:
    end = run(shop, attempt_id, f"import sys\nsys.exit({code})", "print('never')")

    assert end.exit_code == exit_code
    assert "never" not in shop.yard.read(attempt_id)


def test_parameters_are_widgets(shop: Workshop) -> None:
    code = "dbutils.widgets.text('who', 'nobody')\ndbutils.widgets.text('where', 'here')\ndbutils.widgets.getAll()"
    run(shop, 9, code, parameters={"who": "anna"}, context={"parameters": {"who": "job", "more": "1"}})

    assert shown(shop, 9) == [["{'who': 'anna', 'where': 'here', 'more': '1'}"]]


def test_values_for_later_tasks_are_left_and_those_of_earlier_ones_read(shop: Workshop) -> None:
    end = run(
        shop,
        10,
        "dbutils.jobs.taskValues.set('rows', {'n': dbutils.jobs.taskValues.get('first', 'n') + 1})",
        context={"task_values": {"first": {"n": 41}}},
    )

    assert end.output == {"values": {"rows": {"n": 42}}}


def test_a_notebook_in_jupyters_format_runs(shop: Workshop) -> None:
    cells = [
        {"cell_type": "markdown", "source": "# Title"},
        {"cell_type": "code", "source": ["x = 2\n", "x * 21"]},
        {"cell_type": "code", "source": ["%%sh\n", "echo shell"]},
    ]
    shop.write("/Workspace/tests/jupyter.ipynb", json.dumps({"cells": cells}))
    end = shop.run(11, "notebook", path="/Workspace/tests/jupyter")

    assert end.exit_code == 0
    assert shown(shop, 11) == [[], ["42"], ["shell\n"]]


def test_run_takes_the_cells_of_another_notebook_into_this_one(shop: Workshop) -> None:
    put(shop, "lib/library", "word = dbutils.widgets.get('word')", "# MAGIC %run ./deeper")
    put(shop, "lib/deeper", "def shout():\n    return word.upper()")
    end = run(shop, 12, '# MAGIC %run ./lib/library $word="a b"', "shout()")

    assert end.exit_code == 0
    assert shown(shop, 12) == [[], ["'A B'"]]


def test_a_notebook_whose_file_is_a_link_out_of_the_workspace_does_not_run(shop: Workshop) -> None:
    outside = shop.home / "outside.py"
    outside.write_text("# Databricks notebook source\nprint(1)")
    link = shop.home / "workspace" / "tests" / "leads_out.py"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)

    with pytest.raises(InvalidRequest, match="leads out of its mount"):
        shop.start(90, "notebook", path="/Workspace/tests/leads_out")


def test_an_error_in_an_included_notebook_names_it(shop: Workshop) -> None:
    put(shop, "broken", "1 / 0")
    end = run(shop, 13, "# MAGIC %run /tests/broken")

    assert end.trace is not None
    assert 'File "</tests/broken cell 1>", line 1, in <module>\n    1 / 0\n' in end.trace


def test_a_notebook_that_includes_itself_is_refused(shop: Workshop) -> None:
    end = run(shop, 14, "# MAGIC %run ./n14")

    assert end.message is not None
    assert end.message.endswith("CannotRun: The notebook ./n14 includes itself, directly or through others.")


def test_a_shell_cell_shows_its_output_and_fails_only_if_asked_to(shop: Workshop) -> None:
    end = run(
        shop, 15, "# MAGIC %sh echo one; echo two >&2; exit 3", "# MAGIC %sh -e\n# MAGIC false\n# MAGIC echo never"
    )

    assert shown(shop, 15)[0] == ["one\ntwo\nThe shell ended with status 3.\n"]
    assert end.message is not None
    assert end.message.endswith("CommandFailed: The shell ended with status 1.")
    assert "never" not in shop.yard.read(15)


@pytest.mark.parametrize(("attempt_id", "language", "named"), [(16, "scala", "Scala"), (17, "r", "R")])
def test_other_languages_are_refused_by_name(shop: Workshop, attempt_id: int, language: str, named: str) -> None:
    end = run(shop, attempt_id, "print('before')", f"# MAGIC %{language}\n# MAGIC println(1)")

    assert shop.yard.read(attempt_id) == "before\n"
    assert end.message is not None
    assert f"Cells of {named} cannot run here" in end.message


def test_spark_is_there_from_its_first_use_on_and_reads_paths_of_mounts(shop: Workshop) -> None:
    shop.write("/Workspace/tests/rows.csv", "n\n1\n2\n")
    end = run(
        shop,
        18,
        "print(spark.read.option('header', True).csv('/Workspace/tests/rows.csv').count())",
        "spark.range(3).write.parquet('/tmp/numbers'); dbutils.fs.ls('dbfs:/tmp/numbers')[0].name.endswith('.parquet')",
        "print(sql('select count(*) as n from parquet.`dbfs:/tmp/numbers`').collect())",
        "try:\n    sc.parallelize([1])\nexcept NotImplementedError as error:\n    print(error)",
    )

    assert end.exit_code == 0, shop.yard.read(18, "stderr")
    assert shown(shop, 18)[:3] == [["2\n"], ["True"], ["[Row(n=3)]\n"]]
    assert "SparkContext.parallelize needs Spark on Java: run this job on the engine spark-jvm" in shown(shop, 18)[3][0]


@pytest.mark.parametrize(
    ("attempt_id", "begin"),
    [(40, "1"), (41, "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n1")],
    ids=["the notebook's session", "a session of its own"],
)
def test_frames_of_spark_display_themselves(shop: Workshop, attempt_id: int, begin: str) -> None:
    end = run(shop, attempt_id, begin, "spark.range(2).display()", "display(spark.range(1))")

    assert end.exit_code == 0, end.message
    assert shown(shop, attempt_id) == [["1"], [[[0], [1]]], [[[0]]]]


def test_modules_beside_the_notebook_can_be_imported_and_files_opened(shop: Workshop) -> None:
    shop.write("/Workspace/tests/beside.py", "WORD = 'found'\n")
    shop.write("/Workspace/tests/data.txt", "read")
    run(shop, 19, "import beside\n(beside.WORD, open('data.txt').read())")

    assert shown(shop, 19) == [["('found', 'read')"]]
    assert not list((shop.home / "workspace").rglob("__pycache__"))


def test_the_files_verbs_of_magic_show_tables(shop: Workshop) -> None:
    shop.write("dbfs:/in/a.txt", "12345")
    run(shop, 20, "# MAGIC %fs ls /in", "# MAGIC %fs head dbfs:/in/a.txt")

    assert shown(shop, 20)[0][0][0][:3] == ["dbfs:/in/a.txt", "a.txt", 5]
    assert shown(shop, 20)[1] == ["'12345'"]


def test_figures_and_pages_are_shown_as_they_are(shop: Workshop) -> None:
    picture = "class P:\n    def _repr_png_(self):\n        return b'png'\nP()"
    run(shop, 21, picture, "displayHTML('<b>x</b>')", "print('\\x1b[31mred\\x1b[0m')")

    kinds = [(cell["results"][0]["type"], cell["results"][0]["data"]) for cell in cells_of(shop, 21)]
    assert kinds == [
        ("image", "data:image/png;base64,cG5n"),
        ("html", "<b>x</b>"),
        ("ansi", "\x1b[31mred\x1b[0m\n"),
    ]


def test_output_and_record_can_be_read_while_a_cell_runs(shop: Workshop) -> None:
    gate = shop.home / "gate"
    wait = f"print('waiting')\n{held_by(gate)}"
    shop.start(22, "notebook", path=put(shop, "n22", "print('first')", wait, "print('last')"))
    until(lambda: "waiting" in shop.yard.read(22))
    meanwhile = cells_of(shop, 22)
    gate.touch()
    end = shop.yard.end(22)

    assert end.exit_code == 0
    assert [cell["state"] for cell in meanwhile] == ["finished", "cancelled", "skipped"]
    assert meanwhile[1]["started_at"] is not None
    assert meanwhile[1]["ended_at"] is None


def test_a_stopped_notebook_leaves_a_true_record(shop: Workshop) -> None:
    shop.start(23, "notebook", path=put(shop, "n23", "print('on')", "import time\ntime.sleep(600)", "print('off')"))
    until(lambda: "on" in shop.yard.read(23) and cells_of(shop, 23)[1]["started_at"])
    shop.yard.launcher.stop(23, grace_ms=100, cause="cancelled")
    end = shop.yard.end(23)

    assert end.cause == "cancelled"
    assert [cell["state"] for cell in cells_of(shop, 23)] == ["finished", "cancelled", "skipped"]


def test_a_fork_that_a_cell_leaves_behind_writes_no_record(shop: Workshop) -> None:
    end = run(
        shop, 24, "import os\nchild = os.fork()", "os.waitpid(child, 0) if child else 1 / 0", "child and 'parent'"
    )

    assert end.exit_code == 0
    assert [cell["state"] for cell in cells_of(shop, 24)] == ["finished"] * 3


def test_a_notebook_that_is_not_there_is_refused(shop: Workshop) -> None:
    with pytest.raises(InvalidRequest, match="Unable to access the notebook '/Workspace/tests/none'"):
        shop.start(25, "notebook", path="/Workspace/tests/none")


def test_the_context_is_only_for_the_owners_eyes(shop: Workshop) -> None:
    run(shop, 26, "1")

    assert (shop.yard.folder(26) / "context.json").stat().st_mode & 0o777 == 0o600


def test_a_cell_keeps_a_megabyte_of_what_it_prints_and_the_log_all(shop: Workshop) -> None:
    run(shop, 27, "for _ in range(3):\n    print('x' * 1_000_000)")

    text = shown(shop, 27)[0][0]
    assert text.endswith("the rest is in the log: a cell keeps its first megabyte …\n")
    assert len(text) < 1_100_000
    assert len(shop.yard.read(27)) == 3_000_003


def test_the_long_way_to_the_context_tells_ids_and_path(shop: Workshop) -> None:
    code = (
        "import json\n"
        "context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()\n"
        "told = json.loads(context.toJson())\n"
        "(told['currentRunId']['id'], told['tags']['jobId'], told['tags']['multitaskParentRunId'],"
        " context.notebookPath().get(), context.tags().get('taskKey').get())"
    )
    facts = {"job_id": 5, "run_id": 6, "task_run_id": 7, "task_key": "main", "workspace_path": "/Workspace/tests/n28"}
    run(shop, 28, code, context=facts)

    assert shown(shop, 28) == [["(7, '5', '6', '/tests/n28', 'main')"]]
