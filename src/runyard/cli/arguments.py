"""What people type for runs, jobs and arguments, and how their shell completes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from runyard.cli.target import Target

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from runyard.client.native import NativeClient

COMPLETION_S = 0.3  # a shell that hangs is worse than one that offers nothing
COMPLETIONS = 200
MOST_DIGITS = 16  # of a number below 2^53


class RunId(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.5
    """A run in any spelling: our number, or Glue's jr_… with or without its attempt."""

    name = "run id"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        """Return our number."""
        text = str(value).strip()
        number = _number(text)
        if number is None:
            self.fail(
                f"{text!r} is no run id: give the number that `runyard runs list` shows, or a jr_… id.", param, context
            )
        return number

    def shell_complete(self, context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the newest runs."""
        del param
        return _offered(
            context, incomplete, lambda client: ((str(run["id"]), _said(run)) for run in client.runs(limit=COMPLETIONS))
        )


class JobName(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.5
    """A job by name (or id)."""

    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> str:
        """Refuse what cannot be a name."""
        if not str(value):
            self.fail("the name of a job is not empty.", param, context)
        if not is_text(str(value)):
            self.fail(f"{str(value)!r} is not UTF-8.", param, context)
        return str(value)

    def shell_complete(self, context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the jobs."""
        del param
        return _offered(
            context,
            incomplete,
            lambda client: ((job["name"], job["language"]) for job in client.jobs(limit=COMPLETIONS)),
        )


class Seconds(click.FloatRange):
    """A length of time; what Python takes for a number beside (nan, inf) is none."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> float:
        """Return the seconds."""
        seconds: float = super().convert(value, param, context)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, context)
        return seconds


class Pair(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.5
    """NAME=VALUE."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> tuple[str, str]:
        """Split at the first =."""
        if isinstance(value, tuple):
            return value[0], value[1]
        name, separator, text = str(value).partition("=")
        if not name or not separator:
            self.fail(f"{value!r} is not of the form NAME=VALUE.", param, context)
        if not is_text(str(value)):
            self.fail(f"what is given for {name!r} is not UTF-8.", param, context)
        return name, text


def is_text(typed: str) -> bool:
    """Tell whether what was typed can be told to others: the shell hands over any bytes."""
    try:
        typed.encode()
    except UnicodeEncodeError:
        return False
    return True


def argv(pairs: Sequence[tuple[str, str]], rest: Sequence[str]) -> list[str]:
    """Return the command line of a script: --NAME VALUE for each pair, then the rest as it is."""
    return [word for name, value in pairs for word in (_dashed(name), value)] + list(rest)


def _dashed(name: str) -> str:
    return name if name.startswith("-") else f"--{name}"


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text)
    from runyard.dialects.aws_ids import from_run_id  # noqa: PLC0415 - see main.py

    found = from_run_id(text)
    return found[0] if found else None


def _said(run: Mapping[str, Any]) -> str:
    return f"{run['job_name']} {run['phase']}"


def _offered(
    context: click.Context, incomplete: str, ask: Callable[[NativeClient], Iterator[tuple[str, str]]]
) -> list[CompletionItem]:
    """Ask the server; if it does not answer at once, offer nothing."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - see main.py

    from runyard.client.errors import ClientError  # noqa: PLC0415 - see main.py

    target = Target(home=context.params.get("home"), url=context.params.get("url"))
    try:
        found = list(ask(target.client(patience_s=0, timeout_s=COMPLETION_S)))
    except ClientError:
        return []
    return [CompletionItem(value, help=text) for value, text in found if value.startswith(incomplete)]
