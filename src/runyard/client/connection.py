"""One service that can be spoken to: where it is, who asks, and what it may be called."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from runyard.client.credentials import Credentials

DATABRICKS = "databricks"
GLUE = "glue"
DREMIO = "dremio"
RUNYARD = "runyard"
SERVICES = (DATABRICKS, GLUE, DREMIO, RUNYARD)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A workspace of Databricks, an account of AWS in a region, or a project of Dremio."""

    name: str
    service: str  # one of SERVICES
    url: str
    credentials: Credentials = field(repr=False)
    region: str = ""  # of AWS
    account: str = ""  # of AWS: a number
    project_id: str = ""  # of Dremio
    limit: int | None = None  # the most rows that one scan may read
    ca_file: str | None = None
    native_token: str = field(default="", repr=False)  # of a server of ours: it knows how to wait

    @property
    def aliases(self) -> frozenset[str]:
        """What else names it: its region or project, its host, and the first part of that, the deployment."""
        host = urlsplit(self.url).netloc
        deployment = host.partition(".")[0] if self.service == DATABRICKS and "." in host else ""
        return frozenset({self.region, self.account, self.project_id, host, deployment} - {""})
