"""If-Match and its kin, and byte ranges: pure rules over what is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from runyard.dialects.s3.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runyard.dialects.s3.records import StoredObject

RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditional headers of a request, whichever prefix they came with."""

    match: str | None = None
    none_match: str | None = None
    modified_since: int | None = None  # seconds
    unmodified_since: int | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], prefix: str = "") -> Conditions:
        """Read them; a date that cannot be read is no condition, as HTTP says."""
        return cls(
            match=headers.get(prefix + "if-match"),
            none_match=headers.get(prefix + "if-none-match"),
            modified_since=_seconds(headers.get(prefix + "if-modified-since")),
            unmodified_since=_seconds(headers.get(prefix + "if-unmodified-since")),
        )


def check_read(conditions: Conditions, found: StoredObject, *, unchanged: str = "NotModified") -> None:
    """Refuse a read whose condition does not hold; `unchanged` is the code for 'you have it already'."""
    modified = found.modified_ns // 1_000_000_000
    if conditions.match is not None:
        if not _names(conditions.match, found.description.etag):
            raise S3Error("PreconditionFailed", Condition="If-Match")
    elif conditions.unmodified_since is not None and modified > conditions.unmodified_since:
        raise S3Error("PreconditionFailed", Condition="If-Unmodified-Since")
    if conditions.none_match is not None:
        if _names(conditions.none_match, found.description.etag):
            raise S3Error(unchanged, Condition="If-None-Match")
    elif conditions.modified_since is not None and modified <= conditions.modified_since:
        raise S3Error(unchanged, Condition="If-Modified-Since")


def check_write(conditions: Conditions, found: StoredObject | None) -> None:
    """Refuse a write whose condition on what is there now does not hold."""
    if conditions.match is not None:
        if found is None:
            raise S3Error("NoSuchKey")
        if not _names(conditions.match, found.description.etag):
            raise S3Error("PreconditionFailed", Condition="If-Match")
    if (
        conditions.none_match is not None
        and found is not None
        and _names(conditions.none_match, found.description.etag)
    ):
        raise S3Error("PreconditionFailed", Condition="If-None-Match")


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(offset, length) of the one range asked for; None for the whole, also when the header makes no sense."""
    matched = RANGE.fullmatch(header or "")
    if matched is None or matched.group(1, 2) == ("", ""):
        return None
    first, last = matched.group(1, 2)
    if not first:
        length = min(int(last), size)
        offset = size - length
    else:
        offset = int(first)
        if last and int(last) < offset:
            return None
        length = min(int(last) if last else size, size - 1) - offset + 1
    if length <= 0:
        raise S3Error("InvalidRange", RangeRequested=header or "", ActualObjectSize=str(size))
    return offset, length


def _names(header: str, etag: str) -> bool:
    wanted = (each.strip().removeprefix("W/").strip('"') for each in header.split(","))
    return any(each in ("*", etag) for each in wanted)


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None
