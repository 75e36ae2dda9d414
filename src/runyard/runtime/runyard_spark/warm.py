"""What a session imports as it is made: imported by warm processes beforehand, so that no job waits for it."""

from __future__ import annotations

import platform

import grpc._channel
import grpc_status.rpc_status
import pandas as pd
import pyspark.cloudpickle
import pyspark.sql.connect.client.core
import pyspark.sql.connect.conversion
import pyspark.sql.connect.functions
import pyspark.sql.connect.readwriter
import pyspark.sql.connect.udf
import pyspark.sql.functions
import pyspark.sql.pandas.types
import pyspark.sql.types

WARMED = (grpc, grpc_status.rpc_status, pd, pyspark)

platform.uname()  # asks the system's `uname` once, and remembers
