"""Records that a script's function could not work on: kept beside the frame, counted and told, as AWS does."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import types as spark

MOST_KEPT = 10_000  # records with their errors; all are counted
TEXT = spark.StringType()
SCHEMA = spark.StructType(
    [
        spark.StructField(
            "error",
            spark.StructType(
                [
                    spark.StructField("callsite", spark.StructType([spark.StructField("info", TEXT)])),
                    spark.StructField("msg", TEXT),
                    spark.StructField("stackTrace", TEXT),
                    spark.StructField("dynamicRecord", TEXT),
                ]
            ),
        )
    ]
)


class ErrorThresholdReached(RuntimeError):
    """More records failed than the script allows."""


@dataclass(kw_only=True)
class Failures:
    """The records of one step that failed, and how many of them the script allows."""

    info: str = ""
    threshold: int = 0  # none: a step goes on however many fail
    count: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)

    def add(self, record: Any, error: BaseException) -> None:
        """Take a failure into account; raise if there are as many as may be."""
        self.count += 1
        if len(self.records) < MOST_KEPT:
            told = {"callsite": {"info": self.info}, "msg": f"{type(error).__name__}: {error}"}
            trace = "".join(traceback.format_exception(error))
            shown = json.dumps(record, default=str)
            self.records.append({"error": {**told, "stackTrace": trace, "dynamicRecord": shown}})
        if self.threshold and self.count >= self.threshold:
            raise ErrorThresholdReached(f"{self.count} records failed, which is the threshold: {self.first}") from error

    @property
    def first(self) -> str:
        """What the first failure said."""
        return str(self.records[0]["error"]["msg"]) if self.records else ""

    def tell(self, step: str, seen: int) -> None:
        """Say in the error log that records were left out: AWS would not, and nobody should find out by chance."""
        if self.count:
            sys.stderr.write(
                f"{step}: {self.count} of {seen} records failed and were left out, the first with {self.first}. "
                "errorsAsDynamicFrame() shows them; stageThreshold=1 makes the job fail.\n"
            )


def thresholds(given: Mapping[str, Any], before: int) -> int:
    """Return after how many failures a step ends, by the thresholds of the step and of all until it; 0: never."""
    stage, total = int(given.get("stageThreshold") or 0), int(given.get("totalThreshold") or 0)
    left = [one for one in (stage, max(total - before, 1) if total else 0) if one]
    return min(left, default=0)
