"""Spark jobs on a live server: scripts started by boto3, their data, and what they printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live import Live
from waiting import until

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
SECONDS = 120  # a machine under load, whose warm processes are yet to be made
HEAD = """\
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext.getOrCreate()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
"""
"""What scripts made by AWS's console begin with."""
FOOT = "\njob.commit()\n"


@dataclass(frozen=True)
class Spark:
    """Jobs of a live server."""

    live: Live
    seconds: float = SECONDS

    @property
    def glue(self) -> Any:
        return self.live.client("glue")

    def put(self, name: str, text: str) -> Path:
        """Lay a file into the bucket `raw`."""
        file = self.live.home / "s3" / "raw" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def start(self, name: str, script: str, arguments: dict[str, str] | None = None, **more: Any) -> str:
        """Make a job and start it; return the run's id."""
        command = {"Name": "glueetl", "ScriptLocation": self.live.put_script(f"{name}.py", script)}
        self.glue.create_job(Name=name, Role="runner", Command=command, **more)
        return self.begin(name, arguments)

    def begin(self, name: str, arguments: dict[str, str] | None = None) -> str:
        run_id: str = self.glue.start_job_run(JobName=name, Arguments=arguments or {})["JobRunId"]
        return run_id

    def run(self, name: str, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
        return found

    def ended(self, name: str, run_id: str) -> dict[str, Any]:
        """Wait for the end of a run."""
        until(lambda: self.run(name, run_id)["JobRunState"] in ENDED, seconds=self.seconds)
        return self.run(name, run_id)

    def printed(self, run_id: str, kind: str = "output") -> list[str]:
        """The lines that a run has printed."""
        group = f"/aws-glue/jobs/{kind}"
        events = self.live.client("logs").filter_log_events(logGroupName=group, logStreamNames=[run_id])["events"]
        return [event["message"].rstrip("\n") for event in events]

    def lines(self, name: str, script: str, arguments: dict[str, str] | None = None, **more: Any) -> list[str]:
        """Run a script to its end, which must be good, and return what it printed."""
        run_id = self.start(name, script, arguments, **more)
        run = self.ended(name, run_id)
        assert run["JobRunState"] == "SUCCEEDED", (run["ErrorMessage"], self.printed(run_id, "error"))
        return self.printed(run_id)

    def rows(self, name: str, body: str) -> Any:
        """Run the body of a Glue script, and return what it gave to `tell`, which JSON must hold."""
        tell = "import json\ndef tell(value):\n    print('TOLD ' + json.dumps(value, default=str))\n"
        told = [one for one in self.lines(name, HEAD + tell + body + FOOT) if one.startswith("TOLD ")]
        assert len(told) == 1, told
        return json.loads(told[0].removeprefix("TOLD "))
