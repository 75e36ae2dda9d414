"""dbt tasks as their processes run them, in an environment with dbt that is made once and kept beside this one."""

from __future__ import annotations

import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from executing import Workshop, running_workshop

# As the extra `dbt` pins them. They are no part of the development environment, because they keep mypy old.
DBT = ["dbt-core>=1.11,<1.12", "dbt-duckdb>=1.10,<1.11"]
PROJECT = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nmodel-paths: [models]\nseed-paths: [seeds]\n",
    "seeds/orders.csv": "id,amount\n1,10\n2,32\n",
    "models/total.sql": "{{ config(materialized='table') }} select sum(amount) as total from {{ ref('orders') }}\n",
    "models/broken.sql": "{{ config(enabled=var('break', false)) }} select nothing from {{ ref('orders') }}\n",
}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop with a project, without dbt."""
    with running_workshop(tmp_path_factory.mktemp("dbt"), environments=Path(sys.prefix) / "test-environments") as shop:
        for name, text in PROJECT.items():
            shop.write(f"/Workspace/shop/{name}", text)
        yield shop


@pytest.fixture(scope="module")
def shop(bare: Workshop) -> Workshop:
    """The same, when dbt can be installed; in CI a machine that cannot fails."""
    end = bare.run(1, "python_script", source="import dbt.cli.main", packages=DBT)
    if end.category == "library_installation":
        reason = f"dbt cannot be installed here: {end.message}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    assert end.exit_code == 0, end.message
    return bare


def spec(*commands: str, **more: Any) -> dict[str, Any]:
    return {"project": "/Workspace/shop", "commands": commands, "packages": DBT, **more}


def total(shop: Workshop, attempt_id: int, table: str) -> Any:
    end = shop.run(attempt_id, "sql", query=f"SELECT total FROM {table}")
    assert end.output, end.message
    return end.output["output"]["first_row"]["total"]


def test_commands_run_in_order_and_later_tasks_read_what_they_made(shop: Workshop) -> None:
    end = shop.run(2, "dbt", **spec("dbt seed", "dbt run --select total", schema="marts"))

    assert end.exit_code == 0, f"{end.message}\n{shop.yard.read(2)}"
    assert total(shop, 3, "marts.total") == 42
    with tarfile.open(shop.yard.folder(2) / "dbt" / "artifacts.tar.gz") as artifacts:
        assert {"target/manifest.json", "target/run_results.json"} <= set(artifacts.getnames())
    assert not (shop.home / "workspace" / "shop" / "target").exists()


def test_a_catalog_is_a_name_of_the_same_database(shop: Workshop) -> None:
    end = shop.run(4, "dbt", **spec("dbt build", catalog="main_catalog", schema="in_catalog"))

    assert end.exit_code == 0, f"{end.message}\n{shop.yard.read(4)}"
    assert '"main_catalog"."in_catalog"."total"' in shop.yard.read(4, "dbt/target/manifest.json").replace("\\", "")
    assert total(shop, 5, "in_catalog.total") == 42


def test_a_failing_model_fails_the_task_with_its_message_and_ends_it(shop: Workshop) -> None:
    command = "dbt build --vars '{break: true}'"
    end = shop.run(6, "dbt", **spec(command, "dbt run --select total"))

    assert end.exit_code == 1
    assert end.message
    assert end.message.startswith(f"{command} failed: model.shop.broken: Runtime Error")
    assert 'Referenced column "nothing" not found' in end.message
    assert (shop.yard.folder(6) / "dbt" / "artifacts.tar.gz").is_file()


def test_an_unknown_command_fails_the_task(shop: Workshop) -> None:
    end = shop.run(7, "dbt", **spec("dbt walk"))

    assert end.message == "dbt walk failed: No such command 'walk'."


def test_the_projects_own_profile_is_used_if_its_adapter_is_here(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "own.duckdb"
    for name, kind in (("own", "duckdb"), ("theirs", "postgres")):
        profile = f"shop: {{target: x, outputs: {{x: {{type: {kind}, path: '{file}'}}}}}}\n"
        shop.write(f"/Workspace/shop/{name}/profiles.yml", profile)
    own = shop.run(8, "dbt", **spec("dbt seed", profiles="own"))
    theirs = shop.run(9, "dbt", **spec("dbt seed", profiles="/Workspace/shop/theirs"))

    assert own.exit_code == theirs.exit_code == 0, f"{own.message}\n{theirs.message}"
    assert file.is_file()
    assert "needs the dbt adapter 'postgres', which is not installed; using DuckDB." in shop.yard.read(9)


def test_without_dbt_the_task_ends_with_the_name_of_the_extra(bare: Workshop) -> None:
    end = bare.run(10, "dbt", project="/Workspace/shop", commands=["dbt run"])

    assert end.message == (
        "This task runs dbt, which is not installed here. Install it beside the server with `pip install "
        "'runyard[dbt]'`, or name dbt-core and dbt-duckdb among the libraries of the task."
    )
