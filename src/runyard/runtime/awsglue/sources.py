"""The small objects of a GlueContext through which scripts read and write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .flags import flag


class DynamicFrameReader:
    """`create_dynamic_frame` or `create_data_frame`: the ways to read."""

    def __init__(self, glue_context: Any, name: str = "create_dynamic_frame") -> None:
        self.from_options = getattr(glue_context, f"{name}_from_options")
        self.from_catalog = getattr(glue_context, f"{name}_from_catalog")
        self.from_rdd = glue_context.create_dynamic_frame_from_rdd

    def __call__(self, **named: Any) -> Any:
        """Read from a table if one is named, else from a connection."""
        return self.from_catalog(**named) if "table_name" in named else self.from_options(**named)


class DynamicFrameWriter:
    """`write_dynamic_frame`: the ways to write."""

    def __init__(self, glue_context: Any) -> None:
        self.from_options = glue_context.write_dynamic_frame_from_options
        self.from_catalog = glue_context.write_dynamic_frame_from_catalog
        self.from_jdbc_conf = glue_context.write_dynamic_frame_from_jdbc_conf


class DataSource:
    """A place to read from."""

    def __init__(
        self, glue_context: Any, connection_type: str, options: Mapping[str, Any], *, context: str, predicate: str
    ) -> None:
        self._glue = glue_context
        self._type = connection_type
        self._options = options
        self._context = context
        self._predicate = predicate
        self._format: str | None = None
        self._format_options: Mapping[str, Any] = {}

    def setFormat(self, format: str, **options: Any) -> DataSource:
        """Say what the files are."""
        self._format = format
        self._format_options = options
        return self

    def getFrame(self, *_: Any, **__: Any) -> Any:
        """Return the rows."""
        return self._glue.create_dynamic_frame_from_options(
            self._type,
            self._options,
            self._format,
            self._format_options,
            transformation_ctx=self._context,
            push_down_predicate=self._predicate,
        )


class DataSink:
    """A place to write to."""

    def __init__(
        self,
        glue_context: Any,
        connection_type: str,
        options: Mapping[str, Any],
        *,
        format: str | None,
        context: str,
    ) -> None:
        self._glue = glue_context
        self._type = connection_type
        self._options = options
        self._format = format
        self._context = context
        self._format_options: Mapping[str, Any] = {}
        self._table: tuple[str, str] | None = None

    def setFormat(self, format: str, **options: Any) -> DataSink:
        """Say what the files are to be."""
        self._format = format
        self._format_options = options
        return self

    def setCatalogInfo(self, catalogDatabase: str, catalogTableName: str, *_: Any) -> DataSink:
        """Name the table that is to hear of new partitions."""
        self._table = (catalogDatabase, catalogTableName)
        return self

    def writeFrame(self, dynamic_frame: Any, *_: Any, **__: Any) -> Any:
        """Add the rows of a frame."""
        options = {**self._options}
        if self._table is None or not flag(options, "enableUpdateCatalog", default=True):
            return self._glue.write_dynamic_frame_from_options(
                dynamic_frame, self._type, options, self._format, self._format_options
            )
        database, name = self._table
        if options.get("path"):
            told = {**options, **self._format_options}
            return self._glue.write_and_register(dynamic_frame, database, name, self._format or "", told)
        asked = {"enableUpdateCatalog": True, **options}
        return self._glue.write_dynamic_frame_from_catalog(dynamic_frame, database, name, additional_options=asked)

    write = writeFrame
