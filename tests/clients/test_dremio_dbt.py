"""An unmodified dbt-dremio against a live server: seeds, models, increments, tests, snapshots and docs."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from dremio_live import Http
from executing import Workshop, running_workshop
from live import Live
from waiting import until

# No part of the development environment: dbt keeps newer releases of other tools away.
DBT = ["dbt-core>=1.11,<1.12", "dbt-dremio>=1.11,<1.12"]
PROJECT = {
    # Its own choice for such a column is a plain DECIMAL, which has no digits behind the point.
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\n"
    "seeds: {shop: {orders: {+column_types: {price: 'decimal(10, 2)'}}}}\n",
    "seeds/orders.csv": "id,customer,price,day\n1,Ada,2.50,2024-01-01\n2,Bob,3.25,2024-01-02\n3,Ada,1.00,2024-01-02\n",
    "models/by_customer.sql": "{{ config(materialized='table') }}\n"
    "select customer, count(*) as orders, sum(price) as total from {{ ref('orders') }} group by customer\n",
    "models/best.sql": "{{ config(materialized='view') }}\n"
    "select customer from {{ ref('by_customer') }} where total > 3.3\n",
    "models/newest.sql": "{{ config(materialized='incremental', unique_key='id') }}\n"
    "select id, customer from {{ ref('orders') }}\n"
    "{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}\n",
    "models/schema.yml": "version: 2\nmodels:\n  - name: by_customer\n    description: What each has bought\n"
    "    config: {persist_docs: {relation: true}}\n"
    "    columns: [{name: customer, data_tests: [unique, not_null]}]\n",
    "snapshots/prices.sql": "{% snapshot prices %}\n"
    "{{ config(unique_key='id', strategy='check', check_cols=['price'],"
    " target_database='$scratch', target_schema='no_schema') }}\n"
    "select * from {{ ref('orders') }}\n{% endsnapshot %}\n",
}
PROFILE = {
    "type": "dremio",
    "user": "admin",
    "use_ssl": False,
    "threads": 2,
    "dremio_space": "@admin",
    "dremio_space_folder": "no_schema",
    "object_storage_source": "$scratch",
    "object_storage_path": "no_schema",
}
MARK = "-- and next\n"
SCRIPT = """
import os, sys
from dbt.cli.main import dbtRunner
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
for command in {commands!r}:
    print({mark!r}, end="", flush=True)
    done = dbtRunner().invoke(command.split() + ["--project-dir", {folder!r}, "--profiles-dir", {folder!r}])
    if not done.success:
        sys.exit(f"dbt {{command}} did not succeed: {{done.exception or done.result}}")
