"""From a task as it is written to the task that runs."""

from __future__ import annotations

from typing import Any

import pytest
from databricks_yard import script

from runyard.core.job import RunIf, Task
from runyard.dialects.databricks.jobs import libraries, task_types, tasks


def planned(task: dict[str, Any], **settings: Any) -> Task:
    return tasks.task_of({"task_key": "t", **task}, settings)


def refusal(task: dict[str, Any], **settings: Any) -> str:
    """Return the text with which a task ends that cannot run here."""
    found = planned(task, **settings)
    assert found.kind == "unavailable"
    return str(found.spec["message"])


def test_a_notebook_of_the_workspace_runs_with_its_parameters() -> None:
    task = planned({"notebook_task": {"notebook_path": "/Users/ada/nb", "base_parameters": {"a": 1, "b": True}}})

    assert task.kind == "notebook"
    assert task.spec["path"] == "/Workspace/Users/ada/nb"
    assert task.spec["parameters"] == {"a": "1", "b": "true"}
    assert task.spec["context"] == {"task_key": "t", "notebook_path": "/Users/ada/nb"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("dbfs:/jobs/main.py", "dbfs:/jobs/main.py"),
        ("s3://bucket/main.py", "s3://bucket/main.py"),
        ("/Workspace/x/main.py", "/Workspace/x/main.py"),
        ("/Users/ada/main.py", "/Workspace/Users/ada/main.py"),
        ("/Repos/ada/main.py", "/Workspace/Repos/ada/main.py"),
        ("/Shared/main.py", "/Workspace/Shared/main.py"),
        ("/opt/jobs/main.py", "/opt/jobs/main.py"),
    ],
)
def test_a_script_lies_where_its_path_says(written: str, meant: str) -> None:
    task = planned({"spark_python_task": {"python_file": written, "parameters": ["a", 1]}})

    assert task.kind == "python_script"
    assert task.spec["script"] == meant
    assert task.spec["arguments"] == ["a", "1"]
    assert task.spec.get("in_place", False) is meant.startswith("/Workspace/")


def test_a_script_said_to_lie_in_the_workspace_does() -> None:
    task = planned({"spark_python_task": {"python_file": "/opt/main.py", "source": "WORKSPACE"}})

    assert task.spec["script"] == "/Workspace/opt/main.py"


def test_a_wheel_runs_an_entry_point_of_a_package_that_is_installed_for_it() -> None:
    wheel = {"package_name": "p", "entry_point": "main", "named_parameters": {"day": "1"}}

    task = planned({"python_wheel_task": wheel, "libraries": [{"whl": "dbfs:/p-1-py3-none-any.whl"}]})

    assert task.kind == "python_wheel"
    assert task.spec["package_name"] == "p"
    assert task.spec["entry_point"] == "main"
    assert task.spec["named_parameters"] == {"day": "1"}
    assert task.spec["packages"] == ["dbfs:/p-1-py3-none-any.whl"]


def test_a_sql_file_runs_with_its_parameters() -> None:
    task = planned({"sql_task": {"warehouse_id": "w", "file": {"path": "/Shared/q.sql"}, "parameters": {"n": 5}}})

    assert task.kind == "sql"
    assert task.spec["file"] == "/Workspace/Shared/q.sql"
    assert task.spec["parameters"] == {"n": "5"}


def test_a_dbt_project_runs_its_commands() -> None:
    task = planned({"dbt_task": {"commands": ["dbt run"], "project_directory": "/Shared/p", "schema": "s"}})

    assert task.kind == "dbt"
    assert task.spec["commands"] == ["dbt run"]
    assert task.spec["project"] == "/Workspace/Shared/p"
    assert task.spec["schema"] == "s"


@pytest.mark.parametrize(
    ("op", "meant"),
    [
        ("EQUAL_TO", "=="),
        ("NOT_EQUAL", "!="),
        ("GREATER_THAN", ">"),
        ("GREATER_THAN_OR_EQUAL", ">="),
        ("LESS_THAN", "<"),
        ("LESS_THAN_OR_EQUAL", "<="),
    ],
)
def test_a_condition_compares_two_texts(op: str, meant: str) -> None:
    task = planned({"condition_task": {"op": op, "left": "{{job.id}}", "right": 12}})

    assert task.kind == "condition"
    assert task.spec == {"left": "{{job.id}}", "op": meant, "right": "12"}


