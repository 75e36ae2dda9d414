"""Adds what came since the last run to the lake: a Spark job for AWS Glue, which reads by its bookmark."""

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "bucket"])
glue_context = GlueContext(SparkContext.getOrCreate())
job = Job(glue_context)
job.init(args["JOB_NAME"], args)

orders = glue_context.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [f"s3://{args['bucket']}/incoming/"]},
    format="csv",
    format_options={"withHeader": True, "attachFilename": "file"},
    transformation_ctx="orders",
)
rows = orders.count()
if rows:
    names = sorted(row["file"].rpartition("/")[2] for row in orders.toDF().select("file").distinct().collect())
    print(f"{rows} new rows, of {', '.join(names)}")
    glue_context.write_dynamic_frame.from_options(
        frame=orders.drop_fields(["file"]),
        connection_type="s3",
        connection_options={"path": f"s3://{args['bucket']}/lake/orders/"},
        format="parquet",
    )
else:
    print("nothing new")
job.commit()