"""

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Dbt:
    """dbt with a project, and the server that it speaks to."""

    shop: Workshop
    folder: Path
    http: Http
    attempts: count[int]

    def __call__(self, *commands: str) -> list[str]:
        """Run commands that must succeed in one process, which takes seconds to load; return what each printed."""
        attempt = next(self.attempts)
        source = SCRIPT.format(commands=commands, mark=MARK, folder=str(self.folder))
        end = self.shop.run(attempt, "python_script", source=source, packages=DBT)
        printed = self.shop.yard.read(attempt, "stdout")
        assert end.exit_code == 0, (end.message, printed)
        return printed.split(MARK)[1:]


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    """A project beside a server; in CI a machine that cannot install dbt fails."""
    folder = tmp_path_factory.mktemp("dbt")
    with running_workshop(folder, environments=Path(sys.prefix) / "test-environments") as shop:
        end = shop.run(1, "python_script", source="import dbt.adapters.dremio", packages=DBT)
        if end.category == "library_installation":
            reason = f"dbt-dremio cannot be installed here: {textwrap.shorten(end.message or '', 300)}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        assert end.exit_code == 0, end
        live = Live(folder / "server").start()
        try:
            yield _with_project(shop, folder / "project", live)
        finally:
            live.close()


def _with_project(shop: Workshop, folder: Path, live: Live) -> Dbt:
    port = int(live.url.rpartition(":")[2])
    place = {"software_host": "127.0.0.1", "port": port, "password": live.credentials["password"]}
    profile = {"shop": {"target": "dev", "outputs": {"dev": {**PROFILE, **place}}}}
    for name, text in {**PROJECT, "profiles.yml": json.dumps(profile)}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Dbt(shop, folder, Http(live), count(2))


def test_dbt_builds_tests_and_describes_a_project(dbt: Dbt) -> None:
    debug, seed, run, test, snapshot = dbt("debug", "seed", "run", "test", "snapshot")
    rows = dbt.http.rows('SELECT customer, orders, total FROM "$scratch".by_customer ORDER BY customer')

    assert "OK connection ok" in debug
    assert "PASS=1 WARN=0 ERROR=0" in seed
    assert "PASS=3 WARN=0 ERROR=0" in run
    assert "PASS=2 WARN=0 ERROR=0" in test
    assert "PASS=1 WARN=0 ERROR=0" in snapshot
    assert rows == [{"customer": "Ada", "orders": 2, "total": 3.5}, {"customer": "Bob", "orders": 1, "total": 3.25}]
    assert dbt.http.rows('SELECT * FROM "@admin".best') == [{"customer": "Ada"}]
    table = dbt.http("GET", "catalog/by-path/$scratch/by_customer")
    assert "What each has bought" in dbt.http("GET", f"catalog/{table['id']}/collaboration/wiki")["text"]


def test_dbt_goes_on_where_it_was_before(dbt: Dbt) -> None:
    seeds = dbt.folder / "seeds" / "orders.csv"
    seeds.write_text(f"{seeds.read_text()}4,Cyd,9.00,2024-01-03\n")

    _, run, _ = dbt("seed", "run", "docs generate")
    rows = dbt.http.rows('SELECT id, customer FROM "$scratch".newest ORDER BY id')
    assert "PASS=3 WARN=0 ERROR=0" in run
    assert rows == [{"id": id_, "customer": name} for id_, name in ((1, "Ada"), (2, "Bob"), (3, "Ada"), (4, "Cyd"))]
    catalog = json.loads((dbt.folder / "target" / "catalog.json").read_text())
    assert {"model.shop.by_customer", "model.shop.best", "seed.shop.orders"} <= {*catalog["nodes"], *catalog["sources"]}


REFLECTION = """{{ config(materialized='reflection', reflection_type='aggregate', dimensions=['customer'],
measures=['price'], computations=['SUM, COUNT'], localsort_by=['customer']) }}
-- depends_on: {{ ref('orders') }}
"""


def test_dbt_makes_reflections_and_changes_them(dbt: Dbt) -> None:
    dbt("seed")
    (dbt.folder / "models" / "sums.sql").write_text(REFLECTION)
    asked = 'SELECT customer, SUM(price) AS total FROM "$scratch".orders GROUP BY customer ORDER BY customer'
    before = dbt.http.rows(asked)

    (first,) = dbt("run --select sums")
    (made,) = dbt.http("GET", "reflection")["data"]
    (again,) = dbt("run --select sums")

    def ready() -> bool:
        (shown,) = dbt.http("GET", "reflection")["data"]
        return bool(shown["status"]["combinedStatus"] == "CAN_ACCELERATE" and shown["status"]["refresh"] == "SCHEDULED")

    until(ready, seconds=60)
    assert all("PASS=1 WARN=0 ERROR=0" in each for each in (first, again))
    ended = dbt.http.run(asked)
    assert [each["relationship"] for each in ended["acceleration"]["reflectionRelationships"]] == ["CHOSEN"]
    assert dbt.http.rows(asked) == before
    (changed,) = dbt.http("GET", "reflection")["data"]
    assert (changed["id"], changed["name"], changed["tag"] != made["tag"]) == (made["id"], "sums", True)
    assert changed["measureFields"] == [{"name": "price", "measureTypeList": ["SUM", "COUNT"]}]
    assert changed["partitionDistributionStrategy"] == "STRIPED"


INCREMENTAL = """{{{{ config(materialized='incremental', unique_key='id', {config}) }}}}
select {columns} from {{{{ ref('orders') }}}}
{{% if is_incremental() %}} where id > 2 {{% endif %}}
"""
MODELS = {
    "appended": "on_schema_change='append_new_columns'",
    "synced": "on_schema_change='sync_all_columns', incremental_strategy='merge'",
}


def test_dbt_follows_the_columns_of_incremental_models(dbt: Dbt) -> None:
    (dbt.folder / "seeds" / "orders.csv").write_text(PROJECT["seeds/orders.csv"])

    def write(**columns: str) -> None:
        for name, listed in columns.items():
            text = INCREMENTAL.format(config=MODELS[name], columns=listed)
            (dbt.folder / "models" / f"{name}.sql").write_text(text)

    first = "id, customer, cast(1 as int) as weight"
    write(appended=first, synced=first)
    dbt("seed --full-refresh", "run --select appended synced")
    write(
        appended="id, customer, cast(2 as int) as weight, price, 'n' as note",
        synced="id, price, cast(3000000000 as bigint) as weight, 'n' as note",
    )
    (run,) = dbt("run --select appended synced")

    assert "PASS=2 WARN=0 ERROR=0" in run
    rows = dbt.http.rows('SELECT * FROM "$scratch".appended WHERE id <> 2 ORDER BY id, weight')
    assert [list(row.values()) for row in rows] == [
        [1, "Ada", 1, None, None],
        [3, "Ada", 1, None, None],
        [3, "Ada", 2, 1, "n"],
    ]
    assert dbt.http.rows('SELECT * FROM "$scratch".synced WHERE id <> 2 ORDER BY id') == [
        {"id": 1, "weight": 1, "price": None, "note": None},
        {"id": 3, "weight": 3_000_000_000, "price": 1, "note": "n"},
    ]
    fields = dbt.http("GET", "catalog/by-path/$scratch/synced")["fields"]
    assert {each["name"]: each["type"]["name"] for each in fields} == {
        "id": "BIGINT",
        "weight": "BIGINT",
        "price": "DECIMAL",
        "note": "VARCHAR",
    }


SOURCES = """version: 2
sources:
  - name: lake
    database: $scratch
    schema: no_schema
    tables: [{name: orders, freshness: {warn_after: {count: 1, period: hour}}}]
models:
  - name: agreed
    config: {materialized: table, contract: {enforced: true}}
    columns: [{name: id, data_type: bigint, constraints: [{type: not_null}]}, {name: customer, data_type: varchar}]
  - name: plain
    config: {materialized: view, enable_default_reflection: false}
"""


def test_dbt_keeps_contracts_and_sees_how_fresh_a_table_is(dbt: Dbt) -> None:
    (dbt.folder / "seeds" / "orders.csv").write_text(PROJECT["seeds/orders.csv"])
    (dbt.folder / "models" / "agreed.yml").write_text(SOURCES)
    for name in ("agreed", "plain"):
        (dbt.folder / "models" / f"{name}.sql").write_text("select id, customer from {{ ref('orders') }}\n")

    _, run, freshness = dbt("seed", "run --select agreed plain", "source freshness")

    assert "PASS=2 WARN=0 ERROR=0" in run
    assert "PASS freshness of lake.orders" in freshness
    assert dbt.http.rows('SELECT COUNT(*) AS n FROM "$scratch".agreed') == [{"n": 3}]
