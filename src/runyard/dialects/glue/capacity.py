"""What a job's words come to: the defaults that AWS documents, capacity in DPU, and times in its units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

PYTHON_SHELL = "pythonshell"
STREAMING = "gluestreaming"
RAY = "glueray"
ETL = "glueetl"
COMMANDS = (ETL, STREAMING, PYTHON_SHELL, RAY)

SPARK_VERSION = "5.1"  # what the developer guide gives a job that names none
RAY_VERSION = "4.0"  # "Ray jobs should set GlueVersion to 4.0 or greater"
PYTHON_SHELL_VERSIONS = {"3": "1.0"}  # Python 3.6 came with Glue 1.0 …
PYTHON_SHELL_VERSION = "3.0"  # … and Python 3.9 with Glue 3.0

TIMEOUT = 2880  # minutes, "for Glue version 4.0 and earlier"
TIMEOUT_FROM_5 = 480  # "for Glue version 5.0 and later"
WITHOUT_TIMEOUT = (STREAMING, RAY)  # streams run until stopped; "Timeout not supported for Ray jobs"

DPU_OF_WORKER: Mapping[str, float] = {
    "Standard": 1,
    "G.025X": 0.25,
    "G.1X": 1,
    "G.2X": 2,
    "G.4X": 4,
    "G.8X": 8,
    "G.12X": 12,
    "G.16X": 16,
    # Memory-optimised (M-DPU): the same vCPUs a DPU, twice the memory.
    "R.1X": 1,
    "R.2X": 2,
    "R.4X": 4,
    "R.8X": 8,
    "Z.2X": 2,
}
"""DPU a worker; an unknown type has no capacity we could name."""

SPARK_DPU = 10.0
PYTHON_SHELL_DPU = 0.0625

PYTHON_LOG_GROUP = "/aws-glue/python-jobs"
LOG_GROUP = "/aws-glue/jobs"


def command(settings: Settings) -> str:
    """Return which kind of job it is."""
    return str(settings.get("Command", {}).get("Name", ""))


def glue_version(settings: Settings) -> str:
    """Return the Glue version asked for, or the default of this kind of job."""
    asked: str | None = settings.get("GlueVersion")
    if asked is not None:
        return asked
    if command(settings) == PYTHON_SHELL:
        python = settings.get("Command", {}).get("PythonVersion", "")
        return PYTHON_SHELL_VERSIONS.get(python, PYTHON_SHELL_VERSION)
    return RAY_VERSION if command(settings) == RAY else SPARK_VERSION


def version_number(version: str) -> tuple[float, ...]:
    """Return a Glue version to compare by; `auto` is newer than all."""
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else (float("inf"),)


def timeout(settings: Settings) -> int | None:
    """Return the timeout in minutes."""
    asked: int | None = settings.get("Timeout")
    if asked is not None or command(settings) in WITHOUT_TIMEOUT:
        return asked
    return TIMEOUT_FROM_5 if version_number(glue_version(settings)) >= (5,) else TIMEOUT


def max_capacity(settings: Settings) -> float | None:
    """Return the DPUs a run may use, from whichever words the job uses for them."""
    if "MaxCapacity" in settings:
        return float(settings["MaxCapacity"])
    worker_type, workers = settings.get("WorkerType"), settings.get("NumberOfWorkers")
    if worker_type is not None or workers is not None:
        dpu = DPU_OF_WORKER.get(str(worker_type))
        return None if dpu is None or workers is None else dpu * workers
    if settings.get("AllocatedCapacity"):
        return float(settings["AllocatedCapacity"])
    return PYTHON_SHELL_DPU if command(settings) == PYTHON_SHELL else SPARK_DPU


def allocated_capacity(settings: Settings) -> int | None:
    """Return the DPUs in the older, whole-numbered word: 0 for a sixteenth."""
    dpu = max_capacity(settings)
    return None if dpu is None else int(dpu)


def log_group(settings: Settings) -> str:
    """Return the CloudWatch log group of the runs."""
    security, role = settings.get("SecurityConfiguration"), settings.get("Role", "")
    group = PYTHON_LOG_GROUP if command(settings) == PYTHON_SHELL else LOG_GROUP
    return f"{group}/{security}-role/{role.rpartition('/')[2]}" if security else group


def is_billed_by_the_second(settings: Settings) -> bool:
    """Whether AWS tells DPUSeconds: for flexible runs, and those that scale by themselves."""
    scales = settings.get("Arguments", {}).get("--enable-auto-scaling") == "true"
    return scales or settings.get("ExecutionClass") == "FLEX"


def execution_seconds(running_at: int | None, ended_at: int | None) -> int:
    """Return the whole seconds that code ran; start-up and waiting do not count."""
    return 0 if running_at is None or ended_at is None else max(ended_at - running_at, 0) // 1000


def epoch_seconds(moment: int | None) -> float | None:
    """Return a moment as JSON 1.1 writes it: seconds with milliseconds."""
    return None if moment is None else moment / 1000


def from_epoch_seconds(seconds: float) -> int:
    """Return a moment of JSON 1.1 in ms."""
    return round(seconds * 1000)
