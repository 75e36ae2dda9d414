"""Databricks' Spark tasks on Java, by the vendor's SDK: jars, spark-submit, and notebooks and scripts with RDDs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import java_spark
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.sdk import OperationFailed
from databricks.sdk.service import compute, jobs
from databricks_live import put_notebook, workspace_client
from live import Live

TIMEOUT = timedelta(minutes=8)  # several JVMs on a machine under load
COUNTS = """\
import org.apache.spark.sql.SparkSession;
public class Counts {
    public static void main(String[] words) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        System.out.println("rows " + spark.range(Long.parseLong(words[0])).count());
        if (words.length > 1) throw new IllegalStateException("as asked");
    }
}
"""
CLUSTER = compute.ClusterSpec(
    spark_version="15.4.x-scala2.12",
    num_workers=1,
    node_type_id="any",
    spark_conf={"spark.runyard.engine": "spark-jvm"},
)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with java_spark.serving(tmp_path_factory.mktemp("databricks-java") / "home") as server:
        yield server


@pytest.fixture(scope="module")
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def log_of(client: WorkspaceClient, task: jobs.SubmitTask) -> tuple[jobs.RunResultState | None, str]:
    """Run one task to its end; return how it ended, and what it printed or failed with."""
    run_id = client.jobs.submit(tasks=[task]).run_id
    with suppress(OperationFailed):  # so the SDK says of a run that failed
        client.jobs.wait_get_run_job_terminated_or_skipped(run_id, timeout=TIMEOUT)
    ended = client.jobs.get_run(run_id)
    output = client.jobs.get_run_output((ended.tasks or [])[0].run_id or 0)
    assert ended.state is not None
    return ended.state.result_state, output.error or output.logs or ""


def test_a_jar_runs_by_its_class_and_a_failure_of_it_is_told(
    client: WorkspaceClient, live: Live, tmp_path: Path
) -> None:
    java_spark.put_jar(live.home / "dbfs" / "jars" / "counts.jar", tmp_path, name="Counts", text=COUNTS)
    for words, state, told in (
        (["7"], jobs.RunResultState.SUCCESS, "rows 7"),
        (["7", "fail"], jobs.RunResultState.FAILED, "as asked"),
    ):
        task = jobs.SubmitTask(
            task_key="jar",
            spark_jar_task=jobs.SparkJarTask(main_class_name="Counts", parameters=words),
            libraries=[compute.Library(jar="dbfs:/jars/counts.jar")],
        )
        found = log_of(client, task)

        assert found[0] is state, found
        assert told in found[1]


def test_spark_submit_runs_what_it_is_told_with_paths_of_mounts(client: WorkspaceClient, live: Live) -> None:
    script = live.home / "dbfs" / "apps" / "app.py"
    script.parent.mkdir(parents=True)
    script.write_text(
        "import sys, helper\nfrom pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "print(helper.WORD, sys.argv[1:], spark.sparkContext.parallelize([1, 2]).sum(), spark.conf.get('spark.mine'))\n"
    )
    (script.parent / "helper.py").write_text("WORD = 'helped'\n")
    words = ["--conf", "spark.mine=1", "--py-files", "dbfs:/apps/helper.py", "dbfs:/apps/app.py", "dbfs:/its/own"]
    task = jobs.SubmitTask(task_key="submit", spark_submit_task=jobs.SparkSubmitTask(parameters=words))
    state, log = log_of(client, task)

    assert state is jobs.RunResultState.SUCCESS, log
    assert "helped ['dbfs:/its/own'] 3 1" in log


def test_a_notebook_of_such_a_cluster_has_spark_with_rdds(client: WorkspaceClient) -> None:
    cells = ["numbers = sc.parallelize([1, 2, 3]).map(lambda n: n + 1)", "dbutils.notebook.exit(str(numbers.sum()))"]
    path = put_notebook(client, "rdds", *cells)
    task = jobs.SubmitTask(task_key="n", notebook_task=jobs.NotebookTask(notebook_path=path), new_cluster=CLUSTER)
    run = client.jobs.submit_and_wait(tasks=[task], timeout=TIMEOUT)
    output = client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)

    assert output.notebook_output is not None
    assert output.notebook_output.result == "9", output.error


def test_a_script_of_a_cluster_that_names_java_has_rdds_and_plain_paths_in_dbfs(
    client: WorkspaceClient, live: Live
) -> None:
    script = live.home / "dbfs" / "rdds.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "spark.range(3).write.mode('overwrite').parquet('/tables/numbers')\n"
        "print(spark.read.parquet('dbfs:/tables/numbers').rdd.map(lambda row: row.id).sum())\n"
        "[spark._jvm.java.lang.Object() for _ in range(3000)]\n"
        "garbage = spark._jvm._gateway_client.finalizer_deque\n"
        "whole = len(garbage)\n"
        "while len(garbage) >= whole > 0: pass\n"  # py4j is speaking of it when the run ends
    )
    task = jobs.SubmitTask(
        task_key="rdds", spark_python_task=jobs.SparkPythonTask(python_file="dbfs:/rdds.py"), new_cluster=CLUSTER
    )
    state, log = log_of(client, task)

    assert (state, log.strip().splitlines()[-1]) == (jobs.RunResultState.SUCCESS, "3"), log
    assert (live.home / "dbfs" / "tables" / "numbers").is_dir()
