"""What runyard does, shown with unmodified boto3, databricks-sdk and psycopg against a server in a temporary home."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import diamond
import dremio
import increments
import languages
from rich.console import Console
from rich.table import Table

from runyard.dialects.dremio_ids import project_id
from runyard.executors.launcher.client import Launcher

HERE = Path(__file__).parent
BUCKET = "shop"
ROWS = 100_000
FURTHER_RUNS = 500
COUNTRIES = ("BR", "CA", "DE", "ES", "FR", "IN", "JP", "NL", "PL", "SE", "UK", "US")
PRODUCTS = {"notebook": 4.9, "pencil": 1.2, "backpack": 59.0, "lamp": 34.5, "headphones": 129.0, "chair": 210.0}
ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}


@contextmanager
def server(home: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "runyard.cli.main", "serve", "--port", "0", "--pg-port", "0", "--ready-json"]
    process = subprocess.Popen([*command, "--home", str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101 - for mypy; it was asked for
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
        Launcher(home, on_event=print).shut_down()


def orders() -> bytes:
    """Return a day of orders as a shop would export them."""
    chance = random.Random(17)  # noqa: S311 - the same rows every time
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["order_id", "ordered_at", "country", "product", "quantity", "price"])
    for number in range(ROWS):
        product = chance.choice(list(PRODUCTS))
        second = chance.randrange(86_400)
        at = f"2026-11-20T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        price = round(PRODUCTS[product] * chance.uniform(0.8, 1.1), 2)
        weights = range(1, len(COUNTRIES) + 1)
        writer.writerow([number, at, chance.choices(COUNTRIES, weights)[0], product, chance.randint(1, 4), price])
    return text.getvalue().encode()


class Story:
    """The steps of the demo, told as they happen."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.glue: Any = boto3.client("glue")
        self.s3: Any = boto3.client("s3")
        self.logs: Any = boto3.client("logs")

    def tell(self, text: str) -> None:
        self.console.print(text)

    def make_job(self, name: str, *, kind: str = "pythonshell", **more: Any) -> None:
        key = f"scripts/{name}.py"
        self.s3.upload_file(str(HERE / "jobs" / f"{name}.py"), BUCKET, key)
        command = {
            "Name": kind,
            "PythonVersion": "3.9" if kind == "pythonshell" else "3",
            "ScriptLocation": f"s3://{BUCKET}/{key}",
        }
        self.glue.create_job(Name=name, Role="demo", Command=command, **more)

    def wait(self, job: str, run_id: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            run: dict[str, Any] = self.glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
            if until(run):
                return run
            time.sleep(0.05)

    def log(self, run: dict[str, Any], stream: str) -> list[str]:
        group = f"{run['LogGroupName']}/{stream}"
        events = self.logs.filter_log_events(logGroupName=group, logStreamNames=[run["Id"]])["events"]
        return [event["message"] for event in events]

    def aggregate(self) -> None:
        body = orders()
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_object(Bucket=BUCKET, Key="orders.csv", Body=body)
        self.tell(f"[b]1[/b]  uploaded s3://{BUCKET}/orders.csv: {ROWS:,} rows, {len(body) / 1e6:.1f} MB")
        arguments = {"--bucket": BUCKET, "--orders": "orders.csv", "--report": "report.csv"}
        self.make_job("revenue", DefaultArguments=arguments)
        began = time.monotonic()
        run_id = self.glue.start_job_run(JobName="revenue")["JobRunId"]
        run = self.wait("revenue", run_id, lambda run: run["JobRunState"] in ENDED)
        took = time.monotonic() - began
        said = self.log(run, "output")[-1]
        self.tell(f"[b]2[/b]  job revenue (pandas): [green]{run['JobRunState']}[/] in {took:.2f} s: {said}")
        report = self.s3.get_object(Bucket=BUCKET, Key="report.csv")["Body"].read().decode()
        rows = list(csv.reader(report.splitlines()))
        table = Table("country", "orders", "revenue", title="report.csv, first five", title_justify="left")
        for country, count, revenue in rows[1:6]:
            table.add_row(country, count, f"{float(revenue):,.2f}")
        self.console.print(table)

    def many(self) -> None:
        self.make_job("tick", ExecutionProperty={"MaxConcurrentRuns": FURTHER_RUNS})
        began = time.monotonic()
        for _ in range(FURTHER_RUNS):
            last = self.glue.start_job_run(JobName="tick")["JobRunId"]
        self.wait("tick", last, lambda run: run["JobRunState"] in ENDED)
        pages = list(
            self.glue.get_paginator("get_job_runs").paginate(JobName="tick", PaginationConfig={"PageSize": 200})
        )
        runs = [run for page in pages for run in page["JobRuns"]]
        took = time.monotonic() - began
        states = {
            state: sum(run["JobRunState"] == state for run in runs) for state in {run["JobRunState"] for run in runs}
        }
        self.tell(
            f"[b]3[/b]  {FURTHER_RUNS} further runs, each its own process, in {took:.1f} s; "
            f"the paginator walks {len(runs)} runs on {len(pages)} pages: {states}"
        )

    def stop(self) -> None:
        self.make_job("endless")
        run_id = self.glue.start_job_run(JobName="endless")["JobRunId"]
        run = self.wait(
            "endless", run_id, lambda run: bool(run["JobRunState"] == "RUNNING" and self.log(run, "output"))
        )
        pids = [int(pid) for pid in self.log(run, "output")[0].split()]
        alive = [is_alive(pid) for pid in pids]
        self.glue.batch_stop_job_run(JobName="endless", JobRunIds=[run_id])
        run = self.wait("endless", run_id, lambda run: run["JobRunState"] in ENDED)
        self.tell(
            f"[b]4[/b]  job endless, its process and its child alive: {alive}; "
            f"stopped: [yellow]{run['JobRunState']}[/], alive now: {[is_alive(pid) for pid in pids]}"
        )

    def fail(self) -> None:
        self.make_job("broken")
        run_id = self.glue.start_job_run(JobName="broken")["JobRunId"]
        run = self.wait("broken", run_id, lambda run: run["JobRunState"] in ENDED)
        self.tell(f"[b]5[/b]  job broken: [red]{run['JobRunState']}[/], ErrorMessage: {run['ErrorMessage']}")
        for stream in ("output", "error"):
            for line in self.log(run, stream):
                self.console.print(f"     {stream:6} │ {line}", style="dim", highlight=False, markup=False)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, help="also draw what is printed into this SVG file")
    arguments = parser.parse_args()
    console = Console(record=True, width=112)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="runyard-demo-") as folder, server(Path(folder)) as ready:
        url = ready["url"]
        keys = json.loads((Path(folder) / "credentials.json").read_text())
        os.environ |= {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "DATABRICKS_HOST": url,
            "DATABRICKS_TOKEN": keys["token"],
            "DREMIO_URI": url,
            "DREMIO_TOKEN": keys["token"],
            "DREMIO_PROJECT_ID": project_id("default"),
        }
        console.print(f"[b]runyard[/b] serves on {url}; what follows is plain boto3 and databricks-sdk.")
        story = Story(console)
        for step in (story.aggregate, story.many, story.stop, story.fail):
            step()
        increments.show(console, story, bucket=BUCKET)
        diamond.show(console, orders=f"{folder}/s3/{BUCKET}/orders.csv")
        languages.show_sql(console, address=ready["pg"], password=keys["password"])
        languages.show_workflow(console, home=Path(folder))
        dremio.show_query(console)
    console.print(f"All of it took {time.monotonic() - began:.1f} s. Your own server: [b]runyard serve[/b]")
    if arguments.save:
        drawn = console.export_svg(title="make demo").replace(folder, "HOME")
        arguments.save.write_text(re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL))  # no font from elsewhere


if __name__ == "__main__":
    main()
