"""A query in Dremio's language, by its own API and nothing else: what urllib sends, curl would."""

from __future__ import annotations

import json
import os
import time
from typing import Any
from urllib.request import Request, urlopen

from rich.console import Console

PAUSE_S = 0.001
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELED"})
SOURCE = {"entityType": "source", "name": "shop", "type": "S3", "config": {"rootPath": "shop"}}
QUERY = """
SELECT country, COUNT(*) AS orders, SUM(CAST(quantity AS INTEGER) * CAST(price AS DECIMAL(10, 2))) AS revenue
FROM shop."orders.csv" GROUP BY country ORDER BY revenue DESC
"""


def show_query(console: Console) -> None:
    """Make the bucket a source, ask a question of it, and look at the job until it has ended."""
    _call("POST", "catalog", SOURCE)
    began = time.monotonic()
    job = _call("POST", "sql", {"sql": QUERY})["id"]
    states: dict[str, None] = {}
    while (seen := _call("GET", f"job/{job}")["jobState"]) not in FINAL:
        states[seen] = None
        time.sleep(PAUSE_S)
    took = time.monotonic() - began
    rows = _call("GET", f"job/{job}/results?limit=3")
    console.print(f"[b]11[/b] Dremio's API, the file as a table: {' → '.join([*states, seen])} in {took:.2f} s")
    for row in rows["rows"]:
        console.print(f"     {row}", style="dim", highlight=False, markup=False)


def _call(method: str, path: str, body: Any = None) -> Any:
    address = f"{os.environ['DREMIO_URI']}/v0/projects/{os.environ['DREMIO_PROJECT_ID']}/{path}"
    headers = {"authorization": f"Bearer {os.environ['DREMIO_TOKEN']}", "content-type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    with urlopen(Request(address, content, headers, method=method), timeout=60) as answer:  # noqa: S310 - our own server
        text = answer.read()
    return json.loads(text) if text else None
