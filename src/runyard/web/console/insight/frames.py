"""A page that a job has made, sent so that whatever is in it reaches nothing: neither our pages nor another place."""

from __future__ import annotations

from runyard.dialects.exchange import Reply

LARGEST = 8 * 1024 * 1024  # bytes
TOO_LARGE = "<p>This page has {size:,} bytes, which are too many to show; an export of the run has it.</p>"
POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; media-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The sandbox makes its origin nobody's, so that no script in it has our cookie, our storage or an answer of ours."""
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
LOOKS = "<style>body{margin:8px;font:14px/1.5 system-ui,sans-serif;background:#fff;color:#17202a}</style>"
TELLS_ITS_HEIGHT = (
    "<script>{const tell=()=>parent.postMessage({runyard:document.documentElement.scrollHeight},'*');"
    "addEventListener('load',tell);new ResizeObserver(tell).observe(document.documentElement)}</script>"
)


def framed(page: str) -> Reply:
    """Return a page of a job for a frame of ours, which it tells how high it is."""
    content = page.encode(errors="replace")
    if len(content) > LARGEST:
        content = TOO_LARGE.format(size=len(content)).encode()
    return Reply(headers=HEADERS, body=f"<!DOCTYPE html>{LOOKS}".encode() + content + TELLS_ITS_HEIGHT.encode())
