"""Spark in processes of a real launcher: scripts of each kind, warm and cold, and the paths that they name."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from executing import Workshop, running_workshop
from launching import running_yard

import runyard

GIB = 1024**3


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("spark")) as shop:
        yield shop


def put_wheel(shop: Workshop) -> Path:
    """Lay down a wheel with one module."""
    file = shop.home / "tiny_words-1.0-py3-none-any.whl"
    info = "tiny_words-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("tiny_words.py", "def loud(text):\n    return text.upper()\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-words\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return file


def test_a_script_of_databricks_has_spark_with_plain_paths_in_dbfs(shop: Workshop) -> None:
    source = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "spark.range(3).write.parquet('/tables/numbers')\n"
        "places = ['dbfs:/tables/numbers', '/dbfs/tables/numbers']\n"
        "print(*(spark.read.parquet(place).count() for place in places))\n"
    )
    end = shop.run(1, "python_script", source=source, name="tables.py", context={"run_id": 1})

    assert end.exit_code == 0, shop.yard.read(1, "stderr")
    assert shop.yard.read(1) == "3 3\n"
    assert (shop.home / "dbfs" / "tables" / "numbers").is_dir()


def test_packages_of_a_spark_job_reach_its_functions(shop: Workshop) -> None:
    source = (
        "import tiny_words\n"
        "from pyspark.context import SparkContext\n"
        "from awsglue.context import GlueContext\n"
        "from pyspark.sql.functions import udf\n"
        "spark = GlueContext(SparkContext.getOrCreate()).spark_session\n"
        "frame = spark.createDataFrame([('a',)], 'word string')\n"
        "print(frame.select(udf(tiny_words.loud, 'string')('word')).collect()[0][0])\n"
    )
    packages = [str(put_wheel(shop))]
    options = ["--no-index", "--no-deps"]
    end = shop.run(2, "spark", source=source, name="cold.py", packages=packages, package_options=options)

    assert end.exit_code == 0, shop.yard.read(2, "stderr")
    assert shop.yard.read(2).splitlines()[-1] == "A"


def test_paths_in_statements_are_made_local_and_nothing_else_is(shop: Workshop) -> None:
    statements = [
        "create table t using csv location 's3://b/in/'",
        "CREATE TABLE t USING csv OPTIONS (path = 's3a://b/in', header 'true')",
        "insert overwrite directory 'dbfs:/out' using json select 1",
        "select * from parquet.`s3://b/x` join csv . `file:/y` on true",
        "select 's3://b/x' as text, location from `s3://b/x`",
        "select * from json.`https://example.org/x`",
    ]
    source = (
        "import json\nfrom runyard_spark.paths import in_sql\n"
        f"print(json.dumps([in_sql(one) for one in {statements!r}]))\n"
    )
    end = shop.run(3, "spark", source=source, name="paths.py")

    assert end.exit_code == 0, shop.yard.read(3, "stderr")
    home = shop.home
    assert json.loads(shop.yard.read(3)) == [
        f"create table t using csv location '{home}/s3/b/in/'",
        f"CREATE TABLE t USING csv OPTIONS (path = '{home}/s3/b/in', header 'true')",
        f"insert overwrite directory '{home}/dbfs/out' using json select 1",
        f"select * from parquet.`{home}/s3/b/x` join csv . `/y` on true",
        *statements[4:],
    ]


def test_a_path_that_leads_out_of_its_mount_is_refused(shop: Workshop) -> None:
    source = (
        "from pyspark.sql import SparkSession\n"
        "SparkSession.builder.getOrCreate().read.text('s3://b/../../secret').count()\n"
    )
    end = shop.run(4, "spark", source=source, name="out.py")

    assert end.exit_code == 1
    assert end.message is not None
    assert "'s3://b/../../secret' leads out of its mount" in end.message


def test_what_a_job_stages_for_itself_goes_with_its_end(shop: Workshop) -> None:
    source = (
        "from awsglue.context import GlueContext\n"
        "from awsglue.dynamicframe import DynamicFrame\n"
        "context = GlueContext()\n"
        "frame = DynamicFrame.fromDF(context.spark_session.range(2), context, 'f')\n"
        "print(frame.map(lambda row: {'id': row['id'] + 1}).count())\n"
    )
    end = shop.run(5, "spark", source=source, name="staged.py")

    assert (end.exit_code, shop.yard.read(5)) == (0, "2\n")
    assert not (shop.yard.folder(5) / "spark").exists()


def test_imports_that_few_jobs_want_are_done_once_the_first_has_asked_and_for_these_alone(tmp_path: Path) -> None:
    script = "import sys\nprint('wave' in sys.modules)\n"
    with running_yard(tmp_path, rare=["wave"]) as yard:
        yard.run(1, script)
        attempt = 2
        while yard.run(attempt, script, rare=True) and yard.read(attempt) != "True\n":
            attempt += 1
        yard.run(attempt + 1, script)

        assert yard.read(1) == "False\n"
        assert yard.read(attempt + 1) == "False\n"


ORDER_WITHOUT_SITE_PACKAGES = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from records import a_run, an_attempt
from runyard.core.errors import NotSupported
from runyard.executors.kinds import executor_of
from runyard.executors.mounts import default_mounts
from runyard.executors.work import Place, Work
home = Path({home!r})
place = Place(attempt_folder=lambda _: home, environments=home, databases=home, mounts=default_mounts(home, {{}}),
              grace_ms=1, limits={{}})
work = Work(run=a_run(1), attempt=an_attempt(1), spec={{"source": "1"}}, timeout_ms=None, environment={{}})
try:
    executor_of("spark")(work, place)
except NotSupported as error:
    print(error)
"""


def test_without_the_extra_a_spark_job_is_refused_with_what_to_install(tmp_path: Path) -> None:
    path = [str(Path(runyard.__file__).parents[1]), str(Path(__file__).parents[1])]
    program = ORDER_WITHOUT_SITE_PACKAGES.format(path=path, home=str(tmp_path))
    ended = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False)

    assert ended.stdout.startswith("This run needs Spark. Install it with `pip install 'runyard[spark]'`"), ended.stderr
