"""What a visual job looks like as a script: partitions of a table, a query over two frames, rows split and written."""

import sys

from awsglue import DynamicFrame
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext


def sparkSqlQuery(glueContext, query, mapping, transformation_ctx) -> DynamicFrame:
    for alias, frame in mapping.items():
        frame.toDF().createOrReplaceTempView(alias)
    result = spark.sql(query)
    return DynamicFrame.fromDF(result, glueContext, transformation_ctx)


args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

Sales_node1 = glueContext.create_dynamic_frame.from_catalog(
    database="shop",
    table_name="sales",
    push_down_predicate="(year == '2026' and month > 1)",
    additional_options={"catalogPartitionPredicate": "year >= 2026"},
    transformation_ctx="Sales_node1",
)
Products_node2 = glueContext.create_dynamic_frame.from_options(
    format_options={"quoteChar": '"', "withHeader": True, "separator": ";"},
    connection_type="s3",
    format="csv",
    connection_options={"paths": ["s3://raw/products/"], "recurse": True},
    transformation_ctx="Products_node2",
)
SQL_node3 = sparkSqlQuery(
    glueContext,
    query="select p.name, s.year, s.month, sum(s.amount) as total from sales s join products p on s.product = p.id "
    "group by p.name, s.year, s.month",
    mapping={"sales": Sales_node1, "products": Products_node2},
    transformation_ctx="SQL_node3",
)
Split_node4 = SplitRows.apply(
    frame=SQL_node3,
    comparison_dict={"total": {">=": 100}},
    name1="large",
    name2="small",
    transformation_ctx="Split_node4",
)
Large_node5 = SelectFromCollection.apply(dfc=Split_node4, key="large", transformation_ctx="Large_node5")
Ordered_node6 = SelectFields.apply(frame=Large_node5, paths=["name", "total", "month"], transformation_ctx="o")
glueContext.write_dynamic_frame.from_options(
    frame=Ordered_node6,
    connection_type="s3",
    format="csv",
    connection_options={"path": "s3://out/large/", "partitionKeys": ["month"]},
    transformation_ctx="AmazonS3_node7",
)
print(len(Split_node4), SelectFromCollection.apply(dfc=Split_node4, key="small").count())
job.commit()
