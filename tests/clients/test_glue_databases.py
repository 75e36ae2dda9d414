"""Tables of SQLite and PostgreSQL in jobs of a live server: read at once, by bookmark, by connections, and written."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from glue_spark import FOOT, HEAD, Spark
from live import Live

ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}
READS = (
    "R = glueContext.create_dynamic_frame.from_options\n"
    "W = glueContext.write_dynamic_frame.from_options\n"
    "def rows(frame):\n"
    "    return sorted([list(row.asDict(True).values()) for row in frame.toDF().collect()], key=str)\n"
)


@dataclass(frozen=True)
class Base:
    """A database: its connection type and URL, and a way to say SQL to it."""

    kind: str
    url: str
    say: Callable[..., Any]

    @property
    def options(self) -> dict[str, str]:
        return {"url": self.url, "dbtable": "orders"}


def sqlite_base(path: Path) -> Base:
    def say(text: str) -> Any:
        with closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(text).fetchall()

    return Base("sqlite", f"jdbc:sqlite:{path}", say)


def postgres_base(url: str) -> Base:
    def say(text: str) -> Any:
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return cursor.fetchall() if cursor.description else []

    return Base("postgresql", f"jdbc:{url}", say)


@pytest.fixture(params=["sqlite", "postgresql"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Base:
    if request.param == "sqlite":
        return sqlite_base(tmp_path / "shop.db")
    return postgres_base(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("databases") / "home"
    yard = Spark(Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start())
    yield yard
    yard.live.close()


def test_a_table_is_read_with_its_types_whole_and_in_parts(spark: Spark, base: Base) -> None:
    base.say(
        "CREATE TABLE orders (id BIGINT PRIMARY KEY, name TEXT, price DECIMAL(9, 2), day DATE, "
        "at TIMESTAMP, paid BOOLEAN, weight DOUBLE PRECISION)"
    )
    for number in range(1, 10):
        base.say(f"INSERT INTO orders VALUES ({number}, 'a%{number}?', 1.5, '2026-01-02', '2026-01-02 03:04:05', "
                 "TRUE, 0.5)")  # fmt: skip
    base.say("INSERT INTO orders VALUES (10, NULL, NULL, NULL, NULL, NULL, NULL)")
    told = spark.rows(
        f"types {base.kind}",
        READS + f"options = {base.options!r}\n"
        f"whole = R('{base.kind}', options)\n"
        f"ids = lambda **more: sorted(row['id'] for row in R('{base.kind}', {{**options, **more}}).toDF().collect())\n"
        f"some = R('{base.kind}', {{'url': options['url'], 'sampleQuery': \"SELECT id, '?%' AS odd FROM orders\"}})\n"
        "tell([whole.toDF().schema.simpleString(), rows(whole)[0], rows(whole)[-1],\n"
        "      ids(hashfield='name', hashpartitions='4'), ids(hashexpression='id'), rows(some)[0]])\n",
    )

    of_numbers = "weight:double"
    assert told[0] == (
        f"struct<id:bigint,name:string,price:decimal(9,2),day:date,at:timestamp,paid:boolean,{of_numbers}>"
    )
    assert told[1] == [1, "a%1?", "1.50", "2026-01-02", "2026-01-02 03:04:05", True, 0.5]
    assert told[2] == [9, "a%9?", "1.50", "2026-01-02", "2026-01-02 03:04:05", True, 0.5]
    assert told[3] == told[4] == list(range(1, 11))
    assert told[5] == [1, "?%"]


KEYS = {
    "primary key": ({}, [(1, "a", 5), (2, "a", 4)], [(3, "b", 3)]),
    "one key that falls": (
        {"jobBookmarkKeys": ["rest"], "jobBookmarkKeysSortOrder": "desc"},
        [(1, "a", 5), (9, "a", 4)],
        [(3, "b", 3)],
    ),
    "a compound key": (
        {"jobBookmarkKeys": ["word", "rest"], "jobBookmarkKeysSortOrder": "asc"},
        [(7, "a", 1), (5, "b", 1)],
        [(1, "b", 2), (2, "c", 0)],
    ),
    "a key in parts": (
        {"jobBookmarkKeys": "id", "hashfield": "id", "hashpartitions": "3"},
        [(1, "a", 0), (2, "a", 0)],
        [(5, "b", 0)],
    ),
}


@pytest.mark.parametrize("keys", KEYS)
def test_each_run_reads_the_rows_behind_the_last_one(spark: Spark, base: Base, keys: str) -> None:
    options, first, later = KEYS[keys]
    base.say("CREATE TABLE orders (id INTEGER PRIMARY KEY, word TEXT, rest INTEGER)")
    name = f"{keys} {base.kind}"
    script = (
        f"frame = glueContext.create_dynamic_frame.from_options('{base.kind}', {{**{base.options!r}, **{options!r}}},\n"
        "    transformation_ctx='orders')\n"
        "print(sorted(row['id'] for row in frame.toDF().collect()))\n"
        "if '--fail' in sys.argv:\n    sys.exit('on purpose')\n"
    )
    seen = []
    put(base, first)
    run_id = spark.start(name, HEAD + script + FOOT, ENABLE)
    for arguments in ({**ENABLE, "--fail": "1"}, ENABLE, ENABLE, None):
        spark.ended(name, run_id)
        seen.append(spark.printed(run_id))
        if arguments is None:
            break
        if len(seen) == 1:
            put(base, later)
        run_id = spark.begin(name, arguments)

    firsts, laters = (str(sorted(row[0] for row in some)) for some in (first, later))
    assert seen == [[firsts], [laters], [laters], ["[]"]]
    assert spark.run(name, run_id)["JobRunState"] == "SUCCEEDED"


def put(base: Base, rows: list[tuple[Any, ...]]) -> None:
    for row in rows:
        base.say(f"INSERT INTO orders VALUES {row}")


def test_rows_are_written_to_a_table_that_is_made_if_it_is_not_there(spark: Spark, base: Base) -> None:
    told = spark.rows(
        f"writes {base.kind}",
        READS + f"options = {base.options!r}\n"
        'made = spark.sql("""select 1 as id, \'x\' as Name, cast(1.5 as decimal(9, 2)) as price,\n'
        "    date'2026-01-02' as day, timestamp'2026-01-02 03:04:05' as at, true as paid\"\"\")\n"
        "frame = DynamicFrame.fromDF(made, glueContext, 'frame')\n"
        f"W(frame, '{base.kind}', options)\n"
        f"W(frame.rename_field('Name', 'NAME').select_fields(['NAME', 'id']), '{base.kind}', options)\n"
        f"back = R('{base.kind}', options)\n"
        "try:\n"
        f"    W(frame.rename_field('Name', 'other'), '{base.kind}', options)\n"
        "except RuntimeError as error:\n    missing = str(error)\n"
        "tell([rows(back), missing])\n",
    )

    assert told[0] == [
        [1, "x", "1.50", "2026-01-02", "2026-01-02 03:04:05", True],
        [1, "x", None, None, None, None],
    ]
    assert told[1] == "Table orders has no column 'other'; it has id, Name, price, day, at, paid."


