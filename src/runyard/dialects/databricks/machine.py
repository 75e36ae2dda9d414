"""What this machine offers, in the words in which clients choose machines."""

from __future__ import annotations

import os

CLUSTER_ID = "0101-000000-runyard0"
"""The cluster that is always there, and on which a task runs that names no other."""
NODE_TYPE = "runyard.local"
SPARK_VERSION = "16.4.x-scala2.12"
SPARK_VERSIONS = {
    "17.3.x-scala2.13": "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)",
    "16.4.x-scala2.13": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.13)",
    "16.4.x-scala2.12": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)",
    "15.4.x-scala2.12": "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "14.3.x-scala2.12": "14.3 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
}
"""The names that clients pick one of before they make a cluster; any name is accepted and none changes what runs."""


def cores() -> int:
    """Return how many processors there are."""
    return os.cpu_count() or 1


def memory_mb() -> int:
    """Return how much memory there is."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // (1024 * 1024)
