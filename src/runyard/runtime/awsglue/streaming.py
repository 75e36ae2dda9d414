"""Batches of a stream, given to a function one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

DEFAULT_RETRIES = 3
KNOWN = frozenset({"windowSize", "checkpointLocation", "batchMaxRetries", "persistDataFrame", "storageLevel"})


def for_each_batch(frame: Any, batch_function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Give each batch of a stream to a function, as a frame with its number, until the stream ends."""
    frame = frame.toDF() if hasattr(frame, "toDF") and not hasattr(frame, "isStreaming") else frame
    if not frame.isStreaming:
        raise ValueError("GlueContext.forEachBatch needs a stream, as spark.readStream makes one; this frame is none.")
    if not options.get("checkpointLocation"):
        raise ValueError("GlueContext.forEachBatch needs options['checkpointLocation'], a folder that is its own.")
    if unknown := sorted(options.keys() - KNOWN):
        raise ValueError(
            f"GlueContext.forEachBatch knows no options {', '.join(unknown)}; it knows {', '.join(sorted(KNOWN))}."
        )
    writer = frame.writeStream.foreachBatch(_retried(batch_function, options))
    writer = writer.option("checkpointLocation", options["checkpointLocation"])
    if options.get("windowSize"):
        writer = writer.trigger(processingTime=str(options["windowSize"]))
    writer.start().awaitTermination()


def _retried(function: Callable[..., Any], options: Mapping[str, Any]) -> Callable[[Any, int], None]:
    retries = int(options.get("batchMaxRetries", DEFAULT_RETRIES))
    keeps = str(options.get("persistDataFrame", "true")).lower() != "false"

    def batch(frame: Any, number: int) -> None:
        kept = frame.persist() if keeps else frame
        try:
            for left in range(retries, -1, -1):
                try:
                    function(kept, number)
                except Exception as error:
                    if not left:
                        raise
                    sys.stderr.write(f"Batch {number} failed ({type(error).__name__}: {error}); {left} more tries.\n")
                else:
                    return
        finally:
            if keeps:
                kept.unpersist()

    return batch