def test_a_write_that_fails_in_the_middle_leaves_nothing(spark: Spark, base: Base) -> None:
    base.say("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    name = f"fails {base.kind}"
    script = (
        "made = spark.createDataFrame([(1,), (2,), (1,)], 'id int')\n"
        "frame = DynamicFrame.fromDF(made, glueContext, 'frame')\n"
        "glueContext.write_dynamic_frame.from_options(\n"
        f"    frame, '{base.kind}', {{**{base.options!r}, 'bulkSize': '1'}})\n"
    )
    run = spark.ended(name, spark.start(name, HEAD + script + FOOT))

    assert run["JobRunState"] == "FAILED"
    assert "unique" in run["ErrorMessage"].lower()
    assert base.say("SELECT * FROM orders") == []


def test_connections_of_the_catalog_lead_to_tables(spark: Spark, base: Base) -> None:
    base.say("CREATE TABLE orders (id INTEGER PRIMARY KEY, word TEXT)")
    base.say("INSERT INTO orders VALUES (1, 'a')")
    connection, database = f"to_{base.kind}", f"of_{base.kind}"
    properties = {"JDBC_CONNECTION_URL": base.url, "USERNAME": "runyard", "PASSWORD": "secret"}
    spark.glue.create_connection(
        ConnectionInput={"Name": connection, "ConnectionType": "JDBC", "ConnectionProperties": properties}
    )
    spark.glue.create_database(DatabaseInput={"Name": database})
    place = {"sqlite": "main.orders", "postgresql": "shop.public.orders"}[base.kind]
    facts = {"classification": base.kind, "connectionName": connection, "hashfield": "id", "hashpartitions": "2"}
    spark.glue.create_table(
        DatabaseName=database,
        TableInput={"Name": "orders", "StorageDescriptor": {"Location": place, "Columns": []}, "Parameters": facts},
    )
    script = (
        f"frame = glueContext.create_dynamic_frame.from_catalog('{database}', 'orders', transformation_ctx='in',\n"
        "    additional_options={'jobBookmarkKeys': ['id']})\n"
        f"conf = glueContext.extract_jdbc_conf('{connection}')\n"
        f"glueContext.write_dynamic_frame.from_jdbc_conf(frame=frame, catalog_connection='{connection}',\n"
        "    connection_options={'dbtable': 'copies'})\n"
        "named = {'useConnectionProperties': 'true', 'dbtable': 'copies', 'connectionName': conf and '%s'}\n"
        f"back = glueContext.create_dynamic_frame.from_options('{base.kind}', named)\n"
        "print(sorted(row[0] for row in back.toDF().collect()), conf['vendor'], conf['user'], conf['password'],\n"
        "      conf['fullUrl'])\n"
    ) % connection
    first = spark.lines(f"by connection {base.kind}", HEAD + script + FOOT, ENABLE)
    base.say("INSERT INTO orders VALUES (2, 'b')")
    second = spark.begin(f"by connection {base.kind}", ENABLE)
    spark.ended(f"by connection {base.kind}", second)

    assert first == [f"[1] {base.kind} runyard secret {base.url}"]
    assert spark.printed(second)[0].startswith("[1, 2]")
    hidden = spark.glue.get_connection(Name=connection, HidePassword=True)["Connection"]
    assert "PASSWORD" not in hidden["ConnectionProperties"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dbtable": "orders"}, "url '' is no address of a database"),
        ({"url": "jdbc:sqlite:/x"}, "needs the dbtable to read"),
        ({"url": "jdbc:mysql://db/shop", "dbtable": "t"}, "The connection type is 'sqlite' and the url"),
        ({"url": "jdbc:sqlite:/x", "dbtable": "t", "customJdbcDriverS3Path": "s3://x"}, "'customJdbcDriverS3Path'"),
        ({"url": "jdbc:sqlite:/x", "dbtable": "t; drop"}, "'t; drop' is not the plain name of a table"),
    ],
)
def test_what_leads_to_no_table_is_refused(spark: Spark, options: dict[str, str], message: str) -> None:
    name = f"no table {message}"[:50].replace("/", "")
    body = f"glueContext.create_dynamic_frame.from_options('sqlite', {options!r})"
    run = spark.ended(name, spark.start(name, HEAD + body + FOOT))

    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def test_a_value_that_is_not_of_its_declared_type_is_named(spark: Spark, tmp_path: Path) -> None:
    base = sqlite_base(tmp_path / "loose.db")
    base.say("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER)")
    base.say("INSERT INTO orders VALUES (1, 'none')")
    body = f"glueContext.create_dynamic_frame.from_options('sqlite', {base.options!r})"
    run = spark.ended("loose", spark.start("loose", HEAD + body + FOOT))

    assert "Column amount is declared bigint and holds 'none'" in run["ErrorMessage"]


