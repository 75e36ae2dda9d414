"""Clean-room `awsglue.context`, written from AWS's public documentation alone."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from .absent import begin, refuse

begin(__name__)

from pyspark.sql import SparkSession  # noqa: E402 - not before Spark is ready
from pyspark.sql import functions as F  # noqa: E402 - not before Spark is ready

from . import formats, purging, registering, tables  # noqa: E402 - as above
from .addresses import address_of, of_connection, with_connection  # noqa: E402 - as above
from .catalog import Catalog  # noqa: E402 - as above
from .dynamicframe import DynamicFrame, DynamicFrameCollection  # noqa: E402 - as above
from .flags import flag  # noqa: E402 - as above
from .gluetypes import DataType  # noqa: E402 - as above
from .opening import compression  # noqa: E402 - as above
from .places import SAMPLE, parts_of, pruned, roots_of  # noqa: E402 - as above
from .reading import Found  # noqa: E402 - as above
from .records import paths, seen  # noqa: E402 - as above
from .schemas import declared_type  # noqa: E402 - as above
from .sources import DataSink, DataSource, DynamicFrameReader, DynamicFrameWriter  # noqa: E402 - as above
from .staging import frame  # noqa: E402 - as above

FILES = ("s3", "file")
SAMPLED = {"maxSamplePartitions": 10, "maxSampleFilesPerPartition": 10}
INGESTION = ("year", "month", "day", "hour", "minute")
DAY_OF = {"day": "dayofmonth"}
GRANULARITIES = ("day", "hour", "minute")
OF_AWS: Mapping[str, str] = {
    **dict.fromkeys(
        ("transition_table", "transition_s3_path"),
        "Files of this server have one storage class; on AWS a lifecycle rule of the bucket does the same.",
    ),
    **dict.fromkeys(
        ("start_transaction", "commit_transaction", "cancel_transaction"),
        "Transactions are those of governed tables of Lake Formation; Delta and Iceberg have their own.",
    ),
}
"""Methods that need a service of AWS's, and what to do instead."""


