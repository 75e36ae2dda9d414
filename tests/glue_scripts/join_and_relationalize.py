"""Joins the people, the memberships and the organizations of a parliament, and lays them flat into a database."""

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import Join
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "TempDir", "source_db", "target", "connection"])

glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

persons = glueContext.create_dynamic_frame.from_catalog(database=args["source_db"], table_name="persons_json")
print("Count: ", persons.count())
persons.printSchema()

memberships = glueContext.create_dynamic_frame.from_catalog(database=args["source_db"], table_name="memberships_json")
memberships.select_fields(["organization_id"]).toDF().distinct().show()

orgs = glueContext.create_dynamic_frame.from_catalog(database=args["source_db"], table_name="organizations_json")
orgs = (
    orgs.drop_fields(["other_names", "identifiers"])
    .rename_field("id", "org_id")
    .rename_field("name", "org_name")
)
orgs.toDF().show()

l_history = Join.apply(
    orgs,
    Join.apply(persons, memberships, "id", "person_id"),
    "org_id",
    "organization_id",
).drop_fields(["person_id", "org_id"])
print("Count: ", l_history.count())
l_history.printSchema()

glueContext.write_dynamic_frame.from_options(
    frame=l_history,
    connection_type="s3",
    connection_options={"path": args["target"] + "/legislator_history"},
    format="parquet",
)
s_history = l_history.toDF().repartition(1)
s_history.write.parquet(args["target"] + "/legislator_single", mode="overwrite")
l_history.toDF().write.parquet(args["target"] + "/legislator_part", partitionBy=["org_name"], mode="overwrite")

dfc = l_history.relationalize("hist_root", args["TempDir"])
print(sorted(dfc.keys()))
l_history.select_fields("contact_details").printSchema()
dfc.select("hist_root_contact_details").toDF().where("id = 10 or id = 75").orderBy(["id", "index"]).show()
dfc.select("hist_root").toDF().where("contact_details = 10 or contact_details = 75").select(
    ["id", "given_name", "family_name", "contact_details"]
).show()

for df_name in dfc.keys():
    m_df = dfc.select(df_name)
    print("Writing to the database: ", df_name, "(rows: ", m_df.count(), ")")
    renamed = m_df
    for column in m_df.toDF().columns:
        if "." in column:
            renamed = renamed.rename_field("`" + column + "`", column.replace(".", "_"))
    glueContext.write_dynamic_frame.from_jdbc_conf(
        frame=renamed,
        catalog_connection=args["connection"],
        connection_options={"dbtable": df_name.replace(".", "_"), "database": "legislators"},
        redshift_tmp_dir=args["TempDir"],
    )
job.commit()
