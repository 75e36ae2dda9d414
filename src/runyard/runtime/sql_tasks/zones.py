from __future__ import annotations

import datetime as dt
import importlib.util
import sys
import types
import zoneinfo


class Zone(zoneinfo.ZoneInfo):
    """A time zone with the one method that DuckDB calls."""

    def localize(self, moment: dt.datetime) -> dt.datetime:
        """Return the moment as one of this zone."""
        return moment.replace(tzinfo=self)


def stand_in_for_pytz() -> None:
    """Give DuckDB the module that it asks for moments with a zone, where it is not installed."""
    if importlib.util.find_spec("pytz") is None:
        module = types.ModuleType("pytz")
        module.__dict__.update(timezone=Zone, utc=Zone("UTC"), UTC=Zone("UTC"))
        sys.modules["pytz"] = module
