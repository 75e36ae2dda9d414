"""Which role each operation needs, from the tables of all languages: for docs/access.md, and for its test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from runyard.core.access import Role
from runyard.dialects.aws import events, iam, logs, sts
from runyard.dialects.aws.operations import need_of
from runyard.dialects.databricks.operations import OPERATIONS as DATABRICKS
from runyard.dialects.dremio.operations import OPERATIONS as DREMIO
from runyard.dialects.glue.operations import OPERATIONS as GLUE
from runyard.dialects.native.operations import OPERATIONS as NATIVE
from runyard.dialects.native.protocol import PREFIX as OWN
from runyard.dialects.s3.operations import OPERATIONS as S3
from runyard.web.console.table import OPERATIONS as CONSOLE
from runyard.web.console.table import PREFIX as PAGES
from runyard.web.flight.table import OPERATIONS as FLIGHT
from runyard.web.flight.words import PREFIX as FLIGHTS

AWS = {
    "IAM": iam.OPERATIONS,
    "STS": sts.OPERATIONS,
    "CloudWatch Logs": logs.OPERATIONS,
    "EventBridge": events.OPERATIONS,
}


def needs() -> Mapping[str, Mapping[str, Role]]:
    """Return the need of each operation, by language and name."""
    return {
        "AWS Glue": {one.name: one.need for one in GLUE.values()},
        "S3": {one.name: one.need for one in S3.values()},
        **{service: {name: need_of(name) for name in known} for service, known in AWS.items()},
        "Databricks": {one.id: one.need for one in DATABRICKS},
        "Dremio": {one.id: one.need for one in DREMIO},
        "Arrow Flight's process": {f"{one.method} {FLIGHTS}{one.path}": one.need for one in FLIGHT},
        "Our own API": {f"{one.method} {OWN}{one.path}": one.need for one in NATIVE},
        "The console": {f"{one.method} {PAGES}{one.path}": one.need for one in CONSOLE},
    }


def table() -> str:
    """Return the table of the page."""
    return "\n".join(["| language | viewer | operator | admin |", "|---|---|---|---|", *_rows()])


def _rows() -> Iterator[str]:
    for language, known in needs().items():
        of: defaultdict[Role, list[str]] = defaultdict(list)
        for name, need in known.items():
            of[need].append(f"`{name}`")
        cells = (", ".join(dict.fromkeys(of[role])) or "none" for role in Role)
        yield f"| {language} | {' | '.join(cells)} |"