class GlueContext:
    """The entry point of a Glue script, over the session of its process."""

    def __init__(self, sparkContext: Any = None, **options: Any) -> None:
        self._ssc = sparkContext
        self._options = options
        self.spark_session: Any = SparkSession.builder.getOrCreate()
        self.catalog = Catalog()
        self.create_dynamic_frame = DynamicFrameReader(self)
        self.create_data_frame = DynamicFrameReader(self, "create_data_frame")
        self.write_dynamic_frame = self.write_data_frame = DynamicFrameWriter(self)

    @classmethod
    def getOrCreate(cls, sc: Any = None) -> GlueContext:
        """Return one over the session of this process."""
        return cls(sc)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "spark_session":
            raise AttributeError(name)
        if name in OF_AWS:
            refuse(f"GlueContext.{name}", OF_AWS[name])
        if not hasattr(self.spark_session, name):
            refuse(f"GlueContext.{name}", "Say it with DataFrames: glueContext.spark_session has Spark's own ways.")
        return getattr(self.spark_session, name)

    # reading

    def create_dynamic_frame_from_options(
        self,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **_: Any,
    ) -> DynamicFrame:
        """Return what files hold; with a transformation_ctx and bookmarks enabled, what is new of it."""
        options = dict(connection_options or {})
        if connection_type not in FILES:
            return self._framed(self._of_database(options, connection_type, transformation_ctx), transformation_ctx)
        parts = pruned(
            self.spark_session, parts_of(roots_of(options), options, transformation_ctx), push_down_predicate
        )
        kind = format or str(options.get("format") or "")
        told = {**compression(options), **(format_options or {})}
        found = formats.read(self.spark_session, parts, kind, told, {})
        return self._framed(found, transformation_ctx)

    def create_dynamic_frame_from_catalog(  # noqa: PLR0913, PLR0917 - AWS's signature
        self,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        additional_options: Mapping[str, Any] | None = None,
        catalog_id: str | None = None,
        **more: Any,
    ) -> DynamicFrame:
        """Return the rows of a table of the Data Catalog; with a transformation_ctx and bookmarks, what is new."""
        del redshift_tmp_dir
        options = dict(additional_options or {})
        named = database or more.get("name_space") or ""
        table = tables.Table(self.catalog.table(named, table_name or "", catalog_id))
        if table.is_of_database:
            told = {**table.of_database, **options}
            return self._framed(self._of_database(told, "jdbc", transformation_ctx), transformation_ctx)
        asked = [push_down_predicate, str(options.get("catalogPartitionPredicate") or "")]
        predicate = " AND ".join(f"({one})" for one in asked if one)
        found = tables.read(
            self.spark_session, self.catalog, table, context=transformation_ctx, predicate=predicate, options=options
        )
        return self._framed(found, transformation_ctx)

    def create_dynamic_frame_from_rdd(
        self, data: Any, name: str, schema: Any = None, sample_ratio: float | None = None, *_: Any, **__: Any
    ) -> DynamicFrame:
        """Return rows that a script has: a list of them on every engine, an RDD where the engine knows RDDs."""
        if schema is None and isinstance(data, list) and all(isinstance(one, dict) for one in data):
            kind = seen(data)
            choices, nulls = paths(kind)
            rows = frame(self.spark_session, kind, data)
            return DynamicFrame(rows, self, name).knowing(choices, frozenset(nulls))
        declared = declared_type(schema.jsonValue()) if isinstance(schema, DataType) else schema
        return DynamicFrame(self.spark_session.createDataFrame(data, declared, sample_ratio), self, name)

    def create_sample_dynamic_frame_from_options(
        self,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        num: int | None = None,
        sample_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        **more: Any,
    ) -> DynamicFrame:
        """Return some rows of some files of some partitions; a bookmark hears nothing of it."""
        told = {**(connection_options or {}), SAMPLE: {**SAMPLED, **(sample_options or {})}}
        found = self.create_dynamic_frame_from_options(connection_type, told, format, more.get("format_options"))
        return found.limited(num)

    def create_sample_dynamic_frame_from_catalog(
        self,
        database: str,
        table_name: str,
        num: int | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        **more: Any,
    ) -> DynamicFrame:
        """Return some rows of some files of some partitions; a bookmark hears nothing of it."""
        del redshift_tmp_dir, transformation_ctx
        asked = {**SAMPLED, **(more.pop("sample_options", None) or {})}
        told = {**(more.pop("additional_options", None) or {}), SAMPLE: asked}
        found = self.create_dynamic_frame_from_catalog(database, table_name, additional_options=told, **more)
        return found.limited(num)

    def create_data_frame_from_options(self, *given: Any, **named: Any) -> Any:
        """Return what files hold as a DataFrame."""
        return self.create_dynamic_frame_from_options(*given, **named).toDF()

    def create_data_frame_from_catalog(self, *given: Any, **named: Any) -> Any:
        """Return the rows of a table of the Data Catalog as a DataFrame."""
        return self.create_dynamic_frame_from_catalog(*given, **named).toDF()

    def getSource(
        self, connection_type: str, transformation_ctx: str = "", push_down_predicate: str = "", **options: Any
    ) -> DataSource:
        """Return a source whose format is set next."""
        return DataSource(self, connection_type, options, context=transformation_ctx, predicate=push_down_predicate)

    def _of_database(self, options: Mapping[str, Any], connection_type: str, context: str) -> Found:
        told = with_connection(options, self.catalog)
        found: Found = _databases().read(self.spark_session, told, connection_type, context)
        return found

    def _framed(self, found: Found, name: str) -> DynamicFrame:
        return DynamicFrame(found.dataframe, self, name).knowing(found.choices, found.nulls)

    # writing

    def write_dynamic_frame_from_options(
        self,
        frame: Any,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
        **_: Any,
    ) -> Any:
        """Add the rows of a frame, or of each of a collection, to a place."""
        del transformation_ctx
        options = dict(connection_options or {})
        if connection_type not in FILES:
            return self._to_database(frame, options, connection_type)
        path = str(options.get("path") or "")
        if not path:
            raise ValueError("connection_options needs the path to write to.")
        settings = {"compression": options["compression"]} if options.get("compression") else {}
        kind = format or str(options.get("format") or "")
        for one, target in _targets(frame, path):
            told = {**settings, **(format_options or {})}
            formats.write(_rows(one), target, kind, told, list(options.get("partitionKeys") or []))
        return frame

    write_from_options = write_dynamic_frame_from_options
    write_data_frame_from_options = write_dynamic_frame_from_options

    def write_dynamic_frame_from_catalog(  # noqa: PLR0913, PLR0917 - AWS's signature
        self,
        frame: Any,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        additional_options: Mapping[str, Any] | None = None,
        catalog_id: str | None = None,
        **more: Any,
    ) -> Any:
        """Add the rows of a frame to a table's place; with enableUpdateCatalog, the catalog hears of new partitions."""
        del redshift_tmp_dir, transformation_ctx
        options = dict(additional_options or {})
        named = database or more.get("name_space") or ""
        table = tables.Table(self.catalog.table(named, table_name or "", catalog_id))
        if table.is_of_database:
            return self._to_database(frame, {**table.of_database, **options}, "jdbc")
        keys = list(options.get("partitionKeys") or [one["Name"] for one in table.keys])
        rows = _rows(frame)
        written = {**table.options, "writeHeader": table.options.get("withHeader", False)}
        formats.write(rows, table.location, table.format, written, keys)
        if flag(options, "enableUpdateCatalog"):
            registering.register(self.catalog, table, rows, options)
        return frame

    def write_and_register(
        self, frame: Any, database: str, table_name: str, format: str, options: Mapping[str, Any]
    ) -> Any:
        """Add the rows of a frame to a place, and tell the catalog of it: the table is made if it is not there."""
        rows, path = _rows(frame), str(options["path"])
        formats.write(rows, path, format, options, list(options.get("partitionKeys") or []))
        if registering.known(self.catalog, database, table_name) is None:
            told = registering.new_table(rows, table_name, path, format, options)
            self.catalog.create_table(database, told)
        table = tables.Table(self.catalog.table(database, table_name))
        registering.register(self.catalog, table, rows, options)
        return frame

    write_from_catalog = write_dynamic_frame_from_catalog
    write_data_frame_from_catalog = write_dynamic_frame_from_catalog

    def getSink(
        self,
        connection_type: str,
        format: str | None = None,
        transformation_ctx: str = "",
        **options: Any,
    ) -> DataSink:
        """Return a place whose format is set next."""
        return DataSink(self, connection_type, options, format=format, context=transformation_ctx)

    def write_dynamic_frame_from_jdbc_conf(
        self,
        frame: Any,
        catalog_connection: str,
        connection_options: Mapping[str, Any] | None = None,
        *_: Any,
        catalog_id: str | None = None,
        **__: Any,
    ) -> Any:
        """Add the rows of a frame to a table of the database that a connection of the catalog leads to."""
        told = of_connection(self.catalog.connection(catalog_connection, catalog_id))
        return self._to_database(frame, {**told, **(connection_options or {})}, "jdbc")

    write_from_jdbc_conf = write_dynamic_frame_from_jdbc_conf

    def _to_database(self, frame: Any, options: Mapping[str, Any], connection_type: str) -> Any:
        told, write = with_connection(options, self.catalog), _databases().write
        for one, table in _targets(frame, str(told.get("dbtable") or ""), "{path}_{name}"):
            write(_rows(one), {**told, "dbtable": table}, connection_type)
        return frame

    def extract_jdbc_conf(self, connection_name: str, catalog_id: str | None = None) -> dict[str, str]:
        """Return where the database of a connection is and who may reach it, in AWS's words."""
        connection = self.catalog.connection(connection_name, catalog_id)
        told = of_connection(connection)
        address = address_of(told)
        known = connection["ConnectionProperties"]
        return {
            "enforceSSL": known.get("JDBC_ENFORCE_SSL", "false"),
            "skipCustomJDBCCertValidation": known.get("SKIP_CUSTOM_JDBC_CERT_VALIDATION", "false"),
            "customJDBCCert": known.get("CUSTOM_JDBC_CERT", ""),
            "customJDBCCertString": known.get("CUSTOM_JDBC_CERT_STRING", ""),
            "user": address.user,
            "password": address.password,
            "url": address.server_url,
            "fullUrl": address.url,
            "vendor": address.vendor,
        }

    # all else

    def purge_s3_path(self, s3_path: str, options: Mapping[str, Any] | None = None, *_: Any, **__: Any) -> None:
        """Delete the files below a path that are older than the retention period, seven days unless it is given."""
        purging.purge(s3_path, options or {})

    def purge_table(
        self, database: str, table_name: str, options: Mapping[str, Any] | None = None, *_: Any, **more: Any
    ) -> None:
        """Delete the files of a table that are older than the retention period."""
        table = tables.Table(self.catalog.table(database, table_name, more.get("catalog_id")))
        purging.purge_table(self.spark_session, self.catalog, table, options or {})

    def add_ingestion_time_columns(self, dataFrame: Any, timeGranularity: str = "") -> Any:
        """Return the rows of a DataFrame with the moment of now in columns, down to a day, an hour or a minute."""
        names = INGESTION[: GRANULARITIES.index(timeGranularity or GRANULARITIES[0]) + 3]
        now = {f"ingest_{name}": getattr(F, DAY_OF.get(name, name))(F.current_timestamp()) for name in names}
        return dataFrame.withColumns(now)

    def get_logger(self) -> logging.Logger:
        """Return a logger that writes to the error log, as the driver's does."""
        logger = logging.getLogger("GlueLogger")
        if not logger.handlers:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s GlueLogger: %(message)s"))
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False
            logger.trace = logger.debug  # type: ignore[attr-defined] # AWS's logger is one of Java
            logger.warn = logger.warning  # type: ignore[method-assign] # as above
        return logger

    def forEachBatch(self, frame: Any, batch_function: Any, options: Mapping[str, Any] | None = None) -> None:
        """Give each batch of a stream to a function, until the stream ends."""
        from .streaming import for_each_batch  # noqa: PLC0415 - few jobs are streams

        for_each_batch(frame, batch_function, options or {})


def _databases() -> Any:
    from . import databases  # noqa: PLC0415 - few jobs read one

    return databases


def _targets(frame: Any, path: str, named: str = "{path}/{name}/") -> list[tuple[Any, str]]:
    if isinstance(frame, DynamicFrameCollection):
        return [(frame[name], named.format(path=path.rstrip("/"), name=name)) for name in frame.keys()]  # noqa: SIM118 - no mapping
    return [(frame, path)]


def _rows(frame: Any) -> Any:
    return frame.toDF() if isinstance(frame, DynamicFrame) else frame