def test_the_example_of_the_documentation_reads_what_is_new(spark: Spark, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/glue-frames.md").read_text()
    example = page.partition("```python\n")[2].partition("```")[0]
    base = sqlite_base(tmp_path / "shop.db")
    base.say("CREATE TABLE orders (day TEXT, number INTEGER)")
    base.say("INSERT INTO orders VALUES ('d1', 1), ('d1', 2)")
    first = spark.lines("example", example.replace("/data/shop.db", str(tmp_path / "shop.db")), ENABLE)
    base.say("INSERT INTO orders VALUES ('d2', 1)")
    second = spark.begin("example", ENABLE)
    spark.ended("example", second)

    assert (first, spark.printed(second)) == (["2"], ["1"])
    assert base.say("SELECT count(*) FROM copies") == [(3,)]


def test_the_aws_cli_keeps_connections_and_hides_their_passwords(spark: Spark) -> None:
    def aws(*words: str) -> Any:
        command = [str(Path(sys.executable).with_name("aws")), "glue", *words, "--output", "json"]
        environment = dict(spark.live.aws_environment)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    properties = {"JDBC_CONNECTION_URL": "jdbc:postgresql://db/shop", "USERNAME": "ann", "PASSWORD": "secret"}
    told = {"Name": "cli", "ConnectionType": "JDBC", "ConnectionProperties": properties}
    aws("create-connection", "--connection-input", json.dumps(told))
    hidden = aws("get-connections", "--hide-password", "--filter", "ConnectionType=JDBC")["ConnectionList"]
    shown = aws("get-connection", "--name", "cli")["Connection"]["ConnectionProperties"]
    gone = aws("batch-delete-connection", "--connection-name-list", "cli", "none")

    assert "PASSWORD" not in next(one for one in hidden if one["Name"] == "cli")["ConnectionProperties"]
    assert shown == properties
    assert (gone["Succeeded"], list(gone["Errors"])) == (["cli"], ["none"])