def test_a_loop_holds_the_task_that_runs_for_each_input() -> None:
    nested = {"task_key": "n", "spark_python_task": {"python_file": "dbfs:/x.py"}, "max_retries": 2}

    task = planned({"for_each_task": {"inputs": "[1, 2]", "task": nested, "concurrency": 5}})

    assert task.kind == "for_each"
    assert task.spec["inputs"] == "[1, 2]"
    assert task.spec["concurrency"] == 5
    assert task.spec["task"]["kind"] == "python_script"
    assert task.spec["task"]["spec"]["script"] == "dbfs:/x.py"
    assert task.spec["task"]["spec"]["context"] == {"task_key": "n"}
    assert task.spec["task"]["max_retries"] == 2


def test_a_loop_goes_one_by_one_unless_it_says_otherwise() -> None:
    nested = {"task_key": "n", "spark_python_task": {"python_file": "dbfs:/x.py"}}

    assert planned({"for_each_task": {"inputs": "[1]", "task": nested}}).spec["concurrency"] == 1


def test_a_task_that_starts_a_job_gives_it_parameters() -> None:
    words = {"job_id": 7, "job_parameters": {"a": 1}, "python_params": ["x"]}

    task = planned({"run_job_task": words})

    assert task.kind == "run_job"
    assert task.spec == {"job_id": 7, "parameters": {"a": "1"}, "older": {"python_params": ["x"]}}


def test_a_python_operator_calls_a_function_with_named_values() -> None:
    operator = {"main": "package.module.function", "parameters": [{"name": "a", "value": "b=c"}]}

    task = planned({"python_operator_task": operator})

    assert task.kind == "python_script"
    assert task.spec["arguments"] == ["package.module.function", "a=b=c"]
    compile(task.spec["source"], "operator.py", "exec")


@pytest.mark.parametrize("task_type", sorted(task_types.UNAVAILABLE))
def test_types_that_cannot_run_here_are_taken_and_say_why(task_type: str) -> None:
    text = refusal({task_type: {}})

    assert text == task_types.UNAVAILABLE[task_type]
    assert text.endswith(".")


def test_a_type_that_nobody_here_knows_is_taken_and_told_which_can_run() -> None:
    assert refusal({"quantum_task": {}}).startswith("Tasks of type quantum_task cannot run here. These types can:")


@pytest.mark.parametrize("what", ["query", "alert", "dashboard"])
def test_a_sql_task_that_is_no_file_says_what_to_do(what: str) -> None:
    assert "sql_task.file" in refusal({"sql_task": {"warehouse_id": "w", what: {f"{what}_id": "1"}}})


def test_files_of_a_git_repository_are_refused_by_name() -> None:
    text = refusal({"notebook_task": {"notebook_path": "src/nb", "source": "GIT"}})

    assert text.startswith("The file src/nb of this task comes from a git repository")


def test_every_way_to_run_after_others_has_its_rule() -> None:
    found = {name: planned({**script("t"), "run_if": name}).run_if for name in tasks.RUN_IF}

    assert found == {
        "ALL_SUCCESS": RunIf.ALL_SUCCESS,
        "AT_LEAST_ONE_SUCCESS": RunIf.ONE_SUCCESS,
        "NONE_FAILED": RunIf.NONE_FAILED,
        "ALL_DONE": RunIf.ALL_ENDED,
        "AT_LEAST_ONE_FAILED": RunIf.ONE_FAILED,
        "ALL_FAILED": RunIf.ALL_FAILED,
    }


def test_dependencies_name_tasks_and_the_branch_that_is_followed() -> None:
    task = planned(script("t", depends_on=[{"task_key": "a"}, {"task_key": "c", "outcome": "false"}]))

    assert task.depends_on == ("a", "c")
    assert task.branch == {"c": "false"}


def test_retries_and_timeouts_are_the_tasks_own() -> None:
    words = {"max_retries": -1, "min_retry_interval_millis": 5, "retry_on_timeout": True, "timeout_seconds": 7}

    task = planned({**script("t"), **words})

    assert task.max_retries == -1
    assert task.retry_wait_ms == 5
    assert task.retries_timeout is True
    assert task.timeout_ms == 7000
    assert planned({**script("t"), "timeout_seconds": 0}).timeout_ms is None


# libraries, environments, variables


