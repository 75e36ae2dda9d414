"""Every language this server speaks, and where it is spoken."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.dialects.aws import iam, logs, sts
from runyard.dialects.glue import protocol as glue
from runyard.dialects.glue.arguments import finish as finish_glue
from runyard.dialects.glue.starting import start_with_arguments
from runyard.dialects.native.calls import Start
from runyard.dialects.native.protocol import Native
from runyard.dialects.s3.edge import S3
from runyard.engine.dispatcher import Finish
from runyard.engine.engine import Engine
from runyard.web.app import Services

FINISH: Mapping[str, Finish] = {"glue": finish_glue}
"""How each language gives a task its last facts before it starts."""


STARTS: Mapping[str, Start] = {"glue": start_with_arguments}
"""How a job of each language is started by name and arguments alone."""


def services(engine: Engine) -> Services:
    """Return the table of languages."""
    return Services(
        signed={"glue": glue, "logs": logs, "sts": sts, "iam": iam},
        by_path={"/runyard/v1/": Native(STARTS)},
        objects=S3(engine.mounts),
    )
