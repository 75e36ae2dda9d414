"""Which texts in a statement name files, and where those lie on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import TaskFailed
from .tokens import SILENT, Token

# Spark's spellings of S3 mean the same bucket.
SAME = {"s3a://": "s3://", "s3n://": "s3://"}
FILE_FOLLOWS = frozenset({"from", "join", "to", "attach", "database"})
FROM_IS_NO_TABLE = frozenset({"trim", "substring", "extract", "overlay"})  # trim('x' FROM 'xyz')
READS = ("read_", "parquet_", "sniff_")
ALSO_READ = frozenset({"glob", "json_scan", "csv_scan"})


def located(text: str, mounts: Mapping[str, str]) -> str:
    """Return the path of what lies under a mount; leave every other text alone."""
    uri = text
    for other, prefix in SAME.items():
        uri = prefix + uri.removeprefix(other) if uri.startswith(other) else uri
    for prefix in sorted(mounts, key=len, reverse=True):
        rest = uri.removeprefix(prefix)
        if uri.startswith(prefix) and (prefix.endswith("/") or rest[:1] in {"", "/"}):
            if ".." in rest.split("/"):
                raise TaskFailed(f"{text!r} leads out of its mount.")
            return f"{mounts[prefix].rstrip('/')}/{rest.lstrip('/')}"
    return text


@dataclass
class Reader:
    """Goes along a statement and knows whether the next text names a file."""

    before: tuple[str, str] = ("", "")  # the last two words or signs
    calls: list[str] = field(default_factory=list)  # what stands before each parenthesis that is open

    def read(self, token: Token) -> None:
        """Go past a token."""
        if token.kind in SILENT:
            return
        if token.text == "(":
            self.calls.append(self.before[1])
        elif token.text == ")" and self.calls:
            self.calls.pop()
        self.before = (self.before[1], token.text.lower())

    @property
    def expects_file(self) -> bool:
        """Tell whether a text here would name a file: after FROM and its like, and in the calls that read files."""
        call = self.calls[-1] if self.calls else ""
        if call.startswith(READS) or call in ALSO_READ:
            return True
        return self.before[1] in FILE_FOLLOWS and self.before != ("distinct", "from") and call not in FROM_IS_NO_TABLE

    def prepare(self, path: str) -> None:
        """Make the folder of what a COPY writes: object stores have none, so nobody else makes it."""
        if self.before[1] == "to":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
