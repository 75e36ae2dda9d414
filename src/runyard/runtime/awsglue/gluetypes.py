"""Clean-room `awsglue.gluetypes`: says what the types would need."""

from __future__ import annotations

from .absent import needs_spark

raise needs_spark(__name__)
