"""Write docs/reference.md from the code: commands, operations and settings, each from its one table."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import click

from runyard.cli.main import commands
from runyard.dialects.databricks.operations import OPERATIONS as DATABRICKS
from runyard.dialects.dremio.calls import CLOUD, ROOT, SOFTWARE
from runyard.dialects.dremio.operations import OPERATIONS as DREMIO
from runyard.dialects.glue.operations import OPERATIONS as GLUE
from runyard.dialects.native.operations import OPERATIONS as NATIVE
from runyard.dialects.native.protocol import PREFIX
from runyard.engine.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"
ACCESS = PAGE.with_name("access.md")
BEGIN, END = "<!-- written by `make docs` from the tables of operations -->", "<!-- end -->"


def page() -> str:
    parts = ["# Reference", "Written by `make docs` from the code; do not edit.", "## Commands"]
    parts += [help_of(command, path) for path, command in every(commands, ["runyard"])]
    parts += ["## AWS Glue", *(f"- `{one.name}`: {one.summary}" for one in GLUE.values())]
    parts += ["## Databricks", "Below `/api/VERSION/`; `/openapi/databricks.json` tells the members."]
    parts += databricks()
    below = f"Below `{CLOUD}` (cloud) and `{SOFTWARE}` (server) alike; `/openapi/dremio.json` tells the members."
    parts += ["## Dremio", below, *dremio()]
    parts += ["## Our own API", f"JSON below `{PREFIX}`, with `Authorization: Bearer TOKEN`."]
    parts += [f"- `{one.method} {PREFIX}{one.path}`: {(one.handle.__doc__ or '').strip()}" for one in NATIVE]
    parts += ["## Settings", "Fields of `HOME/settings.toml` and their defaults.", *settings()]
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def databricks() -> Iterator[str]:
    for one in DATABRICKS:
        where = f"`{one.method} {one.path}`, {', '.join(one.versions)}"
        yield f"- `{one.id}`: {one.summary.rstrip('.')} ({where})"


def dremio() -> Iterator[str]:
    words = {(CLOUD, SOFTWARE): "", (CLOUD,): ", cloud only", (SOFTWARE,): ", server only", (ROOT,): ""}
    for one in DREMIO:
        place = ROOT + one.path if one.bases == (ROOT,) else one.path
        yield f"- `{one.id}`: {one.summary} (`{one.method} {place}`{words[one.bases]})"


def every(command: click.Command, path: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from every(found, [*path, name])
    else:
        yield path, command


def help_of(command: click.Command, path: list[str]) -> str:
    context = click.Context(command, info_name=" ".join(path), max_content_width=100, terminal_width=100)
    return f"### {' '.join(path)}\n\n```\n{command.get_help(context).strip()}\n```"


def settings() -> Iterator[str]:
    for one in fields(Settings):
        default = "depends on the machine" if one.default is MISSING else f"`{one.default}`"
        yield f"- `{one.name}`: {one.type}, {default}"


def access() -> str:
    """Return the page about access, which people write, with its table as it is now."""
    before, _, rest = ACCESS.read_text().partition(BEGIN)
    table = runpy.run_path(str(Path(__file__).with_name("access_table.py")))["table"]()
    return f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
    ACCESS.write_text(access())


if __name__ == "__main__":
    main()
