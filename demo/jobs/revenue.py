"""Sums up a day's orders by country: an ordinary Glue Python shell job, as it would run on AWS."""

import io
import sys

import boto3
import pandas as pd
from awsglue.utils import getResolvedOptions

options = getResolvedOptions(sys.argv, ["bucket", "orders", "report"])
s3 = boto3.client("s3")
orders = pd.read_csv(s3.get_object(Bucket=options["bucket"], Key=options["orders"])["Body"])
orders["revenue"] = orders["quantity"] * orders["price"]
report = orders.groupby("country")["revenue"].agg(["count", "sum"]).round(2).sort_values("sum", ascending=False)

body = io.StringIO()
report.to_csv(body)
s3.put_object(Bucket=options["bucket"], Key=options["report"], Body=body.getvalue().encode())
print(f"{len(orders):,} orders from {len(report)} countries, {orders['revenue'].sum():,.2f} in all")
