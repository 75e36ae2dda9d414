from __future__ import annotations

import re
from pathlib import Path

import pytest

from runyard.core.errors import InvalidRequest
from runyard.engine.home import Home, default_home
from runyard.engine.settings import Settings, load_settings


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "settings.toml")

    assert (settings.places >= 8, settings.retention_ms, settings.spawn) == (True, None, False)


def test_every_field_is_read(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('places = 3\nretention_days = 2\npreload = ["json"]\n[mounts]\n"s3://lake/" = "/data"\n')
    settings = load_settings(file)

    assert (settings.places, settings.retention_ms, settings.preload) == (3, 172_800_000, ("json",))
    assert settings.mounts == {"s3://lake/": "/data"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("places = 'many'", "places"),
        ("places = 0", "places is 0; it must be a number of at least 1"),
        ("grace_s = inf", "grace_s is inf"),
        ("retention_days = nan", "retention_days is nan"),
        ("palces = 3", "unknown setting palces. Known are: places"),
        ("places = ", "settings.toml"),
    ],
)
def test_a_wrong_file_is_refused_by_field(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)

    with pytest.raises(InvalidRequest, match=said):
        load_settings(file)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xff")

    with pytest.raises(InvalidRequest, match="utf-8"):
        load_settings(tmp_path / "settings.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engine = 'spork'", "There is no Spark engine 'spork'. Name 'sail'"),
        ("home = '/nowhere/pyspark'", "spark.home is '/nowhere/pyspark', and there is no folder `jars` in it"),
        ("idle_s = -1", "spark.idle_s is -1.0; it must be a number of at least 0"),
        ("drivers = -2", "spark.drivers is -2; it must be a number of at least 0"),
    ],
)
def test_what_no_spark_job_could_run_on_is_refused_with_what_could_be(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "settings.toml").write_text(f"[spark]\n{text}\n")

    with pytest.raises(InvalidRequest, match=re.escape(message)):
        load_settings(tmp_path / "settings.toml")


def test_an_engine_elsewhere_needs_nothing_here(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("spark.engine = 'sc://127.0.0.1:15002'\n")

    assert load_settings(tmp_path / "settings.toml").spark.engine == "sc://127.0.0.1:15002"


def test_the_home_is_for_its_owner_alone_and_keeps_its_name(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()

    assert home.path.stat().st_mode & 0o777 == 0o700
    assert home.server_name() == Home(home.path).make().server_name()


def test_attempts_of_one_quarter_of_an_hour_share_a_folder(tmp_path: Path) -> None:
    home = Home(tmp_path)

    assert home.attempt_folder(2**40 + 5) == home.attempt_folder(2**40 + 6).parent / f"{2**40 + 5:x}"
    assert home.attempt_folder(2**40).parent != home.attempt_folder(2**41).parent


def test_the_environment_may_name_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNYARD_HOME", raising=False)
    assert default_home().name == "runyard"
    monkeypatch.setenv("RUNYARD_HOME", str(tmp_path))

    assert default_home() == tmp_path
    assert Settings().grace_s == 10.0
