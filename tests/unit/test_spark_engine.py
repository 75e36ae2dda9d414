"""Which engine a run's Spark is on, and what is told and started for it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from records import a_run, an_attempt

from runyard.core.errors import NotSupported
from runyard.executors import spark_engine, spark_java
from runyard.executors.kinds import executor_of
from runyard.executors.mounts import default_mounts
from runyard.executors.process import RUNTIME
from runyard.executors.spark_engine import Kind, engine_named
from runyard.executors.work import Place, SparkPlace, Work

sys.path.append(str(RUNTIME))

from runyard_spark.java_start import Java, submit_command
from spark_submit_task import is_in_cluster, located, master_of

# Or clients of Databricks would take the process of these tests for one of its notebooks.
sys.path.remove(str(RUNTIME))
for name in [one for one in sys.modules if one.partition(".")[0] == "dbruntime"]:
    del sys.modules[name]

SPARK: dict[str, Any] = {"source": "1", "spark": {"conf": {}}}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A machine with a Spark on Java that holds no more than its folders."""
    home = tmp_path / "pyspark"
    (home / "jars").mkdir(parents=True)
    (home / "python" / "lib").mkdir(parents=True)
    (home / "python" / "lib" / "py4j-0.10.9.9-src.zip").touch()
    monkeypatch.setattr(spark_java, "_java", lambda: "/usr/bin/java")
    return Place(
        attempt_folder=lambda number: tmp_path / f"attempt{number}",
        environments=tmp_path / "environments",
        databases=tmp_path,
        mounts=default_mounts(tmp_path, {}),
        grace_ms=1,
        limits={},
        spark=SparkPlace(home=str(home), drivers=1, environments=tmp_path / "environments"),
    )


def order(place: Place, kind: str = "spark", **spec: Any) -> Any:
    work = Work(run=a_run(1), attempt=an_attempt(1), spec={**SPARK, **spec}, timeout_ms=None, environment={})
    return executor_of(kind)(work, place)


@pytest.mark.parametrize(
    ("name", "kind", "master"),
    [
        ("sail", Kind.SAIL, ""),
        ("spark-jvm", Kind.LOCAL, ""),
        ("local[3]", Kind.LOCAL, "local[3]"),
        ("spark://one:7077,two:7077", Kind.SUBMIT, "spark://one:7077,two:7077"),
        ("k8s://https://host:6443", Kind.SUBMIT, "k8s://https://host:6443"),
        ("yarn", Kind.SUBMIT, "yarn"),
        ("sc://host:15002", Kind.CONNECT, "sc://host:15002"),
    ],
)
def test_an_engine_is_known_by_its_name(name: str, kind: Kind, master: str) -> None:
    engine = engine_named(name)

    assert (engine.kind, engine.master) == (kind, master)
    assert engine.has_java is (kind in {Kind.LOCAL, Kind.SUBMIT})


@pytest.mark.parametrize("name", ["", "spork", "mesos://x", "local-cluster[2,1,1024]", "http://x"])
def test_an_engine_that_nobody_knows_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(NotSupported, match=r"Name 'sail' \(no Java\), 'spark-jvm'"):
        engine_named(name)


def test_a_run_s_own_word_for_its_engine_counts_before_the_server_s(place: Place) -> None:
    on_java = replace(place, spark=replace(place.spark, engine="spark-jvm"))

    assert spark_engine.engine_of({}, on_java).name == "spark-jvm"
    assert spark_engine.engine_of({"spark": {"conf": {"spark.runyard.engine": "sail"}}}, on_java).name == "sail"
    assert spark_engine.engine_of({"spark_conf": {"spark.master": "spark://h:1"}}, on_java).name == "spark://h:1"


