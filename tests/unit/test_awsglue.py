from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import runyard
from runyard.runtime.awsglue.utils import GlueArgumentError, getResolvedOptions

RUNTIME = Path(runyard.__file__).parent / "runtime"
BESIDE_SCRIPT = ["script.py"]


def resolve(words: str, *options: str) -> dict[str, str | None]:
    return getResolvedOptions([*BESIDE_SCRIPT, *words.split()], options)


def test_a_parameter_is_read_in_both_spellings_of_a_command_line() -> None:
    found = resolve("--bucket raw --day=2024-02-29", "bucket", "day")

    assert found["bucket"] == "raw"
    assert found["day"] == "2024-02-29"


def test_the_result_holds_what_aws_always_adds_and_nothing_unasked() -> None:
    found = resolve("--JOB_NAME sales --unasked 1", "JOB_NAME")

    assert found == {
        "job_bookmark_option": "job-bookmark-disable",
        "job_bookmark_from": None,
        "job_bookmark_to": None,
        "JOB_ID": None,
        "JOB_RUN_ID": None,
        "SECURITY_CONFIGURATION": None,
        "encryption_type": None,
        "enable_data_lineage": None,
        "RedshiftTempDir": None,
        "TempDir": None,
        "JOB_NAME": "sales",
    }


def test_reserved_parameters_are_read_and_may_be_asked_for() -> None:
    words = "--JOB_ID j_1 --JOB_RUN_ID jr_1 --TempDir s3://t/ --encryption-type sse-s3 --enable-data-lineage true"

    found = resolve(words, "JOB_RUN_ID", "TempDir")

    assert found["JOB_ID"] == "j_1"
    assert found["JOB_RUN_ID"] == "jr_1"
    assert found["TempDir"] == "s3://t/"
    assert found["RedshiftTempDir"] == "s3://t/"
    assert found["encryption_type"] == "sse-s3"
    assert found["enable_data_lineage"] == "true"


def test_a_reserved_parameter_that_is_asked_for_must_be_there() -> None:
    with pytest.raises(GlueArgumentError, match="the following arguments are required: --TempDir"):
        resolve("--JOB_NAME x", "JOB_NAME", "TempDir")


def test_every_missing_parameter_is_named() -> None:
    with pytest.raises(GlueArgumentError, match=r"^the following arguments are required: --bucket, --day$"):
        resolve("", "bucket", "day")


def test_a_parameter_without_a_value_is_refused() -> None:
    with pytest.raises(GlueArgumentError, match="argument --bucket: expected one argument"):
        resolve("--bucket --day 1", "bucket", "day")


def test_a_name_is_never_abbreviated() -> None:
    found = resolve("--day 1 --days 2", "day")

    assert found["day"] == "1"
    with pytest.raises(GlueArgumentError):
        resolve("--days 2", "day")


def test_the_last_of_a_repeated_parameter_counts_and_an_empty_value_is_one() -> None:
    assert resolve("--day 1 --day 2", "day", "day")["day"] == "2"
    assert getResolvedOptions(["script.py", "--day", ""], ["day"])["day"] == ""


def test_a_hyphen_in_a_name_is_an_underscore_in_its_key() -> None:
    assert resolve("--source-bucket raw", "source-bucket")["source_bucket"] == "raw"


def test_a_reserved_name_with_hyphens_before_it_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Using reserved arguments --JOB_RUN_ID"):
        resolve("--JOB_RUN_ID jr_1", "--JOB_RUN_ID")


def test_help_is_a_parameter_like_any_other() -> None:
    assert resolve("--help me", "help")["help"] == "me"


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("--job-bookmark-option job-bookmark-enable", "job-bookmark-enable"),
        ("--continuation-option continuation-enabled", "job-bookmark-enable"),
        ("--continuation-option continuation-readonly", "job-bookmark-pause"),
        (
            "--job-bookmark-option job-bookmark-disable --continuation-option continuation-enabled",
            "job-bookmark-disable",
        ),
    ],
)
def test_the_bookmark_option_has_an_older_spelling(words: str, option: str) -> None:
    assert resolve(words)["job_bookmark_option"] == option


def test_a_paused_bookmark_takes_both_ends_of_a_window() -> None:
    found = resolve("--job-bookmark-option job-bookmark-pause --job-bookmark-from jr_1 --job-bookmark-to jr_2")

    assert (found["job_bookmark_from"], found["job_bookmark_to"]) == ("jr_1", "jr_2")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--job-bookmark-option often", "Invalid option.s. --job-bookmark-option often"),
        ("--continuation-option often", "Invalid option.s. --job-bookmark-option often"),
        ("--job-bookmark-option job-bookmark-pause --job-bookmark-from jr_1", "or value for --job-bookmark-to"),
        ("--job-bookmark-option job-bookmark-pause --job-bookmark-to jr_1", "or value for --job-bookmark-from"),
        ("--job-bookmark-from jr_1 --job-bookmark-to jr_2", "Invalid option.s. --job-bookmark-from, --job-bookmark-to"),
    ],
)
def test_bookmark_options_that_make_no_sense_are_refused(words: str, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        resolve(words)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("context", "GlueContext"),
        ("dynamicframe", "DynamicFrame"),
        ("transforms", "*"),
    ],
)
def test_what_needs_spark_says_so_when_a_script_imports_it(module: str, name: str) -> None:
    ended = run_with_runtime(f"from awsglue.{module} import {name}", "-S")  # without site-packages: without Spark

    assert ended.returncode == 1
    assert f"ImportError: awsglue.{module} needs Spark" in ended.stderr


def test_the_runtime_needs_nothing_of_the_server() -> None:
    program = "import sys, awsglue.utils; assert not [name for name in sys.modules if name.startswith('runyard')]"

    assert run_with_runtime(program).returncode == 0


def run_with_runtime(program: str, *flags: str) -> subprocess.CompletedProcess[str]:
    start = f"import sys; sys.path.insert(0, {str(RUNTIME)!r}); "
    return subprocess.run([sys.executable, *flags, "-c", start + program], capture_output=True, text=True, check=False)
