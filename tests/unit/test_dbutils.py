"""`dbutils` by its parts: widgets, files, task values, what is refused and how."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runyard
from runyard.runtime.dbruntime import UserNamespaceInitializer
from runyard.runtime.dbruntime.databricks_repl_context import get_context
from runyard.runtime.dbruntime.dbutils import DBUtils
from runyard.runtime.dbruntime.places import OutOfMount
from runyard.runtime.dbruntime.redaction import Redactor, Stream
from runyard.runtime.dbruntime.results import displayed, plain
from runyard.runtime.dbruntime.session import NotebookExit, Session
from runyard.runtime.dbruntime.widgets import InputWidgetNotDefined

RUNTIME = Path(runyard.__file__).parent / "runtime"


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an attempt that was told something."""
    folder = tmp_path / "attempt"
    folder.mkdir()
    mounts = {"dbfs:/": "dbfs", "/dbfs/": "dbfs", "/Workspace/": "workspace", "s3://": "s3"}
    for each in set(mounts.values()):
        (tmp_path / each).mkdir()
    told = {
        "parameters": {"day": "2026-01-01"},
        "task_values": {"first": {"rows": 3, "flag": False}},
        "mounts": {prefix: str(tmp_path / each) for prefix, each in mounts.items()},
        "job_id": 11,
        "run_id": 12,
        "task_run_id": 13,
        "task_key": "main",
        "workspace_path": "/Workspace/Users/me/etl",
        "told_by_a_newer_server": 1,
    }
    (folder / "context.json").write_text(json.dumps(told))
    monkeypatch.setenv("RUNYARD_ATTEMPT_FOLDER", str(folder))
    return folder


@pytest.fixture
def dbutils(attempt: Path) -> DBUtils:
    assert attempt
    return DBUtils(Session())


