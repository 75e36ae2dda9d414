"""Where everything of one server lies: the home folder and its parts."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import platformdirs

SHARD = 1 << 32  # ids of about seventeen minutes share a folder, so that none grows without end


def default_home() -> Path:
    """Return `$RUNYARD_HOME`, else the platform's data folder."""
    named = os.environ.get("RUNYARD_HOME")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("runyard", appauthor=False))


@dataclass(frozen=True)
class Home:
    """The home folder of a server; only its owner may look inside, because it holds keys and people's data."""

    path: Path

    def make(self) -> Home:
        """Create what is missing."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.chmod(0o700)  # also where it was there before, and open
        for folder in (
            self.runs,
            self.environments,
            self.path / "s3",
            self.path / "dbfs",
            self.path / "workspace",
            self.path / "volumes",
        ):
            folder.mkdir(exist_ok=True, mode=0o700)
        return self

    @property
    def ledger_url(self) -> str:
        """The SQLite ledger of this home."""
        return f"sqlite:///{self.path / 'ledger.db'}"

    @property
    def runs(self) -> Path:
        """Where attempts have their folders."""
        return self.path / "runs"

    @property
    def environments(self) -> Path:
        """Where the virtual environments of jobs with packages of their own are kept."""
        return self.path / "environments"

    @property
    def databases(self) -> Path:
        """Where the databases of SQL tasks are kept, one a workspace."""
        return self.path / "sql"

    def attempt_folder(self, attempt_id: int) -> Path:
        """Return the folder of an attempt: stdout, stderr, times, result.json, work/."""
        return self.runs / f"{attempt_id // SHARD:x}" / f"{attempt_id:x}"

    def server_name(self) -> str:
        """Return the name under which this home's attempts stand in the ledger; made at the first start."""
        file = self.path / "server"
        if not file.exists():
            file.write_text(secrets.token_hex(8))
        return file.read_text().strip()
