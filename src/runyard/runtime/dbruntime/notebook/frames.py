"""Errors of cells as their authors should see them: their own lines, none of ours."""

from __future__ import annotations

import contextlib
import traceback
import types
from pathlib import Path

OURS = (str(Path(__file__).parents[2]), contextlib.__file__, "<frozen ")
"""The files of this runtime, and of Python those that stand between ours, or between an author's, and tell nothing."""
LARGEST_MESSAGE = 10_000
LARGEST_TRACE = 100_000


def without_ours(error: BaseException) -> BaseException:
    """Take the frames of this runtime out of an error and those behind it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = _theirs(each.__traceback__)
            waiting += [each.__cause__, each.__context__]
    return error


def _theirs(frames: types.TracebackType | None) -> types.TracebackType | None:
    kept = []
    while frames:
        if not frames.tb_frame.f_code.co_filename.startswith(OURS):
            kept.append(frames)
        frames = frames.tb_next
    following = None
    for each in reversed(kept):
        following = types.TracebackType(following, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return following


def message_of(error: BaseException) -> str:
    """Return the last line of the traceback."""
    lines = list(traceback.TracebackException(type(error), error, None).format_exception_only())
    line = next((each for each in lines if each.startswith("SyntaxError")), lines[0])
    return shortened(line.strip(), LARGEST_MESSAGE)


def trace_of(error: BaseException) -> str:
    """Return the traceback."""
    return shortened("".join(traceback.format_exception(error)), LARGEST_TRACE)


def shortened(whole: str, limit: int) -> str:
    """Keep both ends of a text that is too long."""
    if len(whole) <= limit:
        return whole
    half = limit // 2
    return f"{whole[:half]}\n… {len(whole) - 2 * half} characters left out …\n{whole[-half:]}"
