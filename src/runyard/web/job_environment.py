"""The environment of a job's process: little of the server's own, and what its clients need to find the server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

from runyard.dialects import glue
from runyard.web.claims import Keys
from runyard.web.credentials import REGION

# What a job may inherit: how to find programs, speak the user's language, and reach a package index.
INHERITED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_*",
    "TZ",
    "TMPDIR",
    "PIP_*",
    "UV_*",
    "SSL_CERT_*",
    "REQUESTS_CA_BUNDLE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "LD_LIBRARY_PATH",
    "JAVA_HOME",
)

CLIENT_MODELS = Path(glue.__file__).parent / "botocore"  # lets boto3 call what AWS documents and its model lacks
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def job_environment(url: str, keys: Keys, more: Mapping[str, str]) -> dict[str, str]:
    """Return what the jobs of a workspace find: boto3, the aws cli, s3fs and databricks-sdk need no configuration."""
    inherited = {
        name: value for name, value in os.environ.items() if any(fnmatch(name, pattern) for pattern in INHERITED)
    }
    environment = {
        **inherited,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DATA_PATH": str(CLIENT_MODELS),
        "DATABRICKS_HOST": url,
        "DATABRICKS_TOKEN": keys.token,
        "RUNYARD_URL": url,
        "RUNYARD_TOKEN": keys.token,
        **more,
    }
    return {**environment, **_past_proxies(url, environment)}


def _past_proxies(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Keep what a job says to this server off an inherited proxy, which could not reach it and would read it."""
    if not any(name.lower() in PROXIES for name in environment):
        return {}
    named = environment.get("no_proxy") or environment.get("NO_PROXY")
    direct = ",".join([*([named] if named else []), urlsplit(url).hostname or ""])
    return {"no_proxy": direct, "NO_PROXY": direct}
