"""The part of the ledger that those look at who want to see everything at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runyard.store.records import RUN
from runyard.store.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Collection

    from runyard.core.run import Run


class Overview(Rows):
    """Many runs at once, and counts of them."""

    def largest_id(self) -> int:
        """Return the largest id that anything has."""
        return int(self._cursor.all("largest_id", {})[0][0] or 0)

    def runs_by_ids(self, run_ids: Collection[int]) -> list[Run]:
        """Return these runs, of whatever workspace; those that are gone are left out."""
        return self._all(RUN, "runs_by_ids", ids=msgspec.json.encode(list(run_ids)).decode())

    def runs_told_of(self, after: int, limit: int) -> list[int]:
        """Return the run of each event behind one, at most `limit`."""
        return [row[0] for row in self._cursor.all("runs_told_of", {"after": after, "limit": limit})]

    def run_behind(self, workspace_id: int, *, before: int, rows: int) -> int | None:
        """Return the id of the run that stands so many before another; None if there are not so many."""
        found = self._cursor.all("run_behind", {"workspace_id": workspace_id, "before": before, "rows": rows})
        return found[0][0] if found else None

    def count_ended(self, workspace_id: int, *, since: int, until: int) -> tuple[int, int, int]:
        """Count the runs that ended in a span: all, those that succeeded, and those that were cancelled or skipped."""
        parameters = {"workspace_id": workspace_id, "since": since, "until": until}
        all_of_them, succeeded, given_up = self._cursor.all("count_ended", parameters)[0]
        return all_of_them, succeeded or 0, given_up or 0

    def unsuccessful(self, workspace_id: int, *, after: int, limit: int) -> list[tuple[int, str, str, str | None]]:
        """Return id, job's name, outcome and message of the newest runs that did not succeed."""
        parameters = {"workspace_id": workspace_id, "after": after, "limit": limit}
        return [(row[0], row[1], row[2], row[3]) for row in self._cursor.all("unsuccessful", parameters)]

    def job_names(self, workspace_id: int, *, limit: int) -> list[str]:
        """Return the names that runs have, in their order."""
        names: list[str] = []
        while len(names) < limit:
            parameters = {"workspace_id": workspace_id, "after": names[-1] if names else ""}
            name = self._cursor.all("job_name_after", parameters)[0][0]
            if name is None:
                break
            names.append(name)
        return names
