"""The real `runyard` against a real server, in a pipe: what scripts and CI see."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live, is_alive
from waiting import until

RUNYARD = str(Path(sys.executable).parent / "runyard")
SETTINGS = "grace_s = 2.0\nplaces = 8\nwarm_children = 2\npreload = []\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("commands") / "home", settings=SETTINGS).start()
    server.home.chmod(0o700)  # as a server that makes its own home would have it
    yield server
    server.close()


def environment(live: Live, **more: str) -> dict[str, str]:
    return {**os.environ, "RUNYARD_HOME": str(live.home), **more}


def command(live: Live, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    more = {"env": environment(live), **more}
    return subprocess.run([RUNYARD, *arguments], capture_output=True, text=True, timeout=90, check=False, **more)


def done(live: Live, *arguments: str) -> str:
    """Return what a command that must succeed printed."""
    ended = command(live, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def script(tmp_path: Path, text: str, name: str = "script.py") -> str:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def begun(live: Live, *arguments: str) -> subprocess.Popen[str]:
    """Start `runyard run` and return once the script has printed its first line."""
    command, pipe = [RUNYARD, "run", *arguments], subprocess.PIPE
    process = subprocess.Popen(command, env=environment(live), stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "begun"
    return process


def newest(live: Live, job: str) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(done(live, "runs", "list", "--job", job, "--limit", "1", "--json"))[0]
    return run


WAITS = "import os, pathlib, sys, time\npathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
WAITS += "print('begun', flush=True)\nwhile not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.02)\nprint('ended')\n"

# run


def test_a_script_runs_as_if_it_ran_here(live: Live, tmp_path: Path) -> None:
    text = "import sys\nprint(sys.argv[1:])\nprint('é\\n', end='')\nprint('oops', file=sys.stderr)\n"
    ended = command(live, "run", script(tmp_path, text), "--arg", "day=1 2", "--arg", "-x=y=z", "--", "more", "--flag")

    assert ended.returncode == 0
    assert ended.stdout == "['--day', '1 2', '-x', 'y=z', 'more', '--flag']\né\n"
    assert "oops\n" in ended.stderr


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("raise SystemExit(7)", 7, "exit code 7"),
        ("raise SystemExit('no rows')", 1, "no rows"),
        ("raise ValueError('bad row 17')", 1, "ValueError: bad row 17"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 1, "signal 9"),
    ],
)
def test_the_result_of_the_script_is_the_result_of_the_command(
    live: Live, tmp_path: Path, text: str, code: int, told: str
) -> None:
    ended = command(live, "run", script(tmp_path, text))

    assert ended.returncode == code
    assert told in ended.stderr.splitlines()[-1]


def test_output_is_seen_while_the_script_runs(live: Live, tmp_path: Path) -> None:
    process = begun(live, script(tmp_path, WAITS), "--", str(tmp_path / "pid"), str(tmp_path / "go"))
    (tmp_path / "go").touch()
    out, _ = process.communicate(timeout=60)

    assert out == "ended\n"
    assert process.returncode == 0


def test_ctrl_c_stops_the_run(live: Live, tmp_path: Path) -> None:
    name = script(tmp_path, WAITS, "interrupted.py")
    process = begun(live, name, "--", str(tmp_path / "pid"), str(tmp_path / "never"))
    pid = int((tmp_path / "pid").read_text())
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "stopping run" in told
    assert newest(live, "interrupted.py")["phase"] == "cancelled"
    assert not is_alive(pid)


def test_a_second_ctrl_c_leaves_a_run_that_does_not_want_to_stop(live: Live, tmp_path: Path) -> None:
    text = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS
    name = script(tmp_path, text, "stubborn.py")
    process = begun(live, name, "--", str(tmp_path / "pid"), str(tmp_path / "never"))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    until(lambda: process.stderr is not None and "stopping run" in process.stderr.readline())
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 130
    assert newest(live, "stubborn.py")["phase"] in {"stopping", "cancelled"}
    process.communicate()


def test_retries_are_followed_to_the_one_that_succeeds(live: Live, tmp_path: Path) -> None:
    text = "import pathlib, sys\nmark = pathlib.Path(sys.argv[1])\nprint('try', mark.exists())\n"
    text += "if not mark.exists():\n    mark.touch()\n    sys.exit(1)\n"
    ended = command(live, "run", script(tmp_path, text, "retried.py"), "--retries", "1", "--", str(tmp_path / "mark"))
    run_id = str(newest(live, "retried.py")["id"])

    assert ended.returncode == 0
    assert ended.stdout == "try False\ntry True\n"
    assert "attempt 1 follows" in ended.stderr
    assert done(live, "runs", "logs", run_id) == "try True\n"
    assert done(live, "runs", "logs", run_id, "--attempt", "0") == "try False\n"
    assert done(live, "runs", "logs", "-f", run_id) == "try False\ntry True\n"


def test_a_script_that_takes_too_long_is_ended(live: Live, tmp_path: Path) -> None:
    ended = command(live, "run", script(tmp_path, "import time; time.sleep(60)"), "--timeout", "0.3")

    assert ended.returncode == 1
    assert "timed_out" in ended.stderr.splitlines()[-1]


def test_a_script_comes_from_standard_input_with_variables(live: Live) -> None:
    text = "import os; print(os.environ['KEY'])"
    ended = command(live, "run", "-", "--name", "piped", "--env", "KEY=a=b", input=text)

    assert (ended.returncode, ended.stdout) == (0, "a=b\n")
    assert newest(live, "piped")["job_name"] == "piped"


def test_a_script_may_lie_on_the_server(live: Live) -> None:
    uri = live.put_script("there.py", "print('from there')")

    assert done(live, "run", uri) == "from there\n"


def test_a_detached_run_is_waited_for_and_forgotten(live: Live, tmp_path: Path) -> None:
    run_id = done(live, "run", script(tmp_path, "print('hello')", "detached.py"), "--detach").strip()
    waited = done(live, "runs", "wait", run_id)
    shown = done(live, "runs", "show", run_id)

    assert f"run {run_id} of detached.py succeeded" in waited
    assert "phase     succeeded" in shown
    assert done(live, "runs", "logs", run_id) == "hello\n"
    assert json.loads(done(live, "runs", "show", run_id, "--json"))["attempts"][0]["exit_code"] == 0
    assert done(live, "runs", "delete", run_id) == f"deleted run {run_id}\n"
    assert "not found" in command(live, "runs", "show", run_id).stderr


def test_waiting_ends_with_the_result_or_when_the_time_is_up(live: Live, tmp_path: Path) -> None:
    failing = done(live, "run", script(tmp_path, "raise SystemExit(3)"), "--detach").strip()
    endless = done(live, "run", script(tmp_path, "import time; time.sleep(600)"), "--detach").strip()
    late = command(live, "runs", "wait", endless, "--timeout", "0.2")

    assert command(live, "runs", "wait", failing).returncode == 1
    assert late.returncode == 1
    assert "did not end within 0.2 s" in late.stderr
    assert done(live, "runs", "stop", endless).startswith(f"run {endless} is ")
    assert json.loads(command(live, "runs", "wait", endless, "--json").stdout)["phase"] == "cancelled"


@pytest.mark.parametrize("words", [["wait"], ["logs", "-f"]])
def test_ctrl_c_ends_the_watching_of_a_run_as_shells_expect_it(live: Live, tmp_path: Path, words: list[str]) -> None:
    gate = tmp_path / "gate"
    run_id = done(live, "run", script(tmp_path, WAITS), str(tmp_path / "pid"), str(gate), "--detach").strip()
    process = subprocess.Popen(
        [RUNYARD, "runs", *words, run_id],
        env=environment(live),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    seen = process.stdout if "-f" in words else process.stderr
    assert seen is not None
    assert seen.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    gate.touch()

    assert process.returncode == 130
    assert "Traceback" not in err
    assert "succeeded" in done(live, "runs", "wait", run_id)


def test_lists_in_a_pipe_are_plain_aligned_and_whole(live: Live, tmp_path: Path) -> None:
    name = "a-name-" + "x" * 150
    done(live, "runs", "wait", done(live, "run", script(tmp_path, "pass"), "--name", name, "--detach").strip())
    header, *rows = done(live, "runs", "list", "--job", name).splitlines()

    assert header.split() == ["ID", "JOB", "LANGUAGE", "PHASE", "CREATED", "TOOK", "MESSAGE"]
    assert len(rows) == 1
    assert name in rows[0]
    assert rows[0].index("native") == header.index("LANGUAGE")
    assert "\x1b" not in rows[0]


def test_lists_are_narrowed_and_limited(live: Live, tmp_path: Path) -> None:
    for code in (0, 1, 0):
        command(live, "run", script(tmp_path, f"raise SystemExit({code})", "narrow.py"))

    def phases(*arguments: str) -> list[str]:
        listed = json.loads(done(live, "runs", "list", "--job", "narrow.py", "--json", *arguments))
        return [run["phase"] for run in listed]

    assert phases() == ["succeeded", "failed", "succeeded"]
    assert phases("--phase", "failed") == ["failed"]
    assert phases("--active") == []
    assert phases("--limit", "2") == ["succeeded", "failed"]


# jobs of Glue


def test_a_job_of_glue_is_started_followed_and_named_in_both_spellings(live: Live) -> None:
    name = live.make_job("both", "import sys\nprint(sys.argv[sys.argv.index('--day') + 1])")
    started = command(live, "jobs", "start", name, "--arg", "day=monday", "--follow")
    (seen,) = live.client("glue").get_job_runs(JobName=name)["JobRuns"]

    assert (started.returncode, started.stdout) == (0, "monday\n")
    assert (seen["JobRunState"], seen["Arguments"]) == ("SUCCEEDED", {"--day": "monday"})
    assert done(live, "runs", "logs", seen["Id"]) == "monday\n"
    assert newest(live, name)["language"] == "glue"


def test_a_run_started_here_is_the_run_that_glue_would_have_started(live: Live) -> None:
    name = live.make_job("same", "pass", DefaultArguments={"--a": "1"}, Timeout=7, MaxRetries=1)
    glue = live.client("glue")
    by_glue = glue.start_job_run(JobName=name)["JobRunId"]
    done(live, "runs", "wait", by_glue)
    by_us = done(live, "jobs", "start", name).strip()
    done(live, "runs", "wait", by_us)
    ours, theirs = glue.get_job_runs(JobName=name)["JobRuns"]
    differ = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}

    assert differ <= {"Id", "StartedOn", "LastModifiedOn", "CompletedOn", "ExecutionTime"}


def test_jobs_are_listed_shown_and_deleted(live: Live) -> None:
    name = live.make_job("kept/with slash", "pass", Tags={"team": "data"})
    listed = done(live, "jobs", "list")
    shown = done(live, "jobs", "show", name)

    assert name in listed
    assert "team=data" in shown
    assert json.loads(done(live, "jobs", "show", name, "--json"))["settings"]["Command"]["Name"] == "pythonshell"
    assert done(live, "jobs", "delete", name) == f"deleted job {name}\n"
    assert "not found" in command(live, "jobs", "show", name).stderr


# env, doctor, completion


def test_the_aws_cli_works_after_eval_of_env(live: Live) -> None:
    name = live.make_job("seen-by-aws", "pass")
    line = f'eval "$({RUNYARD} env)" && {Path(sys.executable).parent}/aws glue get-job --job-name {name}'
    clean = {key: value for key, value in environment(live).items() if not key.startswith("AWS_")}
    shell = ["/bin/bash", "-c", line]
    ended = subprocess.run(shell, env=clean, capture_output=True, text=True, timeout=90, check=False)

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["Job"]["Name"] == name


def test_env_tells_programs_the_same_as_shells(live: Live) -> None:
    told = json.loads(done(live, "env", "--json"))
    lines = done(live, "env").splitlines()

    assert told["AWS_ENDPOINT_URL"] == told["DATABRICKS_HOST"] == told["DREMIO_URI"] == live.url
    assert told["DATABRICKS_TOKEN"] == live.credentials["token"]
    assert lines == [f"export {name}='{value}'" for name, value in told.items()]
    assert told["PGPASSWORD"] == live.credentials["password"]
    assert {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE"} < told.keys()


def test_an_address_with_a_token_does_as_well_as_a_home(live: Live, tmp_path: Path) -> None:
    named = {"RUNYARD_TOKEN": live.credentials["token"], "RUNYARD_HOME": str(tmp_path / "nowhere")}
    right = command(live, "runs", "list", "--url", live.url, env=environment(live, **named))
    wrong = command(live, "runs", "list", "--url", live.url, env=environment(live, **{**named, "RUNYARD_TOKEN": "no"}))

    assert right.returncode == 0
    assert wrong.returncode == 1
    assert "credential" in wrong.stderr


def test_a_job_can_use_the_commands_itself(live: Live, tmp_path: Path) -> None:
    text = f"import subprocess\nsubprocess.run([{RUNYARD!r}, 'runs', 'list', '--active'], check=True)\n"

    assert "calls-home" in done(live, "run", script(tmp_path, text), "--name", "calls-home")


def test_the_doctor_finds_a_server_well(live: Live) -> None:
    findings = {one["name"]: one for one in json.loads(done(live, "doctor", "--json"))}

    assert live.url in findings["server"]["text"]
    assert {findings[name]["status"] for name in ("home", "credentials", "ledger", "launcher", "server")} == {"ok"}
    assert done(live, "doctor").count("\n") >= len(findings)


def test_no_command_but_env_prints_a_secret(live: Live, tmp_path: Path) -> None:
    name = live.make_job("discreet", "pass")
    run_id = done(live, "run", script(tmp_path, "pass"), "--env", "KEY=hunter2", "--detach").strip()
    printed = [
        done(live, "doctor"),
        done(live, "doctor", "--json"),
        done(live, "jobs", "show", name, "--json"),
        done(live, "runs", "show", run_id, "--json"),
        done(live, "runs", "list", "--json"),
        command(live, "runs", "show", "1").stderr,
    ]
    keys = live.credentials
    secrets = [keys["secret_key"], keys["token"], keys["password"], "hunter2"]

    assert not [secret for secret in secrets for text in printed if secret in text]


def test_names_and_ids_are_completed_from_the_server(live: Live, tmp_path: Path) -> None:
    live.make_job("complete-me", "pass")
    run_id = done(live, "run", script(tmp_path, "pass"), "--detach").strip()

    def completed(home: Path, *words: str) -> str:
        asked = {"_RUNYARD_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        return command(live, env=environment(live, RUNYARD_HOME=str(home), **asked)).stdout

    assert completed(live.home, "runyard", "jobs", "show", "comp") == "plain,complete-me\n"
    assert f"plain,{run_id}\n" in completed(live.home, "runyard", "runs", "logs", run_id[:6])
    assert completed(tmp_path / "nowhere", "runyard", "jobs", "show", "comp").strip() == ""


# wrong input


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["runs", "show", "jr_nonsense"], 2, "jr_nonsense"),
        (["runs", "show"], 2, "RUN"),
        (["runs", "show", "12345"], 1, "Run 12345 not found"),
        (["runs", "show", "9" * 16], 1, "9" * 16),
        (["runs", "list", "--phase", "asleep"], 2, "asleep"),
        (["runs", "list", "--phase", "failed", "--active"], 2, "--active"),
        (["runs", "list", "--limit", "0"], 2, "0"),
        (["runs", "stop", "12345"], 1, "not found"),
        (["jobs", "start", "nobody"], 1, "nobody"),
        (["jobs", "start", "nobody", "--arg", "novalue"], 2, "novalue"),
        (["jobs", "delete", "nobody"], 1, "nobody"),
        (["run", "no/such/file.py"], 2, "no/such/file.py"),
        (["run", "/"], 2, "directory"),
        (["run", sys.executable], 2, "UTF-8"),
        (["run", __file__, "--json"], 2, "--detach"),
        (["run", __file__, "--timeout", "-1"], 2, "-1"),
        (["runs", "list", "--url", "nonsense"], 1, "nonsense"),
        (["runs", "list", "--home", "/nonexistent/home"], 1, "runyard serve"),
        (["env", "--home", "/nonexistent/home"], 1, "runyard serve"),
        (["env", "--shell", "tcsh"], 2, "tcsh"),
        (["completion", "tcsh"], 2, "tcsh"),
        (["serve", "--port", "70000"], 2, "70000"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_input_is_named_and_told_by_the_exit_status(
    live: Live, arguments: list[str], code: int, told: str
) -> None:
    ended = command(live, *arguments)

    assert ended.returncode == code, ended.stderr
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