def test_libraries_become_packages_modules_and_requirements() -> None:
    given = [
        {"pypi": {"package": "six==1.16", "repo": "http://index.example/simple"}},
        {"whl": "/Shared/a.whl"},
        {"egg": "dbfs:/b.egg"},
        {"requirements": "/Workspace/r.txt"},
    ]

    spec = planned({**script("t"), "libraries": given}).spec

    assert spec["packages"] == ["six==1.16", "/Workspace/Shared/a.whl"]
    assert spec["package_options"] == ["--extra-index-url", "http://index.example/simple"]
    assert spec["python_files"] == ["dbfs:/b.egg"]
    assert spec["requirements"] == ["/Workspace/r.txt"]


@pytest.mark.parametrize("kind", ["maven", "cran"])
def test_libraries_that_no_python_process_loads_are_refused_when_the_task_runs(kind: str) -> None:
    assert f"'{kind}'" in refusal({**script("t"), "libraries": [{kind: "x"}]})


def test_jars_and_the_configuration_of_the_cluster_are_for_the_engine_of_the_task() -> None:
    conf = {"spark.runyard.engine": "spark-jvm"}
    task = {
        "task_key": "t",
        "spark_jar_task": {"main_class_name": "shop.Main", "parameters": ["1"]},
        "libraries": [{"jar": "dbfs:/a.jar"}, {"jar": "/Shared/b.jar"}],
        "new_cluster": {"spark_conf": conf},
    }
    found = planned(task)

    assert found.kind == "spark_jar"
    assert (found.spec["main_class"], found.spec["arguments"]) == ("shop.Main", ["1"])
    assert found.spec["jars"] == ["dbfs:/a.jar", "/Workspace/Shared/b.jar"]
    assert found.spec["spark_conf"] == conf
    assert planned({"task_key": "t", "spark_submit_task": {"parameters": ["a.py"]}}).spec["submit"] == ["a.py"]


def test_the_environment_that_a_task_names_gives_its_packages() -> None:
    lines = ["six", "-r /Shared/r.txt", "--index-url http://index.example", "/Shared/a.whl", "/Users/ada/b.whl[x]", " "]
    environments = [
        {"environment_key": "other", "spec": {"dependencies": ["numpy"]}},
        {"environment_key": "e", "spec": {"environment_version": "2", "dependencies": lines}},
    ]

    spec = planned({**script("t"), "environment_key": "e"}, environments=environments).spec

    assert spec["packages"] == ["six", "/Workspace/Shared/a.whl", "/Workspace/Users/ada/b.whl[x]"]
    assert spec["requirements"] == ["/Workspace/Shared/r.txt"]
    assert spec["package_options"] == ["--index-url", "http://index.example"]


def test_variables_come_from_the_cluster_and_the_set_that_a_task_names() -> None:
    clusters = [{"job_cluster_key": "c", "new_cluster": {"spark_env_vars": {"A": "1", "B": "2"}}}]
    sets = [{"environment_variables_key": "v", "spec": {"variables": {"B": "3"}}}]
    words = {"job_cluster_key": "c", "environment_variables_key": "v"}

    task = planned({**script("t"), **words}, job_clusters=clusters, environment_variables=sets)

    assert task.spec["environment"] == {"A": "1", "B": "3"}
    own = planned({**script("t"), "new_cluster": {"spark_env_vars": {"C": "4"}}})
    assert own.spec["environment"] == {"C": "4"}


def test_requirements_files_are_read_when_the_task_runs() -> None:
    files = {
        "dbfs:/r/all.txt": "six==1.16  # pinned\n# a remark\n\n-r more.txt\n--index-url http://index.example\n",
        "dbfs:/r/more.txt": "idna\n",
    }

    spec = libraries.with_requirements({"requirements": ["dbfs:/r/all.txt"], "packages": ["pip"]}, files.__getitem__)

    assert spec["packages"] == ["pip", "six==1.16", "idna"]
    assert spec["package_options"] == ["--index-url", "http://index.example"]
    assert "requirements" not in spec


def test_a_workflow_of_arazzo_runs_with_its_inputs_and_sources() -> None:
    sources = {"api": "http://host/openapi.json", "other": "/Users/ada/other.yml"}
    words = {"document": "/Users/ada/flow.yml", "workflow_id": "main", "inputs": {"n": 5}, "sources": sources}
    task = planned({"arazzo_task": words})

    assert task.kind == "arazzo"
    assert task.spec["document"] == "/Workspace/Users/ada/flow.yml"
    assert task.spec["workflow_id"] == "main"
    assert task.spec["inputs"] == {"n": 5}
    assert task.spec["sources"] == {"api": "http://host/openapi.json", "other": "/Workspace/Users/ada/other.yml"}
    assert task.spec["context"] == {"task_key": "t"}
