"""Commands of Dremio's that are known and not there: each says why, and what does the same."""

from __future__ import annotations

import pytest

from runyard.runtime.dremio_sql.recording import INSTEAD, not_carried_out
from runyard.runtime.dremio_sql.statements import EXECUTED, statement

COMMANDS = {
    "GRANT SELECT ON TABLE a.b TO USER ada": "roles",
    "REVOKE SELECT ON TABLE a.b FROM USER ada": "roles",
    "CREATE ROLE analysts": "roles",
    'CREATE USER "ada"': "users are made by an administrator",
    "CREATE BRANCH b IN nessie": "no branches",
    "USE BRANCH dev IN nessie": "no branches",
    "VACUUM TABLE a.b EXPIRE SNAPSHOTS": "no earlier states",
    "OPTIMIZE TABLE a.b": "MERGE write all of them into one",
    "SHOW TBLPROPERTIES a.b": "SHOW TBLPROPERTIES is not carried out",
}


@pytest.mark.parametrize(("sql", "why"), COMMANDS.items())
def test_a_command_that_is_not_there_says_what_does_the_same(sql: str, why: str) -> None:
    kind = statement(sql).kind

    assert kind not in EXECUTED
    assert why in not_carried_out(kind)


def test_no_command_that_is_there_has_such_a_text() -> None:
    assert not INSTEAD.keys() & EXECUTED
