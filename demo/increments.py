"""An incremental load by Glue's job bookmarks in three runs, on Spark without Java."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from demo import Story

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
DAYS: tuple[tuple[str, ...], ...] = (("monday.csv", "tuesday.csv"), ("wednesday.csv",), ())
ROWS_OF_A_DAY = 40
ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}


def show(console: Console, story: Story, *, bucket: str) -> None:
    """Let files come between runs, and tell what each run has read."""
    if find_spec("pysail") is None:
        console.print("[b]6[/b]  skipped: Spark jobs need the extra `spark`")
        return
    story.make_job("increments", kind="glueetl", DefaultArguments={**ENABLE, "--bucket": bucket})
    console.print("[b]6[/b]  job increments (Spark) reads by its bookmark what came since the last run:")
    for number, names in enumerate(DAYS, start=1):
        for name in names:
            lines = ["order_id,amount", *(f"{row},{row * 1.5}" for row in range(ROWS_OF_A_DAY))]
            story.s3.put_object(Bucket=bucket, Key=f"incoming/{name}", Body="\n".join(lines).encode())
        run_id = story.glue.start_job_run(JobName="increments")["JobRunId"]
        run = story.wait("increments", run_id, lambda run: run["JobRunState"] in ENDED)
        said = " ".join(story.log(run, "output")) or run.get("ErrorMessage", "")
        console.print(f"     run {number}: [green]{run['JobRunState']}[/], {said}", highlight=False)
    entry = story.glue.get_job_bookmark(JobName="increments")["JobBookmarkEntry"]
    known = json.loads(entry["JobBookmark"])["orders"]["timestamps"]["INCLUDE_LIST"].split(",")
    told = f"Run {entry['Run']}, Version {entry['Version']}; {len(known)} young files known one by one"
    console.print(f"     its bookmark now: {told}", style="dim", highlight=False)
