"""All local tables, by path."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.sql.local import ledger
from runyard.sql.local.tables import LocalTable

TABLES: Mapping[str, LocalTable] = {one.path: one for one in (*ledger.TABLES,)}
