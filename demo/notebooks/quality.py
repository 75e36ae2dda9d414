# Databricks notebook source
count = dbutils.jobs.taskValues.get("extract", "orders")
least = int(dbutils.widgets.get("least"))
if count < least:
    raise ValueError(f"only {count:,} orders, and {least:,} are the least that may be")

# COMMAND ----------

dbutils.notebook.exit(f"{count:,} orders are enough")
