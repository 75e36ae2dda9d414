"""Paths as jobs name them, made paths of this machine before Spark sees them.

Sail would take `dbfs:/x` and `file:/x` for folders of these names. What stands in no place that is known here as a
path (a URI put together inside of SQL, say) Sail reads itself: `s3://` from this server, by AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from dbruntime.places import Places

from .facts import read_facts

OURS = re.compile(r"(?:s3|s3a|s3n|dbfs|file):")
LITERALS = re.compile(r"""(\b(?:LOCATION|DIRECTORY|PATH['"`]?)\s*=?\s*)(?:'([^'\\]*)'|"([^"\\]*)")""", re.IGNORECASE)
"""LOCATION '…', INSERT OVERWRITE DIRECTORY '…', OPTIONS (path '…')."""
FILES = re.compile(r"(\b(?:csv|json|parquet|text|orc|avro|xml|delta|binaryfile)\s*\.\s*)`([^`]*)`", re.IGNORECASE)
"""SELECT … FROM parquet.`…`."""


class Local(str):
    """A text whose paths are local already: in a Databricks task a path of this machine looks like one of DBFS."""

    __slots__ = ()


def local(uri: str) -> str:
    """Return where a path lies on this machine; one that belongs to no mount stays as it is."""
    if isinstance(uri, Local):
        return uri
    facts = read_facts()
    if not facts.shares_files:
        return uri
    places = Places(facts.mounts)
    if not _is_ours(uri, facts.mounts, facts.root):
        return uri
    if uri.startswith("file:") and not facts.mounts:
        return "/" + uri.removeprefix("file:").lstrip("/")
    if uri.startswith(("s3:", "s3a:", "s3n:")) and "s3://" not in facts.mounts:
        return uri  # told of no mounts: Sail asks the server
    return str(places.resolve(uri)) + ("/" if uri.endswith("/") else "")


def _is_ours(uri: str, mounts: Iterable[str], root: str) -> bool:
    if OURS.match(uri) or any(uri.startswith(prefix) for prefix in mounts):
        return True
    return bool(root) and uri.startswith("/")


def local_files(uri: str) -> str:
    """Return the path for something that Spark opens itself, from the folder that it was started in."""
    found = local(uri)
    is_elsewhere = "://" in found or not read_facts().shares_files
    return Local(found if is_elsewhere else os.path.join(os.getcwd(), found))  # noqa: PTH109, PTH118 - keeps a final slash


def in_sql(text: str) -> str:
    """Return a statement with its paths made local."""
    if isinstance(text, Local):
        return text
    return Local(FILES.sub(_quoted("`"), LITERALS.sub(_quoted("'"), text)))


def _quoted(mark: str) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        before, *found = match.groups()
        uri = next((one for one in found if one is not None), "")
        path = local(uri)
        return match.group() if path == uri or mark in path else f"{before}{mark}{path}{mark}"

    return replaced
