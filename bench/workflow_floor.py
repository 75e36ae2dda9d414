"""The requests of a workflow that is measured, by the standard library's client alone, on one connection.

Run as `python bench/workflow_floor.py URL STEPS`; 0 steps are the reference document's requests.
"""

import json
import sys
from http.client import HTTPConnection
from typing import Any

AUTHORIZATION = {"Authorization": "Bearer secret"}


def main() -> None:
    """Ask, read the answers, and print the last of them."""
    url, steps = sys.argv[1], int(sys.argv[2])
    connection = HTTPConnection(url.removeprefix("http://"))
    if steps:
        for number in range(steps):
            last = answer(connection, "GET", f"/things/7?page={number}")
    else:
        answer(connection, "GET", "/api/2.2/jobs/get?job_id=5")
        run_id = answer(connection, "POST", "/api/2.2/jobs/run-now", b'{"job_id":5}')["run_id"]
        last = {}
        while "result_state" not in last:
            last = answer(connection, "GET", f"/api/2.2/jobs/runs/get?run_id={run_id}")["state"]
    print(json.dumps(last))


def answer(connection: HTTPConnection, method: str, target: str, body: bytes | None = None) -> Any:
    """Return what is answered."""
    headers = AUTHORIZATION if body is None else {**AUTHORIZATION, "Content-Type": "application/json"}
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    content = json.loads(response.read())
    assert response.status == 200, content  # noqa: PLR2004 - OK
    return content


if __name__ == "__main__":
    main()
