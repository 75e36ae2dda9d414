"""Cleans payments with functions of Python: amounts lose their dollar signs, and fields are nested anew."""

import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import udf
from pyspark.sql.types import StringType

args = getResolvedOptions(sys.argv, ["JOB_NAME", "output_dir"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

medicare = spark.read.format("csv").option("header", "true").option("inferSchema", "true").load("s3://raw/medicare/")
medicare.printSchema()

medicare_dynamicframe = glueContext.create_dynamic_frame.from_catalog(database="payments", table_name="medicare")
medicare_res = medicare_dynamicframe.resolveChoice(specs=[("provider id", "cast:long")])
medicare_dataframe = medicare_res.toDF()
medicare_dataframe = medicare_dataframe.where("`provider id` is NOT NULL")

chop_f = udf(lambda x: x[1:], StringType())
medicare_dataframe = (
    medicare_dataframe.withColumn("ACC", chop_f(medicare_dataframe["average covered charges"]))
    .withColumn("ATP", chop_f(medicare_dataframe["average total payments"]))
    .withColumn("AMP", chop_f(medicare_dataframe["average medicare payments"]))
)

medicare_tmp = DynamicFrame.fromDF(medicare_dataframe, glueContext, "nested")
medicare_nest = medicare_tmp.apply_mapping(
    [
        ("drg definition", "string", "drg", "string"),
        ("provider id", "long", "provider.id", "long"),
        ("provider name", "string", "provider.name", "string"),
        ("provider city", "string", "provider.city", "string"),
        ("provider state", "string", "provider.state", "string"),
        ("ACC", "string", "charges.covered", "double"),
        ("ATP", "string", "charges.total_pay", "double"),
        ("AMP", "string", "charges.medicare_pay", "double"),
    ]
)
medicare_nest.printSchema()


def with_share(rec):
    rec["share"] = round(rec["charges"]["medicare_pay"] / rec["charges"]["total_pay"], 2)
    return rec


shared = medicare_nest.map(f=with_share, transformation_ctx="shared")
print("Failed: ", shared.errorsCount())
glueContext.write_dynamic_frame.from_options(
    frame=shared,
    connection_type="s3",
    connection_options={"path": args["output_dir"]},
    format="json",
)
job.commit()
