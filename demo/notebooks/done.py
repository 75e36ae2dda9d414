# Databricks notebook source
# MAGIC %fs head dbfs:/shop/published.txt

# COMMAND ----------

dbutils.notebook.exit("published")
