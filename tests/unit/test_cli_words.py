"""How the commands read what people type, and how they write records, variables and results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner

from runyard.cli import output
from runyard.cli.arguments import Pair, RunId, argv
from runyard.cli.attending import result
from runyard.cli.main import commands
from runyard.cli.output import STYLES, aligned, length
from runyard.cli.run import read_script
from runyard.cli.runs import facts
from runyard.cli.serve import ready_line, welcome
from runyard.cli.target import Target
from runyard.cli.variables import CLIENT_MODELS, assignment, variables
from runyard.cli.watching import ending, standing
from runyard.client.errors import NoServer
from runyard.core.run import PHASES
from runyard.dialects.aws_ids import run_id
from runyard.dialects.dremio_ids import project_id
from runyard.web.server import Ready

CONTEXT = click.Context(commands)
READY = Ready(url="http://127.0.0.1:1", pg="postgresql://admin@127.0.0.1:2/default", home="/srv/yard", pid=7)
RUN = {"id": 7, "job_name": "etl", "phase": "running", "attempt": 0, "updated_at": 5000}


def every_command(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(CONTEXT):
            yield from every_command(found(command, name), (*path, name))


def found(group: click.Group, name: str) -> click.Command:
    command = group.get_command(CONTEXT, name)
    assert command is not None
    return command


@pytest.mark.parametrize("path", list(every_command(commands)), ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(commands, [*path, "--help"])

    assert ended.exit_code == 0
    assert "Example: " in ended.output
    assert all(option.help for option in _options(path)), path


def _options(path: tuple[str, ...]) -> list[click.Option]:
    command: click.Command = commands
    for name in path:
        assert isinstance(command, click.Group)
        command = found(command, name)
    return [one for one in command.params if isinstance(one, click.Option)]


def test_only_the_command_that_is_named_is_imported() -> None:
    program = "import sys; from runyard.cli.main import main; sys.argv[1:] = ['env', '--home', '/nonexistent']\n"
    program += "try: main()\nexcept SystemExit: print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"rich", "msgspec", "http.client", "runyard.cli.runs", "runyard.engine.engine", "runyard.store.store"}

    assert "runyard.cli.variables" in ended.stdout.split()
    assert heavy.isdisjoint(ended.stdout.split())


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(commands, ["--version"]).output.startswith("runyard 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion_script(shell: str) -> None:
    ended = CliRunner().invoke(commands, ["completion", shell])

    assert ended.exit_code == 0
    assert "_RUNYARD_COMPLETE" in ended.output


# what people type


@pytest.mark.parametrize("text", ["123", " 123 ", run_id(123), run_id(123, 2)])
def test_a_run_is_named_in_any_spelling(text: str) -> None:
    assert RunId().convert(text, None, None) == 123


@pytest.mark.parametrize("text", ["", "-1", "1.5", "jr_", "jr_" + "0" * 63, "j_1", "٣", "9" * 17])
def test_what_is_no_run_id_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no run id"):
        RunId().convert(text, None, None)


def test_pairs_become_the_command_line_of_a_script() -> None:
    pairs = [Pair().convert(text, None, None) for text in ("day=1=2", "--flag=", "-x=y")]

    assert argv(pairs, ["a", "--b"]) == ["--day", "1=2", "--flag", "", "-x", "y", "a", "--b"]


@pytest.mark.parametrize("text", ["day", "=1", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="NAME=VALUE"):
        Pair().convert(text, None, None)


@pytest.mark.parametrize("uri", ["s3://b/k.py", "file:///x.py", "dbfs:/x.py"])
def test_a_uri_is_left_to_the_server(uri: str) -> None:
    assert read_script(uri) == {"uri": uri}


# what they are told


def test_every_phase_has_a_colour() -> None:
    assert set(STYLES) == set(PHASES)


def test_columns_stand_below_each_other_and_nothing_breaks_a_line() -> None:
    assert aligned([["A", "B"], ["longer", "x\ny"], ["", "z"]]) == ["A       B", "longer  x y", "-       z"]


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""),
        (0, "0 ms"),
        (999, "999 ms"),
        (1000, "1.0 s"),
        (59_900, "59.9 s"),
        (61_000, "1 min 01 s"),
        (3_600_000, "1 h 00 min"),
        (90_000_000, "25 h 00 min"),
    ],
)
def test_lengths_are_said_as_people_say_them(milliseconds: int | None, text: str) -> None:
    assert length(milliseconds) == text


def test_a_run_says_what_started_it_and_how_often_it_was_repaired() -> None:
    told = {"language": "databricks", "created_at": 0, **RUN}

    shown = facts({**told, "repairs": 2, "started_by": {"kind": "run_job", "run_id": 5, "task_key": "call"}})
    plain = facts({**told, "repairs": 0, "started_by": {}})
    timed = facts({**told, "started_by": {"kind": "schedule"}})

    assert (shown["started by"], shown["repairs"]) == ("run job of run 5", "2")
    assert (plain["started by"], plain["repairs"]) == ("", "")
    assert timed["started by"] == "schedule"


def test_a_run_that_waits_says_why() -> None:
    assert standing({**RUN, "phase": "queued", "reason": "no place"}) == "run 7 of etl is queued: no place"
    assert standing({**RUN, "attempt": 2}) == "run 7 of etl is running, attempt 2"


def test_a_run_that_ended_says_how_and_after_what_time() -> None:
    ended = {**RUN, "phase": "failed", "running_at": 1000, "ended_at": 3500, "message": "bad row"}

    assert ending(ended) == "run 7 of etl failed after 2.5 s: bad row"
    assert ending({**RUN, "phase": "skipped"}) == "run 7 of etl skipped"


@pytest.mark.parametrize(
    ("phase", "attempts", "code"),
    [
        ("succeeded", [{"exit_code": 0}], 0),
        ("failed", [{"exit_code": 1}, {"exit_code": 7}], 7),
        ("failed", [{"exit_code": 0}], 1),
        ("failed", [{"signal": 9}], 1),
        ("timed_out", [{}], 1),
        ("skipped", [], 1),
    ],
)
def test_the_exit_status_stands_for_the_result(phase: str, attempts: list[dict[str, Any]], code: int) -> None:
    assert result({"phase": phase}, attempts) == code


def test_the_welcome_warns_of_a_server_that_believes_everybody() -> None:
    assert "\x1b[31m" in welcome(READY, "http://here/", auth=False)
    assert "AUTHENTICATION" not in welcome(READY, "http://here/login#once", auth=True)
    address = "postgresql://admin@127.0.0.1:2/default"
    told = f'{{"url": "http://127.0.0.1:1", "pg": "{address}", "home": "/srv/yard", "pid": 7, "flight": null}}'
    assert ready_line(READY) == told


# variables

NASTY = 'it\'s "$HOME" `id` \\ é\n#'


def test_a_shell_reads_back_what_was_quoted_for_it() -> None:
    line = assignment("KEY", NASTY, for_shell="bash") + '; printf %s "$KEY"'
    shell = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)

    assert shell.stdout == NASTY


def test_other_shells_are_told_in_their_words() -> None:
    assert assignment("KEY", "a'b\\c", for_shell="fish") == "set -gx KEY 'a\\'b\\\\c'"
    assert assignment("KEY", "a'b", for_shell="powershell") == "$env:KEY = 'a''b'"
    assert assignment("KEY", "a", for_shell="zsh") == "export KEY='a'"


def test_an_address_needs_its_keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RUNYARD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    target = Target(url="http://far:8642/")

    with pytest.raises(NoServer, match="AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, RUNYARD_TOKEN"):
        variables(target)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RUNYARD_TOKEN"):
        monkeypatch.setenv(name, f"ws.{name}")
    assert variables(target)["DREMIO_URI"] == "http://far:8642"
    assert variables(target)["DREMIO_PROJECT_ID"] == project_id("RUNYARD_TOKEN")
    monkeypatch.setenv("AWS_DATA_PATH", os.pathsep.join(["/mine", variables(target)["AWS_DATA_PATH"]]))
    assert variables(target)["AWS_DATA_PATH"] == os.pathsep.join(["/mine", str(CLIENT_MODELS)])


def test_a_named_home_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("RUNYARD_URL", "http://far:8642")

    assert Target().address == "http://far:8642"
    assert Target(home=tmp_path).address is None
    assert Target(home=tmp_path, url="http://near:1").address == "http://near:1"


def test_postgres_is_named_only_where_it_is_spoken(tmp_path: Any) -> None:
    keys = '{"access_key": "A", "secret_key": "S", "token": "T", "password": "P"}'
    (tmp_path / "credentials.json").write_text(keys)
    place = '{"url": "http://127.0.0.1:1", "pg": %s, "home": "", "pid": 1}'
    (tmp_path / "server.json").write_text(place % '"postgresql://admin@127.0.0.1:8643/default"')
    spoken = variables(Target(home=tmp_path))
    (tmp_path / "server.json").write_text(place % "null")

    assert {name: value for name, value in spoken.items() if name.startswith("PG")} == {
        "PGHOST": "127.0.0.1",
        "PGPORT": "8643",
        "PGUSER": "admin",
        "PGPASSWORD": "P",
        "PGDATABASE": "default",
    }
    assert not [name for name in variables(Target(home=tmp_path)) if name.startswith("PG")]


@pytest.mark.parametrize("words", [["start", "j", "--arg", "a=\udcff"], ["show", "\udcff"], ["delete", "\udcff"]])
def test_what_is_typed_and_no_text_is_refused(words: list[str]) -> None:
    ended = CliRunner().invoke(commands, ["jobs", *words, "--url", "http://127.0.0.1:9"])

    assert ended.exit_code == 2
    assert "is not UTF-8" in ended.output


def test_what_an_output_cannot_spell_is_escaped() -> None:
    told = "from runyard.cli import main, output; main.commands = lambda **_: output.print_json(['a\\ud800b'])"
    ended = subprocess.run(
        [sys.executable, "-c", f"{told}; main.main()"], capture_output=True, check=True, text=True, timeout=60
    )

    assert json.loads(ended.stdout) == ["a\ud800b"]


def test_what_would_steer_a_terminal_is_shown_and_not_obeyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for is_terminal, shown in ((True, "a�[31m\n       b\tc"), (False, "a\x1b[31m\n       b\tc")):
        monkeypatch.setattr(output, "is_terminal", lambda is_terminal=is_terminal: is_terminal)
        output.print_record({"state": "a\x1b[31m\nb\tc"})

        assert capsys.readouterr().out.endswith(f"  {click.unstyle(shown) if not is_terminal else shown}\n")


@pytest.mark.parametrize(
    "words", [["run", __file__, "--timeout"], ["runs", "wait", "7", "--timeout"], ["arazzo", "run", "x", "--timeout"]]
)
@pytest.mark.parametrize("seconds", ["nan", "inf", "1e309"])
def test_a_time_is_a_number(words: list[str], seconds: str) -> None:
    ended = CliRunner().invoke(commands, [*words, seconds])

    assert ended.exit_code == 2
    assert f"{seconds} is no number of seconds" in ended.output
