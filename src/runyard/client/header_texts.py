"""Secrets as headers carry them: what no header can carry is refused before it is sent, and without showing it."""

from __future__ import annotations

from runyard.client.errors import WrongConnection

SPACE = " "


def sendable(secret: str, *, what: str) -> str:
    """Return a secret that a header can carry: visible characters of ASCII, and spaces between them."""
    for position, character in enumerate(secret, start=1):
        is_between = character == SPACE and 1 < position < len(secret)
        if not ("!" <= character <= "~" or is_between):
            raise WrongConnection(
                f"The {what} has U+{ord(character):04X} as its character {position} of {len(secret)}, which no header "
                "carries there: it was cut off or copied with something around it."
            )
    return secret
