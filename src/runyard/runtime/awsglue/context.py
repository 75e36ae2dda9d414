"""Clean-room `awsglue.context`: says what GlueContext would need."""

from __future__ import annotations

from .absent import needs_spark

raise needs_spark(__name__)