def test_a_job_on_java_imports_its_spark_and_may_have_a_jvm_that_waits(place: Place, tmp_path: Path) -> None:
    planned = order(place, spark={"conf": {"spark.runyard.engine": "spark-jvm", "spark.a": "1"}})
    view, py4j = (Path(one) for one in planned.python_path[1:])

    assert (view / "pyspark").resolve() == (tmp_path / "pyspark").resolve()
    assert py4j.name == "py4j-0.10.9.9-src.zip"
    assert planned.driver.startswith("runyard_spark.pool:wait:{")
    assert planned.driver == spark_engine.waiting_driver(place.spark)
    assert planned.rare is False


@pytest.mark.parametrize(
    "asked",
    [
        {"conf": {"spark.driver.extraJavaOptions": "-Da=1"}},
        {"conf": {"spark.jars": "a.jar"}},
        {"conf": {}, "jars": ["/a.jar"]},
    ],
)
def test_what_only_a_jvm_of_its_own_can_have_is_served_by_none_that_waits(place: Place, asked: dict[str, Any]) -> None:
    conf = {**asked["conf"], "spark.runyard.engine": "spark-jvm"}

    assert order(place, spark={**asked, "conf": conf}).driver == ""


def test_a_job_of_another_size_has_another_driver_than_the_one_that_waits(place: Place) -> None:
    asked = {"conf": {"spark.runyard.engine": "spark-jvm"}, "memory_gib": 2, "cores": 1}

    assert order(place, spark=asked).driver not in {"", spark_engine.waiting_driver(place.spark)}
    assert order(place, spark={"conf": {"spark.runyard.engine": "yarn"}}).driver == ""


def test_jars_on_an_engine_without_java_are_refused_by_name(place: Place) -> None:
    asked = {"conf": {}, "jars": ["s3://b/a.jar"], "java": {"The jars 's3://b/a.jar' (--extra-jars)": "jars need"}}
    with pytest.raises(NotSupported, match=r"The jars 's3://b/a\.jar' \(--extra-jars\) cannot be used on the engine"):
        order(place, spark=asked)
    with pytest.raises(NotSupported, match=r"The jars dbfs:/a\.jar cannot be used on the engine 'sail'"):
        order(place, "python_script", source="import pyspark", jars=["dbfs:/a.jar"], context={}, spark={})


JAVA = Java(home=Path("/opt/spark"), java="/usr/bin/java", memory=4 * 1024**3, archives=Path("/nowhere"))
"""A Spark that is not there: commands are written without it."""


@pytest.mark.parametrize("master", ["k8s://https://host:6443", "yarn", "spark://host:7077"])
def test_spark_submit_is_told_the_master_the_driver_s_share_and_the_configuration(master: str) -> None:
    conf = {"spark.kubernetes.container.image": "spark:4", "spark.empty": ""}
    java = replace(JAVA, jars=("/a.jar", "/b.jar"))

    assert submit_command(java, master=master, conf=conf) == [
        "/opt/spark/bin/spark-submit",
        "--master",
        master,
        "--conf",
        "spark.driver.memory=3072m",
        "--conf",
        "spark.kubernetes.container.image=spark:4",
        "--jars",
        "/a.jar,/b.jar",
    ]


def test_what_a_run_says_of_its_driver_counts_before_its_share() -> None:
    conf = {"spark.driver.memory": "1g", "spark.driver.extraJavaOptions": "-Da=1"}

    assert submit_command(JAVA, master="yarn", conf=conf)[3:] == [
        "--conf",
        "spark.driver.memory=1g",
        "--conf",
        "spark.driver.extraJavaOptions=-Da=1",
    ]


def test_paths_of_an_application_are_made_local_up_to_its_name_and_no_further() -> None:
    words = ["--verbose", "--class", "a.B", "--jars", "file:/x.jar,file:///y.jar", "file:/app.jar", "file:/its/own"]

    assert located(words) == ["--verbose", "--class", "a.B", "--jars", "/x.jar,/y.jar", "/app.jar", "file:/its/own"]
    assert is_in_cluster(["--deploy-mode", "cluster", "a.jar"])
    assert not is_in_cluster(["--deploy-mode", "client", "cluster"])
    assert (master_of(["--master", "yarn", "a.py"]), master_of(["a.py"])) == ("yarn", "")
