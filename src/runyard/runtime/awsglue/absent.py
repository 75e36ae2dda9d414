"""What is said of the parts of `awsglue` that need Spark, where there is none."""

from __future__ import annotations


def needs_spark(module: str) -> ImportError:
    """Return why a module cannot be imported and what to do."""
    name = f"awsglue.{module.rpartition('.')[2]}"
    return ImportError(
        f"{name} needs Spark, and this version of runyard has no Spark executor yet. In a Python shell job, read the "
        "parameters with awsglue.utils.getResolvedOptions and the data with pandas, DuckDB or boto3.",
        name=name,
    )
