from __future__ import annotations

from pathlib import Path

import click

from runyard.cli.main import commands
from runyard.dialects.databricks.operations import OPERATIONS as DATABRICKS
from runyard.dialects.dremio.operations import OPERATIONS as DREMIO
from runyard.dialects.glue.operations import OPERATIONS as GLUE
from runyard.dialects.native.operations import OPERATIONS as NATIVE
from runyard.engine.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text()


def test_the_reference_knows_every_command_operation_and_setting() -> None:
    wanted = {f"### runyard {name}" for name in commands.list_commands(click.Context(commands))}
    wanted |= {f"`{name}`" for name in GLUE}
    wanted |= {f"`{one.id}`" for one in DATABRICKS}
    wanted |= {f"`{one.id}`" for one in DREMIO}
    wanted |= {f"`{one.method} /runyard/v1{one.path}`" for one in NATIVE}
    wanted |= {f"`{name}`" for name in Settings.__dataclass_fields__}

    assert {name for name in wanted if name not in PAGE} == set()
