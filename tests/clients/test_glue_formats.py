"""Files of every format in jobs of a live server, with the options that AWS documents for them."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Iterator

import pytest
from glue_spark import FOOT, HEAD, Spark
from live import Live

READS = (
    "R = glueContext.create_dynamic_frame.from_options\n"
    "W = glueContext.write_dynamic_frame.from_options\n"
    "def rows(frame):\n"
    "    return sorted([list(row.asDict(True).values()) for row in frame.toDF().collect()], key=str)\n"
    "def read(place, kind, options={}, **connection):\n"
    "    return R('s3', {'paths': [f's3://raw/{place}/'], **connection}, kind, options)\n"
)
TYPES = (
    'made = spark.sql("""select 1 as id, \'ann\' as name, cast(1.5 as decimal(9, 2)) as price,\n'
    "    date'2026-01-02' as day, timestamp'2026-01-02 03:04:05' as at, \n"
    "    named_struct('a', 1, 'b', array(1, 2)) as s, map('k', 1) as m,\n"
    '    cast(null as string) as gone, true as yes, cast(7 as bigint) as large""")\n'
    "frame = DynamicFrame.fromDF(made, glueContext, 'frame')\n"
)
SCHEMA = (
    "struct<id:int,price:decimal(9,2),day:date,at:timestamp,s:struct<a:int,b:array<int>>,m:map<string,int>,"
    "gone:string,yes:boolean,large:bigint,name:string>"
)
VALUES = [
    1, "1.50", "2026-01-02", "2026-01-02 03:04:05", {"a": 1, "b": [1, 2]}, {"k": 1}, None, True, 7, "ann"
]  # fmt: skip
BOOKS = """<?xml version="1.0"?>
<shop xmlns:q="urn:q"><book id="1"><title>A</title><author>X</author><author>Y</author><price cur="EUR">9.5</price>
<empty/></book><other/><book id="2"><title>B</title><author> Z </author><price cur="USD">10.0</price><q:note>n</q:note>
</book></shop>"""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("formats") / "home"
    yard = Spark(Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start())
    yield yard
    yard.live.close()


@pytest.mark.parametrize(("kind", "options"), [("orc", {}), ("avro", {"version": "1.8"})])
def test_orc_and_avro_keep_every_type_in_partitions(spark: Spark, kind: str, options: dict[str, str]) -> None:
    told = spark.rows(
        f"types {kind}",
        READS + TYPES + f"for _ in range(2):\n    W(frame, 's3', {{'path': 's3://raw/types_{kind}/', 'partitionKeys': "
        f"['name']}}, '{kind}', {options})\n"
        f"back = read('types_{kind}', '{kind}', {options})\n"
        "tell([back.toDF().schema.simpleString(), rows(back)])\n",
    )

    assert told == [SCHEMA, [VALUES, VALUES]]
    listed = spark.live.client("s3").list_objects_v2(Bucket="raw", Prefix=f"types_{kind}/name=ann/")["Contents"]
    assert [one["Key"].rpartition(".")[2] for one in listed] == [kind, kind]


def test_avro_of_version_1_7_knows_no_logical_types(spark: Spark) -> None:
    told = spark.rows(
        "old avro",
        READS + TYPES + "some = frame.select_fields(['price', 'day', 'at'])\n"
        "W(some, 's3', {'path': 's3://raw/avro17/', 'compression': 'snappy'}, 'avro')\n"
        "W(some, 's3', {'path': 's3://raw/avro18/'}, 'avro', {'version': '1.8'})\n"
        "tell([rows(read('avro17', 'avro')), read('avro18', 'avro').toDF().schema.simpleString()])\n",
    )

    assert told == [
        [["1.50", "2026-01-02", "2026-01-02 03:04:05.000000"]],
        "struct<price:binary,day:int,at:bigint>",
    ]


