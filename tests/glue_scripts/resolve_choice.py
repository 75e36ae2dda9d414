"""Reads payments whose provider ids are numbers in most rows and words in some, and resolves that in every way."""

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

medicare_dyf = glueContext.create_dynamic_frame.from_catalog(database="payments", table_name="medicare")
medicare_dyf.printSchema()

medicare_res_cast = medicare_dyf.resolveChoice(specs=[("provider id", "cast:long")])
medicare_res_project = medicare_dyf.resolveChoice(specs=[("provider id", "project:long")])
medicare_res_make_cols = medicare_dyf.resolveChoice(specs=[("provider id", "make_cols")])
medicare_res_make_struct = medicare_dyf.resolveChoice(specs=[("provider id", "make_struct")])
for way in (medicare_res_cast, medicare_res_project, medicare_res_make_cols, medicare_res_make_struct):
    way.printSchema()

medicare_res_cast.toDF().where("`provider id` is NULL").show()
print("Without a number: ", medicare_res_cast.toDF().where("`provider id` is NULL").count())

medicare_df = ResolveChoice.apply(
    frame=medicare_dyf,
    choice="match_catalog",
    database="payments",
    table_name="medicare",
    transformation_ctx="medicare_df",
)
medicare_valid = Filter.apply(frame=medicare_df, f=lambda row: row["provider id"] is not None)
glueContext.write_dynamic_frame.from_options(
    frame=DropNullFields.apply(frame=medicare_valid),
    connection_type="s3",
    connection_options={"path": "s3://out/medicare_valid"},
    format="glueparquet",
    format_options={"compression": "snappy"},
)
job.commit()
