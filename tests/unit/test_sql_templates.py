from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.sql.errors import SqlError
from runyard.sql.templating.templates import filled, read_data

DATA: dict[str, Any] = {
    "values": {"name": "nightly", "count": 3, "is_on": True, "nothing": None, "empty": [], "it": "it's"},
    "jobs": [{"id": 1, "tags": {"a": "x"}}, {"id": 2, "tags": {}}],
    "by_name": {"b": 2, "a": 1},
    "deep": {"list": [["a", "b"], ["c"]]},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("SELECT 1", "SELECT 1"),
        ("{{ .values.name }}", "nightly"),
        ("{{.values.name}}-{{ .values.count }}", "nightly-3"),
        ("{{ .values.is_on }} {{ .values.nothing }}", "true null"),
        ("{{ .values.empty }} {{ .by_name }}", '[] {"b": 2, "a": 1}'),
        ("{{ $.values.name }}", "nightly"),
        ("{{ (index .jobs 0).tags.a }}", "x"),
        ("{{ index .deep.list 0 1 }}", "b"),
        ("{{ len .jobs }} {{ len .values.name }}", "2 7"),
        ("{{/* nothing */}}a{{- /* trimmed */ -}}  b", "ab"),
        ("a  {{- .values.count -}}  b", "a3b"),
        ("{{ if .values.is_on }}on{{ else }}off{{ end }}", "on"),
        ("{{ if .values.empty }}some{{ else if eq .values.count 3 }}three{{ else }}none{{ end }}", "three"),
        ("{{ with .values.name }}<{{ . }}>{{ end }}{{ with .values.empty }}x{{ else }}y{{ end }}", "<nightly>y"),
        ("{{ range .jobs }}{{ .id }},{{ end }}", "1,2,"),
        ("{{ range $i, $job := .jobs }}{{ if $i }}, {{ end }}{{ $i }}={{ $job.id }}{{ end }}", "0=1, 1=2"),
        ("{{ range $job := .jobs }}{{ $job.id }}{{ end }}", "12"),
        ("{{ range $name, $value := .by_name }}{{ $name }}{{ $value }}{{ end }}", "a1b2"),
        ("{{ range .values.empty }}x{{ else }}none{{ end }}", "none"),
        ("{{ range .jobs }}{{ if eq .id 2 }}{{ break }}{{ end }}{{ .id }}{{ end }}", "1"),
        ("{{ range .jobs }}{{ if eq .id 1 }}{{ continue }}{{ end }}{{ .id }}{{ end }}", "2"),
        ("{{ $x := 1 }}{{ range .jobs }}{{ $x = .id }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := .values.name }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "2nightly"),
        (
            '{{ printf "%s has %d of %5.2f%% (%q, %v, %t, %x)" .values.name 3 1.5 "a" .values.empty true 255 }}',
            'nightly has 3 of  1.50% ("a", [], true, ff)',
        ),
        ('{{ printf "%-6s|%06d" "ab" 42 }}', "ab    |000042"),
        ('{{ "a" | printf "%s-%s" "b" }}', "b-a"),
        (
            '{{ eq .values.count 1 3 }} {{ ne 1 2 }} {{ lt 1 2 }} {{ ge 2 2 }} {{ gt "b" "a" }}',
            "true true true true true",
        ),
        ('{{ and 1 .values.empty 2 }} {{ or 0 "x" }} {{ not .values.empty }}', "[] x true"),
        ('{{ slice .values.name 0 3 }} {{ print 1 "a" }}', "nig 1a"),
        ('{{ `raw "text"` }} {{ "tab\\t" }} {{ \'a\' }} {{ 0x10 }} {{ -1.5 }}', 'raw "text" tab\t 97 16 -1.5'),
        (
            "{{ json .values.it }} {{ .values.it | sql }} {{ sql nil }} {{ sql true }} {{ sql .by_name }}",
            "\"it's\" 'it''s' NULL TRUE '{\"b\": 2, \"a\": 1}'",
        ),
        ("{{ job_id }} {{ other }} {{ name }}", "17 x nightly"),
        ("{{ .job_id }}", "17"),
    ],
)
def test_a_template_is_written_out(template: str, text: str) -> None:
    assert filled(template, variables={"job_id": "17", "other": "x"}, data=DATA) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("SELECT '{{ .values.it }}', {{ sql .values.it }}", "SELECT 'it''s', 'it''s'"),
        ("-- don't\nSELECT '{{ .values.it }}'", "-- don't\nSELECT 'it''s'"),
        ("SELECT \"a'b\", '{{ .values.it }}'", "SELECT \"a'b\", 'it''s'"),
        ("SELECT 'a''{{ .values.it }}'", "SELECT 'a''it''s'"),
        ("SELECT /* ' */ {{ .values.it }}", "SELECT /* ' */ it's"),
        ("{{ range .jobs }}SELECT '{{ .id }}{{ $.values.it }}';{{ end }}", "SELECT '1it''s';SELECT '2it''s';"),
    ],
)
def test_what_stands_between_quotes_cannot_end_them(template: str, text: str) -> None:
    assert filled(template, variables={}, data=DATA) == text


def test_blocks_of_json_are_values_of_the_text() -> None:
    text = '<<<json\n{"values": {"a": 1}}\n>>>\nSELECT {{ .values.a }}, {{ .b }}\n<<< {"b": [2]} >>>'

    assert filled(text, variables={}, data={"values": {"a": 7}, "b": 8}).split() == ["SELECT", "1,", "[2]"]