def test_a_union_of_avro_is_a_choice_and_files_may_differ(spark: Spark) -> None:
    told = spark.rows(
        "unions",
        READS + "import fastavro, pathlib\n"
        "from runyard_spark.paths import local\n"
        "def put(name, fields, records, codec='null'):\n"
        "    file = pathlib.Path(local('s3://raw/unions/' + name))\n"
        "    file.parent.mkdir(parents=True, exist_ok=True)\n"
        "    schema = fastavro.parse_schema({'type': 'record', 'name': 'r', 'fields': fields})\n"
        "    with file.open('wb') as written:\n        fastavro.writer(written, schema, records, codec=codec)\n"
        "v = {'name': 'v', 'type': ['null', 'long', 'string']}\n"
        "put('a.avro', [v], [{'v': 1}, {'v': 'x'}, {'v': None}])\n"
        "colour = {'name': 'c', 'type': {'type': 'enum', 'name': 'colour', 'symbols': ['RED']}}\n"
        "put('b.avro', [v, colour], [{'v': 2, 'c': 'RED'}], 'bzip2')\n"
        "found = read('unions', 'avro')\n"
        "tell([found.schema().field_map['v'].dataType.jsonValue(), rows(found.resolveChoice(choice='cast:string'))])\n",
    )

    assert told == [
        {"dataType": "choice", "choices": [{"dataType": "long"}, {"dataType": "string"}]},
        [["1", None], ["2", "RED"], ["x", None], [None, None]],
    ]


def test_elements_of_xml_are_rows_with_their_attributes(spark: Spark) -> None:
    spark.put("books/a.xml", BOOKS)
    (spark.live.home / "s3/raw/books/b.xml.gz").write_bytes(gzip.compress(BOOKS.replace('"1"', '"3"').encode()))
    told = spark.rows(
        "xml",
        READS + "plain = read('books', 'xml', {'rowTag': 'book'}, exclusions='[\"**.gz\"]')\n"
        "options = {'rowTag': 'book', 'treatEmptyValuesAsNulls': True, 'ignoreSurroundingSpaces': 'true',\n"
        "    'attributePrefix': '@', 'valueTag': 'text'}\n"
        "other = read('books', 'xml', options)\n"
        "bare = read('books', 'xml', {'rowTag': 'price', 'excludeAttribute': True})\n"
        "tell({'plain': [row.asDict(True) for row in plain.toDF().orderBy('_id').collect()],\n"
        "      'author': sorted(plain.schema().field_map['author'].dataType.choices),\n"
        "      'other': [row.asDict(True) for row in other.toDF().where('`@id` = 2').collect()],\n"
        "      'ids': sorted(row[0] for row in other.toDF().select('@id').collect()), 'bare': rows(bare)})\n",
    )

    first = {"_id": 1, "title": "A", "author": {"string": None, "array": ["X", "Y"]}, "empty": "", "note": None}
    assert told["plain"][0] == {**first, "price": {"_cur": "EUR", "_VALUE": 9.5}}
    assert told["plain"][1]["note"] == "n"
    assert told["author"] == ["array", "string"]
    assert told["other"][0]["author"] == {"string": "Z", "array": None}
    assert told["other"][0]["price"] == {"@cur": "USD", "text": 10.0}
    assert told["ids"] == [1, 2, 2, 3]
    assert told["bare"] == [[10.0], [10.0], [9.5], [9.5]]


def test_a_declared_schema_decides_the_types_of_json_and_xml(spark: Spark) -> None:
    spark.put("declared/a.json", '{"id": "1", "v": {"x": 1}, "more": 1}\n{"id": "no", "tags": "one"}\n')
    spark.put("shop/a.xml", BOOKS)
    told = spark.rows(
        "declares",
        READS + "from awsglue.gluetypes import *\n"
        "def declared(*fields):\n    return json.dumps(StructType(list(fields)).jsonValue())\n"
        "text = declared(Field('id', LongType()), Field('tags', ArrayType(StringType())), Field('v', StringType()))\n"
        "book = declared(Field('_id', IntegerType()), Field('author', ArrayType(StringType())),\n"
        "    Field('price', StructType([Field('_VALUE', DecimalType(5, 2))])))\n"
        "tell([rows(read('declared', 'json', {'withSchema': text})),\n"
        "      rows(read('shop', 'xml', {'rowTag': 'book', 'withSchema': book}))])\n",
    )

    assert told == [
        [[1, None, '{"x": 1}'], [None, ["one"], None]],
        [[1, ["X", "Y"], {"_VALUE": "9.50"}], [2, [" Z "], {"_VALUE": "10.00"}]],
    ]


