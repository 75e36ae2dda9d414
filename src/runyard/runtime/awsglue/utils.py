"""Clean-room `awsglue.utils`: the parameters of a job, as AWS's documentation of getResolvedOptions describes them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

RESERVED = (
    "job_bookmark_option",
    "job_bookmark_from",
    "job_bookmark_to",
    "JOB_ID",
    "JOB_RUN_ID",
    "SECURITY_CONFIGURATION",
    "encryption_type",
    "enable_data_lineage",
    "RedshiftTempDir",
    "TempDir",
)
"""What every result holds whether or not the script asks for it, in the order in which AWS prints it."""

DISABLED = "job-bookmark-disable"
PAUSED = "job-bookmark-pause"
BOOKMARK_OPTIONS = ("job-bookmark-enable", DISABLED, PAUSED)
BOOKMARK_OPTIONS_OF_OLD = {
    "continuation-enabled": "job-bookmark-enable",
    "continuation-readonly": PAUSED,
    "continuation-ignore": DISABLED,
}
"""What `--continuation-option` said before there was `--job-bookmark-option`."""


class GlueArgumentError(Exception):
    """A parameter that the script asks for is missing or has no value."""


class _Parser(argparse.ArgumentParser):
    """A parser that tells the script what is wrong, where argparse would end its process."""

    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, Any]:
    """Return the values of a job's parameters by name; a hyphen in a name is an underscore in its key.

    `args` is `sys.argv`, `options` the names without their leading hyphens. Parameters nobody asks for are left out.
    """
    misnamed = [name for name in options if name.removeprefix("--").replace("-", "_") in RESERVED and name[:2] == "--"]
    if misnamed:
        raise RuntimeError(f"Using reserved arguments {', '.join(misnamed)}")
    found = vars(_parser(options).parse_known_args(list(args[1:]))[0])
    old = found.pop("continuation_option")
    if found["job_bookmark_option"] is None:
        found["job_bookmark_option"] = DISABLED if old is None else BOOKMARK_OPTIONS_OF_OLD.get(old, old)
    _check_bookmark(found)
    # Either name of the folder for temporary data gives both, as in the results that AWS prints.
    found["TempDir"] = found["TempDir"] or found["RedshiftTempDir"]
    found["RedshiftTempDir"] = found["RedshiftTempDir"] or found["TempDir"]
    return found


def _parser(options: Sequence[str]) -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS)
    asked = {name.replace("-", "_"): name for name in options}
    for name in RESERVED:
        # Only a key of lower case is spelled with hyphens on the command line: --job-bookmark-option, but --JOB_ID.
        hyphened = name.replace("_", "-") if name.islower() else name
        parser.add_argument(*dict.fromkeys((f"--{hyphened}", f"--{name}")), dest=name, required=name in asked)
    parser.add_argument("--continuation-option")
    for key, name in asked.items():
        if key not in (*RESERVED, "continuation_option"):
            parser.add_argument(f"--{name}", dest=key, required=True)
    return parser


def _check_bookmark(found: dict[str, Any]) -> None:
    """Refuse what the documentation of job bookmarks does not allow."""
    option, window = found["job_bookmark_option"], ("job_bookmark_from", "job_bookmark_to")
    given = [name for name in window if found[name] is not None]
    if option not in BOOKMARK_OPTIONS:
        raise RuntimeError(f"Invalid option(s) --job-bookmark-option {option}; known are {', '.join(BOOKMARK_OPTIONS)}")
    if option == PAUSED and len(given) == 1:
        missing = next(name for name in window if name not in given)
        raise RuntimeError(f"Missing option or value for --{missing.replace('_', '-')}")
    if given and option != PAUSED:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise RuntimeError(f"Invalid option(s) {named}: only --job-bookmark-option {PAUSED} takes them")
