"""Loads what came since the last run, by the job's bookmark, into a table that the Data Catalog learns of."""

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import ApplyMapping, Map
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
logger = glueContext.get_logger()
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

datasource0 = glueContext.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [args["source"]], "recurse": True, "groupFiles": "inPartition", "groupSize": "1048576"},
    format="json",
    transformation_ctx="datasource0",
)
count = datasource0.count()
logger.info("new rows: %d" % count)
print("new rows:", count)


def add_day(record):
    record["day"] = record["at"][:10]
    return record


if count:
    mapped = Map.apply(frame=datasource0, f=add_day, transformation_ctx="mapped")
    applymapping1 = ApplyMapping.apply(
        frame=mapped,
        mappings=[("id", "int", "id", "long"), ("amount", "double", "amount", "double"), ("day", "string", "day", "string")],
        transformation_ctx="applymapping1",
    )
    sink = glueContext.getSink(
        connection_type="s3",
        path=args["target"],
        enableUpdateCatalog=True,
        updateBehavior="UPDATE_IN_DATABASE",
        partitionKeys=["day"],
        transformation_ctx="sink",
    )
    sink.setFormat("glueparquet", compression="snappy")
    sink.setCatalogInfo(catalogDatabase="shop", catalogTableName="loads")
    sink.writeFrame(applymapping1)

job.commit()
