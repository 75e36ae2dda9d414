"""The part of the ledger that keeps what jobs have read."""

from __future__ import annotations

from runyard.core.bookmark import Bookmark
from runyard.store.records import BOOKMARK
from runyard.store.rows import Rows


class Bookmarks(Rows):
    """Versions of the bookmark of a job; all that a job has go with it."""

    def bookmark(self, job_id: int) -> Bookmark | None:
        """Return the last version."""
        return self._one(BOOKMARK, "bookmark_of_job", job_id=job_id)

    def committed_bookmark(self, job_id: int, version: int) -> Bookmark | None:
        """Return the last version up to this one that was committed or reset."""
        return self._one(BOOKMARK, "committed_bookmark", job_id=job_id, version=version)

    def bookmark_of_run(self, job_id: int, run_id: int) -> Bookmark | None:
        """Return the last version of a run."""
        return self._one(BOOKMARK, "bookmark_of_run", job_id=job_id, run_id=run_id)

    def bookmark_at(self, job_id: int, moment: int) -> Bookmark | None:
        """Return the version that was the last one at a moment."""
        return self._one(BOOKMARK, "bookmark_at", job_id=job_id, moment=moment)

    def bookmarks(self, job_id: int, *, before: int, limit: int) -> list[Bookmark]:
        """Return versions below one, the last first."""
        return self._all(BOOKMARK, "bookmarks_of_job", job_id=job_id, before=before, limit=limit)

    def add_bookmark(self, bookmark: Bookmark) -> None:
        """Add a version."""
        self._cursor.run("add_bookmark", BOOKMARK.values(bookmark))

    def remove_bookmark(self, job_id: int, version: int) -> None:
        """Remove a version."""
        self._cursor.run("remove_bookmark", {"job_id": job_id, "version": version})

    def remove_bookmarks_before(self, job_id: int, version: int) -> None:
        """Forget the versions below one."""
        self._cursor.run("remove_bookmarks_before", {"job_id": job_id, "version": version})