def test_csv_is_read_and_written_by_every_option(spark: Spark) -> None:
    spark.put("lines/a.csv", "a|b\n0|0\n3\n4|'x|y'\n5|'two\nlines'\n")
    spark.put("quotes/a.csv", 'a,b\n"1,2\n3,"4"\n')
    spark.put("uneven/a.csv", 'a,b\n1,2\n3\n"x,y",5,6,7\n')
    spark.put("escapes/a.csv", 'a,b\n1,"x\\"y"\n')
    told = spark.rows(
        "csv",
        READS + "told = {'withHeader': True, 'separator': '|', 'quoteChar': \"'\", 'multiLine': True}\n"
        "told['skipFirst'] = True\n"
        "lines = read('lines', 'csv', told)\n"
        "W(read('quotes', 'csv', {'withHeader': True, 'quoteChar': -1}), 's3', {'path': 's3://raw/bare/'}, 'csv',\n"
        "    {'separator': ';', 'quoteChar': -1, 'writeHeader': False})\n"
        "tell([rows(lines), rows(read('uneven', 'csv', {'withHeader': True})),\n"
        "      rows(read('quotes', 'csv', {'withHeader': 'true', 'quoteChar': '-1'})),\n"
        "      rows(read('escapes', 'csv', {'withHeader': True, 'escaper': '\\\\'}))])\n",
    )

    assert told[0] == [["3", None], ["4", "x|y"], ["5", "two\nlines"]]
    assert told[1] == [["1", "2"], ["3", None], ["x,y", "5"]]
    assert told[2] == [['"1', "2"], ["3", '"4"']]
    assert told[3] == [["1", 'x"y']]
    assert (spark.live.home / "s3/raw/escapes/a.csv").read_text().startswith("a,b")
    written = (spark.live.home / "s3/raw/bare").glob("*.csv")
    assert [one.read_text() for one in written] == ['"1;2\n3;"4"\n']


def test_compressed_text_is_read_by_its_ending_or_by_what_the_connection_says(spark: Spark) -> None:
    folder = spark.put("zipped/a.json", '{"a": 1}').parent
    (folder / "b.json.gz").write_bytes(gzip.compress(b'{"a": 2}'))
    (folder / "c.json.bz2").write_bytes(bz2.compress(b'{"a": 3}'))
    (spark.put("named/a", "").parent / "a").write_bytes(bz2.compress(b"a,b\n1,2\n"))
    told = spark.rows(
        "compressed",
        READS + "counts = {}\n"
        "for kind in ('parquet', 'json', 'csv', 'orc', 'avro'):\n"
        "    W(read('zipped', 'json'), 's3', {'path': f's3://raw/z_{kind}/', 'compression': 'gzip'}, kind)\n"
        "    counts[kind] = read('z_' + kind, kind, {'withHeader': True}).count()\n"
        "tell([rows(read('zipped', 'json')), counts,\n"
        "      rows(read('named', 'csv', {'withHeader': True}, compressionType='bzip2'))])\n",
    )

    assert told == [[[1], [2], [3]], dict.fromkeys(("parquet", "json", "csv", "orc", "avro"), 3), [["1", "2"]]]