def output(attempt: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((attempt / "output.json").read_text())
    return found


def test_a_parameter_goes_before_the_default_of_a_widget(dbutils: DBUtils) -> None:
    dbutils.widgets.text("day", "never")
    dbutils.widgets.dropdown("size", "s", ["s", "m"], "Size")
    dbutils.widgets.combobox("free", "any", ["other"])
    dbutils.widgets.multiselect("both", "a,b", ["a", "b", "c"])

    expected = {"day": "2026-01-01", "size": "s", "free": "any", "both": "a,b"}
    assert dbutils.widgets.getAll() == expected
    assert [dbutils.widgets.get(name) for name in expected] == list(expected.values())


def test_a_widget_that_nobody_defined_is_refused_unless_there_is_a_default(dbutils: DBUtils) -> None:
    with pytest.raises(InputWidgetNotDefined, match=r"No input widget named size is defined.*known are: day"):
        dbutils.widgets.get("size")
    assert dbutils.widgets.getArgument("size", "m") == "m"
    assert dbutils.widgets.getArgument("day", "m") == "2026-01-01"


def test_a_default_must_be_one_of_the_choices(dbutils: DBUtils) -> None:
    with pytest.raises(ValueError, match="The default 'x' of the widget size is none of its choices: s, m"):
        dbutils.widgets.dropdown("size", "x", ["s", "m"])


def test_removed_widgets_are_gone_and_parameters_stay(dbutils: DBUtils) -> None:
    dbutils.widgets.text("size", "s")
    dbutils.widgets.text("day", "x")
    dbutils.widgets.remove("size")
    dbutils.widgets.removeAll()

    assert dbutils.widgets.getAll() == {"day": "2026-01-01"}
    with pytest.raises(InputWidgetNotDefined):
        dbutils.widgets.remove("size")


def test_task_values_are_left_in_the_output_and_read_from_the_context(dbutils: DBUtils, attempt: Path) -> None:
    dbutils.jobs.taskValues.set("a", {"deep": [1, None]})
    dbutils.jobs.taskValues.set(key="b", value=True)

    assert output(attempt)["values"] == {"a": {"deep": [1, None]}, "b": True}
    assert dbutils.jobs.taskValues.get("first", "rows") == 3
    assert dbutils.jobs.taskValues.get(taskKey="first", key="flag", default=True) is False
    assert dbutils.jobs.taskValues.get("first", "none", default=0, debugValue=9) == 0


@pytest.mark.parametrize(("task", "said"), [("first", "has set no value"), ("other", "is no task that ended before")])
def test_a_value_that_is_not_there_is_refused(dbutils: DBUtils, task: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        dbutils.jobs.taskValues.get(task, "none")


def test_a_task_value_may_have_48_kilobytes(dbutils: DBUtils, attempt: Path) -> None:
    dbutils.jobs.taskValues.set("fits", "x" * (48 * 1024 - 2))

    with pytest.raises(ValueError, match="49153 bytes as JSON, more than the 49152"):
        dbutils.jobs.taskValues.set("large", "x" * (48 * 1024 - 1))
    with pytest.raises(TypeError, match="not JSON serializable"):
        dbutils.jobs.taskValues.set("odd", object())
    with pytest.raises(ValueError, match="nested deeper than the 100 levels"):
        dbutils.jobs.taskValues.set("deep", json.loads("[" * 101 + "]" * 101))
    assert list(output(attempt)["values"]) == ["fits"]


def test_outside_of_a_job_only_the_debug_value_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNYARD_ATTEMPT_FOLDER", raising=False)
    values = DBUtils(Session()).jobs.taskValues
    values.set("kept", "nowhere")

    assert values.get("any", "key", debugValue=5) == 5
    with pytest.raises(TypeError, match="Must pass debugValue"):
        values.get("any", "key", default=1)


def test_an_exit_keeps_values_and_ends_as_finished(dbutils: DBUtils, attempt: Path) -> None:
    dbutils.jobs.taskValues.set("a", 1)
    with pytest.raises(NotebookExit) as caught:
        dbutils.notebook.exit(42)

    assert (caught.value.value, caught.value.code) == ("42", None)
    assert output(attempt) == {"values": {"a": 1}, "result": "42", "truncated": False}


def test_files_are_written_read_copied_moved_and_removed(dbutils: DBUtils, tmp_path: Path) -> None:
    files = dbutils.fs
    files.put("/in/a.txt", "hello")
    files.put("s3://bucket/key/b.txt", "bye")
    files.mkdirs("dbfs:/in/deep")
    files.cp("s3a://bucket/key/b.txt", "dbfs:/in/deep/")
    files.cp("dbfs:/in", "/Workspace/copy", recurse=True)
    files.mv("dbfs:/in/a.txt", "file:/Workspace/moved.txt")

    assert (tmp_path / "dbfs/in/deep/b.txt").read_text() == "bye"
    assert (tmp_path / "workspace/copy/a.txt").read_text() == "hello"
    assert (tmp_path / "workspace/moved.txt").read_text() == "hello"
    assert [(each.path, each.name, each.size) for each in files.ls("dbfs:/in")] == [("dbfs:/in/deep/", "deep/", 0)]
    assert [each.isDir() for each in files.ls("/Workspace")] == [True, False]
    assert files.head("/Workspace/moved.txt", 4) == "hell"
    assert [files.rm("dbfs:/in", recurse=True), files.rm("dbfs:/in")] == [True, False]


def test_files_are_not_overwritten_and_folders_not_taken_without_a_word(dbutils: DBUtils) -> None:
    dbutils.fs.put("/a/b", "1")

    with pytest.raises(FileExistsError, match="overwrite=True"):
        dbutils.fs.put("/a/b", "2")
    with pytest.raises(IsADirectoryError, match="recurse=True"):
        dbutils.fs.cp("/a", "/c")
    with pytest.raises(OSError, match="recurse=True"):
        dbutils.fs.rm("/a")
    with pytest.raises(PermissionError, match="all of a mount"):
        dbutils.fs.rm("dbfs:/", recurse=True)
    with pytest.raises(FileNotFoundError, match="No such file or directory: dbfs:/none"):
        dbutils.fs.ls("/none")


@pytest.mark.parametrize("path", ["dbfs:/../secret", "/a/../../secret", "dbfs:/link/secret", "file:/dbfs/../secret"])
def test_nothing_leads_out_of_a_mount(dbutils: DBUtils, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "dbfs" / "link").symlink_to(tmp_path)

    with pytest.raises(OutOfMount, match="leads out of its mount"):
        dbutils.fs.head(path)


def test_unknown_stores_and_mounting_are_refused_with_what_to_do(dbutils: DBUtils) -> None:
    with pytest.raises(OutOfMount, match=r"'abfss://c@x/y' lies under no mount.*dbfs:/"):
        dbutils.fs.ls("abfss://c@x/y")
    with pytest.raises(NotImplementedError, match=r"settings\.toml"):
        dbutils.fs.mount("s3a://bucket", "/mnt/data")
    assert ("s3://", "") in [(each.mountPoint, each.encryptionType) for each in dbutils.fs.mounts()]


def test_secrets_are_kept_out_of_streams() -> None:
    written: list[str] = []
    redactor = Redactor()
    redactor._secrets |= {"hunter2", "hunter22"}  # learn() would watch the streams of the tests
    stream = Stream(sys.stdout, redactor, written.append)
    stream.write("a hunter22, b hunter2\n")
    stream.buffer.write(b"c hunter2\n")

    assert written == ["a [REDACTED], b [REDACTED]\n", "c [REDACTED]\n"]


def test_every_part_can_tell_what_it_has(dbutils: DBUtils, capsys: pytest.CaptureFixture[str]) -> None:
    dbutils.help()
    dbutils.fs.help()
    dbutils.widgets.help("getArgument")
    told = capsys.readouterr().out

    assert "widgets" in told
    assert "cp(source: str, dest: str, recurse: bool = False) -> bool -> Copy a file, or with recurse a folder." in told
    assert told.splitlines()[-1].startswith("getArgument(")


def test_what_this_process_is_can_be_asked(attempt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert attempt
    monkeypatch.setenv("DATABRICKS_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("DATABRICKS_TOKEN", "t")
    context = get_context()

    assert context is not None
    assert (context.jobId, context.currentRunId, context.notebookPath) == ("11", "13", "/Users/me/etl")
    assert (context.apiUrl, context.apiToken, context.clusterId) == ("http://127.0.0.1:1", "t", None)
    assert context.workspaceUrl is None  # a client would put https:// before it


def test_outside_of_a_run_there_is_no_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNYARD_ATTEMPT_FOLDER", raising=False)

    assert get_context() is None


def test_the_namespace_has_every_name_that_the_sdk_exports() -> None:
    names = UserNamespaceInitializer().get_namespace_globals()

    assert set(names) == {
        "display", "displayHTML", "dbutils", "table", "sql", "udf", "getArgument", "sc", "sqlContext", "spark"
    }  # fmt: skip


@pytest.mark.parametrize(
    "use", ["spark.read", "spark.sql('x')", "sql('x')", "table('x')", "udf(len)", "sc.parallelize"]
)
def test_every_use_of_spark_says_what_is_missing(use: str) -> None:
    start = (
        f"import sys; sys.path.insert(0, {str(RUNTIME)!r}); from dbruntime import UserNamespaceInitializer as names; "
    )
    program = f"{start}eval({use!r}, names().get_namespace_globals())"
    # Without site-packages there is no Spark, wherever these tests run.
    ended = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert re.search(r"SparkNotInstalled: .* needs Spark, which is not installed", ended.stderr)
    assert "pip install 'runyard[spark]'" in ended.stderr


def test_what_has_rows_is_displayed_as_a_table() -> None:
    import duckdb  # noqa: PLC0415 - slow, and only here
    import pandas as pd  # noqa: PLC0415 - as above

    frame = pd.DataFrame({"n": [1, 2], "t": ["a", None], "f": [1.5, float("nan")]})
    shown = displayed(frame)

    assert shown["data"] == [[1, "a", 1.5], [2, None, None]]
    assert [column["name"] for column in shown["schema"]] == ["n", "t", "f"]
    assert displayed(frame["n"])["data"] == [[1], [2]]
    assert displayed([(1, "x"), (2, "y")])["schema"][0] == {"name": "_1", "type": "bigint"}
    assert displayed([{"a": 1}, {"b": True}])["data"] == [[1, None], [None, True]]
    assert displayed(duckdb.sql("SELECT 1 AS n, DATE '2026-01-02' AS d"))["data"] == [[1, "2026-01-02"]]
    assert displayed("text") == {"type": "text", "data": "text"}


def test_a_table_keeps_ten_thousand_rows_and_says_so() -> None:
    shown = displayed([{"n": number} for number in range(10_001)])

    assert (len(shown["data"]), shown["truncated"]) == (10_000, True)


def test_values_that_json_has_no_word_for_are_spelled() -> None:
    assert plain({1: (float("inf"), b"ab", {2}), "x": None}) == {"1": ["inf", "YWI=", [2]], "x": None}
