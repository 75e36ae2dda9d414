"""Every language this server speaks, and where it is spoken."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.dialects.aws import events, iam, logs, sts
from runyard.dialects.databricks.around.account import HOST_FACTS
from runyard.dialects.databricks.jobs.notifications import HERALD
from runyard.dialects.databricks.jobs.triggers import triggers_of
from runyard.dialects.databricks.openapi import described
from runyard.dialects.databricks.operations import OPERATIONS
from runyard.dialects.databricks.protocol import PATHS, Databricks
from runyard.dialects.databricks.runs.finishing import finish as finish_databricks
from runyard.dialects.databricks.runs.run_page import PREFIX as RUN_PAGES
from runyard.dialects.databricks.runs.run_page import RunPages
from runyard.dialects.databricks.runs.starting import start as start_databricks
from runyard.dialects.dremio.changes import keep as keep_dremio
from runyard.dialects.dremio.finishing import finish as finish_dremio
from runyard.dialects.dremio.openapi import described as described_dremio
from runyard.dialects.dremio.operations import OPERATIONS as DREMIO_OPERATIONS
from runyard.dialects.dremio.protocol import PATHS as DREMIO_PATHS
from runyard.dialects.dremio.protocol import Dremio
from runyard.dialects.dremio.reflections.refreshing import attend as attend_dremio
from runyard.dialects.dremio.views import LANGUAGE as DREMIO
from runyard.dialects.glue import protocol as glue
from runyard.dialects.glue.arguments import finish as finish_glue
from runyard.dialects.glue.firing import fire as fire_glue
from runyard.dialects.glue.session_operations import SESSIONS, finish_session
from runyard.dialects.glue.starting import start_with_arguments
from runyard.dialects.glue.workflows import WORKFLOWS, start_workflow
from runyard.dialects.native.protocol import Native
from runyard.dialects.s3.edge import S3
from runyard.engine.engine import Engine
from runyard.engine.language import Language
from runyard.web.app import Services, page
from runyard.web.console.table import OPERATIONS as CONSOLE_TABLE
from runyard.web.console.table import PREFIX as CONSOLE
from runyard.web.flight.table import OPERATIONS as FLIGHT_TABLE
from runyard.web.flight.words import PREFIX as FLIGHT

LANGUAGES: Mapping[str, Language] = {
    "glue": Language(start=start_with_arguments, finish=finish_glue, fire=fire_glue),
    WORKFLOWS: Language(start=start_workflow),
    SESSIONS: Language(finish=finish_session),
    "databricks": Language(start=start_databricks, finish=finish_databricks, triggers=triggers_of, herald=HERALD),
    DREMIO: Language(finish=finish_dremio, keep=keep_dremio, attend=attend_dremio),
}
"""What the engine may ask of each language in which jobs are made."""


def services(engine: Engine) -> Services:
    """Return the table of languages."""
    databricks, dremio = Databricks(), Dremio()
    return Services(
        signed={"glue": glue, "logs": logs, "events": events, "sts": sts, "iam": iam},
        by_path={
            "/runyard/v1/": Native(),
            f"{CONSOLE}/": Native(CONSOLE_TABLE, prefix=CONSOLE),
            f"{FLIGHT}/": Native(FLIGHT_TABLE, prefix=FLIGHT),
            RUN_PAGES: RunPages(),
            **dict.fromkeys(PATHS, databricks),
            **dict.fromkeys(DREMIO_PATHS, dremio),
        },
        objects=S3(engine.mounts),
        takes_content=databricks.takes_content,
        login=dremio.login,
        open_pages={
            "/.well-known/databricks-config": lambda: page(HOST_FACTS, "application/json"),
            "/openapi/databricks.json": lambda: page(described(OPERATIONS), "application/json"),
            "/openapi/dremio.json": lambda: page(described_dremio(DREMIO_OPERATIONS), "application/json"),
        },
    )
