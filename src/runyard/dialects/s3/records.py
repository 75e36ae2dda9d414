"""What S3 knows of an object beyond its bytes."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field

DEFAULT_TYPE = "binary/octet-stream"

# Headers that are kept as they came and given back.
KEPT_HEADERS = (
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    "x-amz-website-redirect-location",
)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the sidecar of one object holds."""

    key: str
    etag: str  # without its quotes
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)  # algorithm -> base64
    checksum_type: str = "FULL_OBJECT"
    part_sizes: tuple[int, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object as it stands in its bucket."""

    key: str
    size: int
    modified_ns: int
    description: Description

    @property
    def modified_ms(self) -> int:
        """When it was written."""
        return self.modified_ns // 1_000_000


def guessed_headers(key: str) -> dict[str, str]:
    """What a file that a job wrote can be said to contain, by its name."""
    kind, encoding = mimetypes.guess_type(key)
    # A compressed file is stored compressed: to call that a Content-Encoding would make clients unpack it.
    return {"content-type": DEFAULT_TYPE if encoding or kind is None else kind}
