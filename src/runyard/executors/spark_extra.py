"""Whether the extra `spark` is installed, and what of the runtime stands between it and jobs."""

from __future__ import annotations

import importlib.util
import re
from functools import cache

BEGIN = "runyard_spark.begin"
"""The module that lets a job's `import pyspark` find Spark as jobs know it."""
WARM = (
    "pysail.spark",
    "runyard_spark.ready",
    "runyard_spark.warm",
    "awsglue.transforms",
    "awsglue.context",
    "awsglue.job",
)
"""What processes import that wait for Spark jobs."""
INSTALL = (
    "This run needs Spark. Install it with `pip install 'runyard[spark]'` where the server runs and start the server "
    "again, or make it a Python shell job (Command.Name 'pythonshell'), which needs none."
)


SPARK = re.compile(rb"\bpyspark\b|\bawsglue\.(?:context|dynamicframe|transforms)\b|\bspark\s*\.|\bsqlContext\b")
"""What a text says that is likely to use Spark."""


def warm() -> tuple[str, ...]:
    """Return what processes that wait for Spark jobs have imported."""
    return WARM if is_installed() else ()


def is_wanted(source: bytes) -> bool:
    """Tell whether a text is likely to use Spark: a wrong yes costs a process that waits, a wrong no an import."""
    return SPARK.search(source) is not None


@cache
def is_installed() -> bool:
    """Tell whether there are Sail and the client that speaks to it."""
    return all(importlib.util.find_spec(name) is not None for name in ("pysail", "pyspark"))
