"""`runyard arazzo …`: workflows over APIs, run, checked and shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from runyard.cli.arguments import Pair, Seconds
from runyard.cli.target import Target, target_options

FILE = click.Path(dir_okay=False, path_type=Path)
HOSTS_HELP = "Call only this host (or host:port); may be repeated.  [default: any]"

file_argument = click.argument("file", type=click.Path(allow_dash=True))
source_option = click.option(
    "--source",
    "sources",
    type=Pair(),
    multiple=True,
    metavar="NAME=URL|FILE",
    help="Read this source of the document from here instead; may be repeated.",
)
hosts_option = click.option("--allow-host", "hosts", multiple=True, metavar="HOST", help=HOSTS_HELP)


class Header(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.5
    """NAME: VALUE."""

    name = "name: value"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> tuple[str, str]:
        """Split at the first colon; what is wrong is told without the value, which may be a secret."""
        if isinstance(value, tuple):
            return value[0], value[1]
        name, separator, text = str(value).partition(":")
        if not separator or not name.strip():
            self.fail("a header is given as 'Name: value'.", param, context)
        return self._sendable((name.strip(), text.strip()), param, context)

    def _sendable(
        self, header: tuple[str, str], param: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, str]:
        from runyard.arazzo.http.outgoing import Unspeakable, header_lines  # noqa: PLC0415 - see main.py

        try:
            header_lines((header,))
        except Unspeakable:
            self.fail(f"{header[0]!r} has a name or a value that no header may have.", param, context)
        return header


class Server(Pair):
    """NAME=URL."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> tuple[str, str]:
        """Refuse what is no address; one with variables is known when they are."""
        from runyard.arazzo.requests.servers import ADDRESS  # noqa: PLC0415 - see main.py

        name, url = super().convert(value, param, context)
        if "{" not in url and not ADDRESS.fullmatch(url):
            self.fail(f"{url!r} is no address to call; give one like https://HOST/PATH.", param, context)
        return name, url


@click.group(epilog="Example: runyard arazzo run workflow.yml -i jobId=7 -i token=@env:DATABRICKS_TOKEN")
def arazzo() -> None:
    """Run, check and show Arazzo workflows over any API."""


@arazzo.command(
    "run",
    epilog="Example: runyard arazzo run run-existing-job-and-wait.yml -i jobId=7 "
    '--source azureDatabricksApi="$DATABRICKS_HOST/openapi/databricks.json" -i token=@env:DATABRICKS_TOKEN',
)
@file_argument
@click.option("--workflow", metavar="ID", help="Which workflow of the document.  [default: the only one]")
@click.option(
    "-i",
    "--input",
    "pairs",
    type=Pair(),
    multiple=True,
    help="An input, read by its type; @FILE and @env:VARIABLE stand for what they hold; may be repeated.",
)
@click.option("--inputs", metavar="FILE|-", help="All inputs as a JSON or YAML object; -i overrules it.")
@source_option
@click.option(
    "--server",
    "servers",
    type=Server(),
    multiple=True,
    metavar="NAME=URL",
    help="Call this source's API here instead; may be repeated.",
)
@click.option(
    "--header", "headers", type=Header(), multiple=True, help="Send this with every request; may be repeated."
)
@click.option(
    "--poll-interval",
    type=Seconds(min=0),
    metavar="SECONDS",
    help="Pause between identical polls.  [default: growing from 0.25 to 10]",
)
@click.option("--timeout", type=Seconds(min=0, min_open=True), metavar="SECONDS", help="Of the whole run.")
@click.option(
    "--max-steps", type=click.IntRange(min=1), default=10_000, show_default=True, help="Executions of steps at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the outputs and every step.")
@click.option("--junit", type=FILE, help="Write JUnit XML here.")
@click.option("--har", type=FILE, help="Write all requests and responses here, as a HAR archive.")
@click.option(
    "--jsonpath",
    type=click.Choice(["lenient", "rfc9535"]),
    default="lenient",
    show_default=True,
    help="How JSONPath conditions are read.",
)
@hosts_option
@click.option("--record", is_flag=True, help="Record the run in the ledger of the server.")
@target_options
@click.pass_context
def run_workflow(
    context: click.Context, /, *, target: Target, file: str, sources: Sequence[tuple[str, str]], **more: Any
) -> None:
    """Run a workflow of FILE (a path, a URL, or - for standard input) and print its outputs.

    Exit status: 0 it succeeded, 1 it failed, 2 the call or the document is wrong, 130 Ctrl-C. Secrets (tokens,
    passwords, cookies, what the document calls a password) are masked in everything that is printed and written.

    A source that cannot be read is replaced by the API description of the runyard server (--home, --url), if that
    knows the operations.
    """
    import os  # noqa: PLC0415 - see main.py

    from runyard.arazzo.running.options import Options  # noqa: PLC0415 - see main.py
    from runyard.cli.arazzo_running import Asked, carry_out  # noqa: PLC0415 - see main.py

    options = Options(
        poll_interval=more["poll_interval"],
        timeout_s=more["timeout"],
        max_steps=more["max_steps"],
        jsonpath=more["jsonpath"],
        headers=tuple(more["headers"]),
        environment=os.environ,
    )
    asked = Asked(
        file=file,
        target=target,
        workflow=more["workflow"],
        pairs=more["pairs"],
        inputs=more["inputs"],
        sources=dict(sources),
        servers=dict(more["servers"]),
        hosts=more["hosts"],
        as_json=more["as_json"],
        junit=more["junit"],
        har=more["har"],
        record=more["record"],
        options=options,
    )
    context.exit(carry_out(asked))


@arazzo.command("check", epilog="Example: runyard arazzo check workflow.yml --strict")
@file_argument
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@source_option
@hosts_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check_document(
    context: click.Context,
    /,
    *,
    file: str,
    strict: bool,
    sources: Sequence[tuple[str, str]],
    hosts: Sequence[str],
    as_json: bool,
) -> None:
    """Tell what is wrong with FILE, with line, column and a hint; exit 1 if there are errors.

    Operations are looked up in sources that are files, and in those that --source names; no other address is called.
    """
    from runyard.cli.arazzo_checking import check_file, print_findings  # noqa: PLC0415 - see main.py

    found = check_file(file, sources=dict(sources), hosts=hosts, strict=strict)
    print_findings(found, as_json=as_json)
    context.exit(1 if any(finding.is_error for finding in found.findings) else 0)


@arazzo.command("show", epilog="Example: runyard arazzo show workflow.yml --mermaid > workflow.mmd")
@file_argument
@click.option("--mermaid", is_flag=True, help="Print a Mermaid flowchart instead.")
def show_document(*, file: str, mermaid: bool) -> None:
    """Show the workflows of FILE as a tree: what goes in, what is done, what comes out."""
    from runyard.cli.arazzo_checking import show_file  # noqa: PLC0415 - see main.py

    for line in show_file(file, mermaid=mermaid):
        click.echo(line)