def test_json_paths_lead_to_records_in_files_of_any_layout(spark: Spark) -> None:
    spark.put("paths/a.json", '{"d": {"items": [{"a": 1}, {"a": 2}]}}\n{"d": {"items": [{"a": 3}]}}\n')
    spark.put("array/a.json", json.dumps([{"a": 1}, {"a": 2}], indent=2))
    told = spark.rows(
        "json paths",
        READS + "ways = [\"$.d['items'][*]\", '$.d.items', '$.d.items[0]', '$.*.items[*]', '$.none']\n"
        "tell([[rows(read('paths', 'json', {'jsonPath': way})) for way in ways],\n"
        "      rows(read('array', 'json', {'multiline': True})), rows(read('array', 'json', {'jsonPath': '$[*]'}))])\n",
    )

    assert told == [[[[1], [2], [3]], [[1], [2], [3]], [[1], [3]], [[1], [2], [3]], []], [[1], [2]], [[1], [2]]]


def test_a_connection_says_which_files_are_read_and_a_format_that_they_tell_their_names(spark: Spark) -> None:
    for name, number in (("a.csv", 1), ("year=2026/b.csv", 2), ("deep/c.csv", 3), ("deep/d.txt", 4)):
        spark.put(f"tree/{name}", f"n\n{number}\n")
    told = spark.rows(
        "tree",
        READS + "def some(**connection):\n"
        "    return [row[0] for row in rows(read('tree', 'csv', {'withHeader': True}, **connection))]\n"
        "named = read('tree/deep', 'csv', {'withHeader': True, 'attachFilename': 'file', 'attachTimestamp': 'at'},\n"
        "    groupFiles='inPartition', groupSize='1048576')\n"
        'tell([some(), some(recurse=False), some(exclusions=\'["**.txt", "s3://raw/tree/year=*"]\'),\n'
        "      [row[:2] for row in rows(named)], named.toDF().schema['at'].dataType.simpleString()])\n",
    )

    names = [["3", "s3://raw/tree/deep/c.csv"], ["4", "s3://raw/tree/deep/d.txt"]]
    assert told == [["1", "2", "3", "4"], ["1", "2"], ["1", "3"], names, "timestamp"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("read('p', 'ion')", "The format 'ion' cannot be read here"),
        ("read('p', 'grokLog')", "spark.read.text"),
        ("W(read('p', 'json'), 's3', {'path': 's3://raw/q'}, 'xml')", "The format 'xml' cannot be written here"),
        ("read('p', 'xml')", "needs format_options={'rowTag': …}"),
        ("read('p', 'json', bulkRead='1')", "The connection option 'bulkRead' is not followed"),
        ("read('p', 'json', boundedFiles='some')", "boundedFiles must be a whole number, not 'some'"),
        ("read('p', 'json', groupFiles='all')", "groupFiles must be inPartition or none, not 'all'"),
        ("read('p', 'json', compressionType='lzo')", "compressionType 'lzo' of files of text is not known"),
        ("read('p', 'json', {'jsonPath': '$..a'})", "jsonPath '$..a' is not understood at '..'"),
        ("read('p', 'avro')", "a.json is no Avro"),
        ("read('p', 'avro', {'version': '2'})", "version '2' of the format avro is not known; say 1.7 or 1.8"),
        (
            "W(read('p', 'json').rename_field('a', '`a b`'), 's3', {'path': 's3://raw/q'}, 'avro')",
            "Column 'a b' cannot be called so in Avro",
        ),
    ],
)
def test_what_a_format_cannot_is_refused_by_its_name(spark: Spark, body: str, message: str) -> None:
    spark.put("p/a.json", '{"a": 1}')
    name = f"cannot {message}"[:60]
    run = spark.ended(name, spark.start(name, HEAD + READS + body + FOOT))

    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "bomb": (f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]><r><row><a>&l9;</a></row></r>', "limit on input amplification"),
    "outside": (
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><row><a>&x;</a></row></r>',
        "undefined entity",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_xml_neither_grows_without_end_nor_reads_other_files(spark: Spark, name: str) -> None:
    text, message = HOSTILE[name]
    spark.put(f"{name}/a.xml", text)
    body = f"read('{name}', 'xml', {{'rowTag': 'row'}})"
    run = spark.ended(name, spark.start(name, HEAD + READS + body + FOOT))

    assert run["JobRunState"] == "FAILED"
    assert f"{name}/a.xml is no XML: {message}" in run["ErrorMessage"]
