from __future__ import annotations

import threading

import pytest
from databricks_upstream import RUNS, Workspace, desk
from sql_asking import Desk, connections_to
from upstream import Asked, Told, answering

from runyard.sql.errors import (
    CANCELLED,
    CONNECTION_FAILED,
    DENIED,
    UPSTREAM_REFUSED,
    SqlError,
)

GLUE_RUNS = "aws.glue.job_runs"


# errors, never an empty result


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Told(status=401, body={"message": "no"}), DENIED),
        (Told(status=403, body={"error_code": "PERMISSION_DENIED", "message": "Invalid access token."}), DENIED),
        (Told(status=404, body={"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found"}), UPSTREAM_REFUSED),
        (Told(status=404, body=b"<html>Not Found</html>"), UPSTREAM_REFUSED),
        (Told(status=400, body={"message": "bad"}), UPSTREAM_REFUSED),
        (Told(status=500, body={"message": "oops"}), UPSTREAM_REFUSED),
        (Told(status=302), UPSTREAM_REFUSED),
        (Told(body=b"{"), CONNECTION_FAILED),
        (Told(body=[]), CONNECTION_FAILED),
        (Told(body={"runs": {"a": 1}, "next_page_token": []}), CONNECTION_FAILED),
        (Told(body={"runs": "all"}), CONNECTION_FAILED),
        (Told(body={"runs": [7]}), CONNECTION_FAILED),
        (Told(body={"runs": [], "next_page_token": "x"}), CONNECTION_FAILED),
    ],
)
@pytest.mark.parametrize("condition", ["", " WHERE job_id = 5"])
def test_what_goes_wrong_above_is_an_error(answer: Told, code: str, condition: str) -> None:
    with desk(lambda _: answer) as (one, _), pytest.raises(SqlError) as error:
        one.rows(f"SELECT run_id FROM {RUNS}{condition}")

    assert error.value.code == code
    assert "prod" in str(error.value)


def test_a_service_out_of_reach_is_an_error() -> None:
    with answering(Workspace()) as cloud:
        connections = connections_to(cloud.url)
    with pytest.raises(SqlError, match="does not answer") as error:
        Desk(connections).rows(f"SELECT run_id FROM {RUNS}")

    assert error.value.code == CONNECTION_FAILED


def test_an_error_on_a_later_page_is_an_error_after_the_first_rows() -> None:
    def answer(asked: Asked) -> Told:
        return Told(status=403, body={"message": "gone"}) if "page_token" in asked.query else Workspace()(asked)

    with desk(answer) as (one, _), one.reading(f"SELECT run_id FROM {RUNS}") as cursor:
        assert next(cursor) == (60,)
        with pytest.raises(SqlError, match="403: gone"):
            cursor.fetchall()


def test_a_declared_limit_cuts_with_a_warning() -> None:
    with desk(limit=30) as (one, cloud):
        rows = one.rows(f"SELECT count(*) FROM {RUNS}")
        assert one.asking is not None

    assert rows == [(30,)]
    assert one.asking.notices == [
        f"Only the first 30 rows of {RUNS} on prod were read: that is the limit of this connection in the settings."
    ]
    assert len(cloud.asked) == 2


def test_a_limit_that_is_not_reached_says_nothing() -> None:
    with desk(limit=60) as (one, _):
        one.rows(f"SELECT count(*) FROM {RUNS}")
        assert one.asking is not None

    assert one.asking.notices == []


# ending it


def test_a_scan_is_given_up_while_it_waits_for_an_answer() -> None:
    hanging, release = threading.Event(), threading.Event()

    def answer(asked: Asked) -> Told:
        if "page_token" in asked.query:
            hanging.set()
            release.wait(120)
        return Workspace()(asked)

    with desk(answer) as (one, _), one.reading(f"SELECT run_id FROM {RUNS}") as cursor:
        next(cursor)
        assert one.asking is not None
        asking = one.asking

        def interrupt() -> None:
            hanging.wait(60)
            asking.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(SqlError) as error:
            cursor.fetchall()
        release.set()
        thread.join()

    assert error.value.code == CANCELLED
