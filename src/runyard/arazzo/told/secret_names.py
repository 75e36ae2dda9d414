"""Which names say that their value is a secret: `clientSecret` and `X-Api-Key` do, `nextPageToken` does not."""

from __future__ import annotations

import re
from functools import lru_cache

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
ALWAYS = frozenset(
    {"password", "passwd", "passphrase", "pwd", "secret", "secrets", "credential", "credentials", "cookie"}
)
"""Words that make a secret of whatever they are part of."""
LAST = frozenset({"token", "authorization", "auth", "bearer", "jwt", "apikey", "authtoken", "accesstoken"})
"""Words that make a secret of a name that ends with them."""
KEYS = frozenset({"api", "access", "private", "secret", "signing", "encryption", "account", "subscription", "master"})
"""What stands before `key` in the name of a secret."""
HARMLESS = frozenset(
    {"idempotency", "page", "next", "continuation", "sync", "cursor", "request", "pagination", "resume"}
)
"""What stands before `token` in the name of something that is none."""


@lru_cache(1024)
def is_secret_name(name: str) -> bool:
    """Tell whether a member, a header, a parameter or an input of this name is to be masked."""
    words = [word.lower() for word in WORD.findall(name)]
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if ALWAYS.intersection(words):
        return True
    if last == "key":
        return before in KEYS
    return last in LAST and not (last == "token" and before in HARMLESS)
