"""What is said of what is not there: Spark itself, or something of AWS's library that this one lacks."""

from __future__ import annotations

from importlib import import_module, util
from typing import NoReturn


def needs_spark(module: str) -> ImportError:
    """Return why a module cannot be imported and what to do."""
    name = f"awsglue.{module.rpartition('.')[2]}"
    return ImportError(
        f"{name} needs Spark, which is not installed where this job runs. Install it with `pip install "
        "'runyard[spark]'`; in a Python shell job, read the parameters with awsglue.utils.getResolvedOptions and the "
        "data with pandas, DuckDB or boto3.",
        name=name,
    )


def begin(module: str) -> None:
    """Have Spark ready for a module of this package, or say what is missing."""
    if util.find_spec("pyspark") is None:
        raise needs_spark(module)
    import_module("runyard_spark.begin")


def refuse(what: str, advice: str) -> NoReturn:
    """Refuse something of AWS's library by name."""
    raise NotImplementedError(f"{what} is not there in this awsglue. {advice}")