def test_what_the_command_line_says_goes_before_blocks_and_files() -> None:
    assert filled('<<<json {"a": 1} >>>{{ .a }}', variables={"a": "2"}, data={"a": 3}).strip() == "2"


def test_a_block_of_jsonnet_is_evaluated() -> None:
    pytest.importorskip("_jsonnet")
    block = "<<<jsonnet\nlocal day = std.extVar('day');\n{values: {day: day, n: 1 + 1}}\n>>>"
    text = block + "{{ .values.day }} {{ .values.n }}"

    assert filled(text, variables={"day": "monday"}, data={}).strip() == "monday 2"


def test_values_are_read_from_files(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text('{"a": 1}')

    assert read_data(file, {}) == {"a": 1}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.json", "[1]", "values have names, so that an object is expected."),
        ("x.json", "{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("missing.json", None, "cannot be read: No such file or directory."),
    ],
)
def test_a_file_that_gives_no_values_is_told(tmp_path: Path, name: str, content: str | None, problem: str) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_text(content)

    with pytest.raises(SqlError) as raised:
        read_data(file, {})

    assert str(raised.value).startswith(f"--data {file}")
    assert str(raised.value).endswith(problem)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        (
            "a\n{{ .nope }}",
            "There is no member nope; there are values, jobs, by_name, deep, at line 2, column 4. Values",
        ),
        ("{{ .values.name.x }}", "nightly has no member x, at line 1, column 4."),
        ("{{ nope }}", "nope has no value, at line 1, column 4. Give it with --var nope=VALUE."),
        ("{{ nope 1 }}", "nope is no function of templates; there are and, or, not, eq"),
        ("{{ $x }}", "The variable $x is not declared, at line 1, column 4."),
        ("{{ if true }}", "{{if}}: no {{end}} follows, at line 1, column 1."),
        ("{{ end }}", "{{end}}: nothing is open here, at line 1, column 1."),
        ("{{ else }}", "{{else}}: nothing is open here, at line 1, column 1."),
        (
            "{{ if true }}{{ else }}{{ else }}{{ end }}",
            "{{else}}: an {{else}} stands here already, at line 1, column 24.",
        ),
        ("{{ .values", "{{ begins an action that does not end with }}, at line 1, column 1."),
        (
            "{{ .values | }}",
            "In a template a value or a function is expected, and the action ends, at line 1, column 1.",
        ),
        ("{{ (.values }}", "In a template a closing parenthesis is expected, and the action ends"),
        ("{{ .values ) }}", "In a template the action should end before ), at line 1, column 12."),
        ("{{ ? }}", "In a template nothing is written '? ', at line 1, column 4."),
        ('{{ define "x" }}', "{{define}}: templates define no other templates here; write the text out"),
        (
            "{{ range .values.count }}{{ end }}",
            "{{range}} goes over a list or an object, not over 3, at line 1, column 1.",
        ),
        ("{{ index .jobs 7 }}", "index: there is no place 7 among 2, at line 1, column 4."),
        ("{{ index .jobs.x }}", '[{"id": 1, "tags": {"a": "x"}}, {"id": 2 has no member x'),
        ("{{ len 3 }}", "len: 3 has no length"),
        ('{{ lt 1 "a" }}', "lt: 1 and a cannot be compared"),
        ("{{ not }}", "not: it does not take 0 values"),
        ('{{ printf "%z" 1 }}', "printf: printf has no %z; it has %v"),
        ('{{ printf "%d" "a" }}', "printf: %d is for whole numbers, not a"),
        ('{{ printf "%d" }}', "printf: printf has no value for %d"),
        ('{{ printf "a" 1 }}', "printf: printf has no place for 1"),
        ("<<<yaml a: 1 >>>", "A block is of json or jsonnet, not of yaml, at line 1, column 1."),
        ('\n<<<json {"a" 1} >>>', "This is no JSON: Expecting ':' delimiter, at line 2, column 14."),
        ("<<<json [1] >>>", "This block is refused: values have names, so that an object is expected, at line 1"),
        ("{{ if true }}" * 60, "{{if}}: branches stand in each other more than 50 deep, at line 1"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_with_its_place(template: str, problem: str) -> None:
    with pytest.raises(SqlError) as raised:
        filled(template, variables={}, data=DATA)

    assert str(raised.value).startswith(problem)


def test_a_template_does_not_write_without_end() -> None:
    numbers = {"n": list(range(3_000)), "text": "x" * 5_000}

    with pytest.raises(SqlError, match="writes more than 16,777,216 characters"):
        filled("{{ range .n }}{{ range $.n }}{{ $.text }}{{ end }}{{ end }}", variables={}, data=numbers)


PIECES = """
{{ }} if end else range .values .x $ $x := = | ( ) "a" ' ` 1 len printf index - /* */ {{- -}} true <<< >>> json {}
"""


@given(st.lists(st.sampled_from([*PIECES.split(), " ", "\n"]), max_size=25).map("".join))
@settings(max_examples=1_000, deadline=None)
def test_any_template_is_written_or_refused(template: str) -> None:
    try:
        written = filled(template, variables={}, data=DATA)
    except SqlError as error:
        written = str(error)

    assert isinstance(written, str)
