"""The console's files, as they are written, under names that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from importlib.resources.abc import Traversable

from runyard.dialects.exchange import Reply

PLACE = "/static/"
FOREVER = "public, max-age=31536000, immutable"  # a name holds the hash of its content
TYPES: Mapping[str, str] = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "html": "text/plain; charset=utf-8",  # the frame of the pages, unfilled, is none
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
}
MODULES: Mapping[str, str] = {
    "preact": "vendor/preact.js",
    "preact/hooks": "vendor/preact.js",
    "@preact/signals": "vendor/preact.js",
    "htm": "vendor/preact.js",
    "@dagrejs/dagre": "vendor/dagre.js",
    "uplot": "vendor/uplot.js",
    "ansi_up": "vendor/ansi_up.js",
    "codemirror": "vendor/codemirror.js",
}
"""What an `import` of a name stands for."""
_STATIC_IMPORT = re.compile(r"""^(?:import|export)\b[^"'();]*\bfrom\s*["']([^"']+)["']""", re.MULTILINE)


class Files:
    """The files of the console, held in memory."""

    def __init__(self) -> None:
        self._files = dict(_read(resources.files("runyard.web").joinpath("static"), ""))
        digest = hashlib.sha256()
        for name, content in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:16]
        self.root = f"{PLACE}{self.version}"
        self._squeezed = lru_cache(256)(lambda name: gzip.compress(self._files[name], 6, mtime=0))

    def text(self, name: str) -> str:
        """Return what is written in a file."""
        return self._files[name].decode()

    def at(self, path: str, headers: Mapping[str, str]) -> Reply:
        """Send the file that stands at a path."""
        version, _, name = path.removeprefix(PLACE).partition("/")
        if version != self.version or name not in self._files:
            return Reply(status=HTTPStatus.NOT_FOUND, headers={"content-type": "text/plain"}, body=b"Reload the page.")
        known = {
            "content-type": TYPES[name.rpartition(".")[2]],
            "cache-control": FOREVER,
            "etag": f'"{version}"',
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if headers.get("if-none-match") == known["etag"]:
            kept = {name: value for name, value in known.items() if not name.startswith("content-")}
            return Reply(status=HTTPStatus.NOT_MODIFIED, headers=kept)
        if "gzip" in headers.get("accept-encoding", ""):
            return Reply(headers={**known, "content-encoding": "gzip"}, body=self._squeezed(name))
        return Reply(headers=known, body=self._files[name])

    def needed(self, *entries: str) -> Sequence[str]:
        """Return what some modules import, and what that imports, so that a browser asks for all of it at once."""
        found, open_ = dict.fromkeys(entries), list(entries)
        while open_:
            name = open_.pop()
            for told in _STATIC_IMPORT.findall(self.text(name)):
                target = MODULES.get(told) or posixpath.normpath(posixpath.join(posixpath.dirname(name), told))
                if target not in found:
                    found[target] = None
                    open_.append(target)
        return sorted(found)


def _read(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _read(entry, f"{above}{entry.name}/")
        else:
            yield above + entry.name, entry.read_bytes()
