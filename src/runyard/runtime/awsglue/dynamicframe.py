"""Clean-room `awsglue.dynamicframe`: says what DynamicFrame would need."""

from __future__ import annotations

from .absent import needs_spark

raise needs_spark(__name__)
