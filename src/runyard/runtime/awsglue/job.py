"""Clean-room `awsglue.job`: says what Job would need."""

from __future__ import annotations

from .absent import needs_spark

raise needs_spark(__name__)
