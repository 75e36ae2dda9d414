"""(d) boto3 paginating 50,000 runs of one job, against the same client on recorded pages; and a deep page.

Every page is fetched once from the server and handed to a tiny process that answers the same requests with
the same bytes from memory. Then the same client walks all pages of each in turn: what is above 1x is the
server's, the rest is boto3's. The deep page: the last against the first, both asked for in turn without
boto3, and equally long. The same way, the pages of a job among 1,000,000 runs, whose rows lie far apart,
against those of a job that has the ledger to itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from live import Live

from bench.caller import Caller
from bench.figures import Row, at_most
from bench.large_ledger import large_ledger
from bench.load import ROOT
from bench.servers import running_server, working_folder
from bench.size import Size

FIGURE = "d"
JOB = "listed-0"
PAGE = 200
MS = 1000


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A page as the server sent it, and what was asked for."""

    members: dict[str, Any]
    body: str


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    with running_server(ledger=large_ledger(size.listed_runs, jobs=1)) as live:
        pages = record(live)
        yield _walks(live, pages, size)
        yield _depth(live, pages, size)
        with running_server(ledger=large_ledger(size.ledger_runs)) as large:
            yield _among(large, live, pages, size)


def record(live: Live) -> list[Recorded]:
    """Fetch every page of the job, the first one first."""
    caller = Caller(live)
    pages: list[Recorded] = []
    members: dict[str, Any] | None = {"JobName": JOB, "MaxResults": PAGE}
    while members:
        body = caller.call("GetJobRuns", members).decode()
        pages.append(Recorded(members=members, body=body))
        token = json.loads(body).get("NextToken")
        members = {**members, "NextToken": token} if token else None
    caller.close()
    return pages


def _walks(live: Live, pages: list[Recorded], size: Size) -> Row:
    expected = sum(len(json.loads(page.body)["JobRuns"]) for page in pages)
    with static_responder(pages) as url:
        clients = (live.client("glue"), live.client("glue", endpoint_url=url))
        for client in clients:
            walk(client, most=2 * PAGE)
        rounds = [[walk(client, expected=expected) for client in clients] for _ in range(size.walks)]
    ours, peer = zip(*rounds, strict=True)
    return Row(
        figure=FIGURE,
        what=f"boto3 lists {expected:,} runs",
        unit="s",
        against="the same bytes from memory",
        ours=ours,
        peer=peer,
        goal=at_most(1.5),
    )


def walk(client: Any, *, expected: int | None = None, most: int | None = None) -> float:
    """Return how many seconds the paginator takes over all pages, or over the first `most` runs."""
    began = time.perf_counter()
    pagination = {"PageSize": PAGE, **({"MaxItems": most} if most else {})}
    pages = client.get_paginator("get_job_runs").paginate(JobName=JOB, PaginationConfig=pagination)
    count = sum(len(page["JobRuns"]) for page in pages)
    took = time.perf_counter() - began
    assert expected in {None, count}, f"listed {count} runs, not {expected}"
    return took


def _depth(live: Live, pages: list[Recorded], size: Size) -> Row:
    caller = Caller(live)
    first, last = pages[0], pages[-1]
    for page in (last, first) * size.warm_up:
        _page_ms(caller, page)
    rounds = [(_page_ms(caller, last), _page_ms(caller, first)) for _ in range(size.pages)]
    caller.close()
    ours, peer = zip(*rounds, strict=True)
    return Row(
        figure=FIGURE,
        what=f"page {len(pages)} of GetJobRuns",
        unit="ms",
        against="page 1",
        ours=ours,
        peer=peer,
        goal=at_most(1.2),
    )


def _among(large: Live, alone: Live, pages: list[Recorded], size: Size) -> Row:
    callers = (Caller(large), Caller(alone))
    both = list(zip(record(large), pages, strict=False))  # the same number of pages, but for a quick look
    rounds = [[_page_ms(*one) for one in zip(callers, pair, strict=True)] for pair in both]
    for caller in callers:
        caller.close()
    ours, peer = zip(*rounds, strict=True)
    return Row(
        figure=FIGURE,
        what=f"a page of GetJobRuns, {size.ledger_runs:,} runs in the ledger",
        unit="ms",
        against=f"{size.listed_runs:,} runs",
        ours=ours,
        peer=peer,
    )


def _page_ms(caller: Caller, page: Recorded) -> float:
    began = time.perf_counter()
    caller.call("GetJobRuns", page.members)
    return (time.perf_counter() - began) * MS


@contextmanager
def static_responder(pages: list[Recorded]) -> Iterator[str]:
    """Give the URL of a process that answers with recorded pages."""
    folder = working_folder()
    file = folder / "pages.json"
    file.write_text(json.dumps({page.members.get("NextToken", ""): page.body for page in pages}))
    command = [sys.executable, "-m", "bench.static_responder", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
