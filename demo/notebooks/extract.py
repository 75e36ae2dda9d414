# Databricks notebook source
# MAGIC %md Counts the orders of the day and tells the tasks behind it.

# COMMAND ----------

import csv

path = dbutils.widgets.get("orders")
with open(path) as file:
    orders = list(csv.DictReader(file))

# COMMAND ----------

dbutils.jobs.taskValues.set("orders", len(orders))
display([{"country": row["country"], "product": row["product"]} for row in orders[:5]])
