"""awsglue's frames in jobs of a live server: what scripts read, change and write, with AWS's semantics."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from glue_spark import FOOT, HEAD, Spark
from live import Live

ZIPS = [{"n": 1, "tags": ["a", "b"]}, {"n": 2, "tags": []}]
PEOPLE = [
    {"id": 1, "name": "ann", "v": 1, "home": {"city": "Bonn", "zips": ZIPS}},
    {"id": 2, "name": "bob", "v": "two", "home": {"city": "Rome", "zips": None}, "gone": None},
]
READ_PEOPLE = (
    "people = glueContext.create_dynamic_frame.from_options(\n"
    "    connection_type='s3', connection_options={'paths': ['s3://raw/people/'], 'groupFiles': 'inPartition'},\n"
    "    format='json', transformation_ctx='people')\n"
)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("frames") / "home"
    yard = Spark(Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start())
    yard.put("people/a.json", "\n".join(map(json.dumps, PEOPLE)))
    yard.put("sales/year=2025/a.csv", "id;amount\n1;10\n2;none\n")
    yard.put("sales/year=2026/b.csv", "id;amount\n3;30\n")
    yield yard
    yard.live.close()


def test_a_field_of_two_types_is_a_choice_until_it_is_resolved(spark: Spark) -> None:
    told = spark.rows(
        "choices",
        READ_PEOPLE + "def seen(frame):\n"
        "    return [frame.toDF().schema.simpleString(), [row.asDict(True) for row in frame.toDF().collect()]]\n"
        "ways = ['cast:int', 'make_cols', 'make_struct', 'project:string']\n"
        "some = people.select_fields(['id', 'v'])\n"
        "tell({'before': some.schema().jsonValue()['fields'][1]['container'],\n"
        "      **{way: seen(ResolveChoice.apply(frame=some, specs=[('v', way)])) for way in ways},\n"
        "      'all': seen(some.resolveChoice(choice='cast:string'))})\n",
    )

    assert told["before"] == {"dataType": "choice", "choices": [{"dataType": "int"}, {"dataType": "string"}]}
    assert told["cast:int"] == ["struct<id:int,v:int>", [{"id": 1, "v": 1}, {"id": 2, "v": None}]]
    assert told["make_cols"][1] == [
        {"id": 1, "v_int": 1, "v_string": None},
        {"id": 2, "v_int": None, "v_string": "two"},
    ]
    assert told["make_struct"] == [
        "struct<id:int,v:struct<int:int,string:string>>",
        [{"id": 1, "v": {"int": 1, "string": None}}, {"id": 2, "v": {"int": None, "string": "two"}}],
    ]
    assert told["project:string"] == ["struct<id:int,v:string>", [{"id": 1, "v": None}, {"id": 2, "v": "two"}]]
    assert told["all"][1] == [{"id": 1, "v": "1"}, {"id": 2, "v": "two"}]


def test_a_schema_is_printed_as_aws_prints_it(spark: Spark) -> None:
    lines = spark.lines("prints", HEAD + READ_PEOPLE + "people.drop_fields(['home']).printSchema()\n" + FOOT)

    assert lines[:7] == [
        "root", "|-- id: int", "|-- name: string", "|-- v: choice", "|    |-- int", "|    |-- string", "|-- gone: null"
    ]  # fmt: skip


def test_relationalize_makes_tables_that_join_by_id(spark: Spark) -> None:
    told = spark.rows(
        "relations",
        READ_PEOPLE + "made = Relationalize.apply(frame=people.select_fields(['id', 'home']),\n"
        "    staging_path='s3://temp/stage/', name='root', transformation_ctx='made')\n"
        "joined = Join.apply(made.select('root'), made.select('root_home.zips'), 'home.zips', 'id')\n"
        "tell({'keys': list(made.keys()), 'joined': [list(row) for row in joined.toDF().select(\n"
        "    'id', '`home.city`', '`index`', '`home.zips.val.n`').orderBy('index').collect()],\n"
        "    'columns': {key: made[key].toDF().columns for key in made.keys()},\n"
        "    'tags': sorted(row[2] for row in made['root_home.zips.val.tags'].toDF().collect()),\n"
        "    'root': [row['home.zips'] is None for row in made['root'].toDF().orderBy('id').collect()]})\n",
    )

    assert told["keys"] == ["root", "root_home.zips", "root_home.zips.val.tags"]
    assert told["columns"]["root"] == ["id", "home.city", "home.zips"]
    assert told["columns"]["root_home.zips"] == ["id", "index", "home.zips.val.n", "home.zips.val.tags"]
    assert told["columns"]["root_home.zips.val.tags"] == ["id", "index", "home.zips.val.tags.val"]
    assert told["joined"] == [[1, "Bonn", 0, 1], [1, "Bonn", 1, 2]]
    assert told["tags"] == ["a", "b"]
    assert told["root"] == [False, True]


def test_fields_are_mapped_renamed_dropped_and_split(spark: Spark) -> None:
    told = spark.rows(
        "fields",
        READ_PEOPLE + "mapped = ApplyMapping.apply(frame=people, mappings=[\n"
        "    ('id', 'int', 'who.key', 'long'), ('NAME', 'string', 'who.label', 'string'),\n"
        "    ('home.city', 'string', 'city', 'string'), ('missing', 'string', 'missing', 'string')])\n"
        "two = SplitFields.apply(people, ['id', 'name'], 'some', 'rest')\n"
        "rows = SplitRows.apply(people, {'id': {'>': 1}}, 'high', 'low')\n"
        "simple = lambda frame: frame.toDF().schema.simpleString()\n"
        "tell([simple(mapped), simple(people.rename_field('home.city', 'home.town').select_fields(['home.town'])),\n"
        "      simple(people.drop_fields(['home.zips', 'v', 'gone', 'missing'])),\n"
        "      [two['some'].toDF().columns, two['rest'].toDF().columns], rows['high'].count(), rows['low'].count(),\n"
        "      [one.name for one in DropNullFields.apply(frame=people).schema()], UnnestFrame.apply(\n"
        "      people.select_fields(['home'])).toDF().columns])\n",
    )

    assert told == [
        "struct<who:struct<key:bigint,label:string>,city:string>",
        "struct<home:struct<town:string>>",
        "struct<id:int,name:string,home:struct<city:string>>",
        [["id", "name"], ["v", "home", "gone"]],
        1,
        1,
        ["id", "name", "v", "home"],
        ["home.city", "home.zips"],
    ]


def test_functions_get_records_in_which_a_choice_is_its_value(spark: Spark) -> None:
    told = spark.rows(
        "functions",
        READ_PEOPLE + "def change(record):\n"
        "    record['name'] = record['name'].upper()\n"
        "    record['size'] = len(record['home']['zips'] or [])\n"
        "    del record['home']\n"
        "    return record\n"
        "changed = Map.apply(frame=people, f=change)\n"
        "kept = Filter.apply(frame=people, f=lambda one: one['v'] == 'two' and one['home']['city'] == 'Rome')\n"
        "tell([[row.asDict(True) for row in changed.drop_nulls().toDF().orderBy('id').collect()],\n"
        "      [row['id'] for row in kept.toDF().collect()],\n"
        "      changed.resolveChoice(choice='make_cols').toDF().columns])\n",
    )

    assert told == [
        [
            {"id": 1, "name": "ANN", "v": {"int": 1, "string": None}, "size": 2},
            {"id": 2, "name": "BOB", "v": {"int": None, "string": "two"}, "size": 0},
        ],
        [2],
        ["id", "name", "v_int", "v_string", "gone", "size"],
    ]


def test_frames_are_joined_merged_and_united(spark: Spark) -> None:
    told = spark.rows(
        "together",
        "made = lambda rows: DynamicFrame.fromDF(spark.createDataFrame(rows, 'id int, x string'), glueContext, 'f')\n"
        "left, right = made([(1, 'a'), (2, 'b')]), made([(2, 'c'), (3, 'd')])\n"
        "rows = lambda frame: sorted(list(row) for row in frame.toDF().collect())\n"
        "joined = left.join(['id'], ['id'], right)\n"
        "tell([joined.toDF().columns, rows(joined), rows(left.mergeDynamicFrame(right, ['id'])),\n"
        "      rows(left.union(right)), rows(Union.apply(left, right))])\n",
    )

    both = [[1, "a"], [2, "b"], [2, "c"], [3, "d"]]
    assert told == [["id", "x", ".id", ".x"], [[2, "b", 2, "c"]], [[1, "a"], [2, "c"], [3, "d"]], both, both]


def test_partitions_are_columns_that_a_predicate_prunes_by(spark: Spark) -> None:
    told = spark.rows(
        "partitions",
        "options = {'withHeader': True, 'separator': ';'}\n"
        "read = lambda more: glueContext.create_dynamic_frame.from_options(\n"
        "    's3', {'paths': ['s3a://raw/sales'], **more}, 'csv', options,\n"
        "    push_down_predicate=\"year > '2025'\" if not more else '')\n"
        "rows = lambda frame: sorted(list(row) for row in frame.toDF().collect())\n"
        "plain = glueContext.getSource('s3', paths=['s3://raw/sales']).setFormat('csv', separator=';').getFrame()\n"
        "tell([rows(read({})), rows(read({'exclusions': '[\"s3://raw/sales/**2026**\"]'})), plain.toDF().columns])\n",
    )

    assert told == [[["3", "30", "2026"]], [["1", "10", "2025"], ["2", "none", "2025"]], ["col0", "col1", "year"]]


def test_what_is_written_is_added_in_each_format_and_partition(spark: Spark) -> None:
    told = spark.rows(
        "writes",
        READ_PEOPLE + "flat = people.select_fields(['id', 'name'])\n"
        "write = glueContext.write_dynamic_frame.from_options\n"
        "for kind in ('parquet', 'json', 'csv', 'glueparquet'):\n"
        "    for _ in range(2):\n"
        "        write(frame=flat, connection_type='s3', format=kind,\n"
        "            connection_options={'path': f's3://out/{kind}/', 'partitionKeys': ['name']})\n"
        "sink = glueContext.getSink('s3', path='s3://out/sink/')\n"
        "sink.setFormat('json')\n"
        "sink.writeFrame(people)\n"
        "read = glueContext.create_dynamic_frame.from_options\n"
        "counts = {kind: read('s3', {'paths': [f's3://out/{kind}/']}, kind, {'withHeader': True}).count()\n"
        "    for kind in ('parquet', 'json', 'csv', 'glueparquet')}\n"
        "try:\n    write(people, 's3', {'path': 's3://out/nested/'}, 'csv')\n"
        "except ValueError as error:\n    nested = str(error)\n"
        "glueContext.purge_s3_path('s3://out/json/', {'retentionPeriod': 0})\n"
        "tell([counts, nested, read('s3', {'paths': ['s3://out/json/']}, 'json').count()])\n",
    )

    assert told[0] == {"parquet": 4, "json": 4, "csv": 4, "glueparquet": 4}
    assert told[1].startswith("Column 'v' is nested, which CSV cannot hold")
    assert told[2] == 0
    contents = spark.live.client("s3").list_objects_v2(Bucket="out", Prefix="parquet/name=ann/")["Contents"]
    assert [one["Key"].endswith(".snappy.parquet") for one in contents] == [True, True]
    assert (spark.live.home / "s3" / "out" / "sink").is_dir()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("glueContext.create_dynamic_frame.from_options('oracle', {'dbtable': 't'})", "type 'oracle' is not there"),
        ("glueContext.extract_jdbc_conf('warehouse')", "EntityNotFoundException: Connection warehouse not found."),
        ("FindMatches.apply(None)", "name 'FindMatches' is not defined"),
    ],
)
def test_what_is_not_there_is_refused_by_its_name(spark: Spark, body: str, message: str) -> None:
    name = f"lacks {message}"[:60]
    run = spark.ended(name, spark.start(name, HEAD + body + FOOT))

    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def test_json_of_other_shapes_and_compressed_is_read(spark: Spark) -> None:
    spark.put("shapes/many.json", json.dumps({"data": {"items": [{"a": 1}, {"a": 2}]}}, indent=2))
    told = spark.rows(
        "shapes",
        "import gzip\n"
        "read = lambda path, **options: glueContext.create_dynamic_frame.from_options(\n"
        "    's3', {'paths': [path]}, 'json', options).toDF()\n"
        "read('s3://raw/people/').write.option('compression', 'gzip').json('s3://raw/zipped/')\n"
        "tell([[row['a'] for row in read('s3://raw/shapes/', multiLine=True, jsonPath='$.data.items[*]').collect()],\n"
        "      read('s3://raw/zipped/').count()])\n",
    )

    assert told == [[1, 2], 2]
