from __future__ import annotations


class TaskFailed(Exception):
    """The task ends failed; says why, in words for whoever wrote it."""
