"""The console's files: one page for every address, and what it imports, under names that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from importlib.resources.abc import Traversable

from runyard.dialects.exchange import Reply

PLACE = "/static/"
ADDRESSES = re.compile(r"/|/login|/(?:runs|jobs|workflows)(?:/\d{1,18})?|/dremio|/sql|/admin", re.ASCII)
"""What the one page shows; which of them is meant the page itself looks up."""
FOREVER = "public, max-age=31536000, immutable"  # a name holds the hash of its content
TYPES: Mapping[str, str] = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
}
MODULES: Mapping[str, str] = {
    "preact": "vendor/preact.js",
    "preact/hooks": "vendor/preact-hooks.js",
    "@preact/signals": "vendor/signals.js",
    "htm": "vendor/htm.js",
    "@dagrejs/dagre": "vendor/dagre.js",
    "uplot": "vendor/uplot.js",
    "ansi_up": "vendor/ansi_up.js",
    "codemirror": "vendor/codemirror.js",
}
ENTRY = "ui/main.js"
_STATIC_IMPORT = re.compile(r"""^(?:import|export)\b[^"'();]*\bfrom\s*["']([^"']+)["']""", re.MULTILINE)
_IMPORTS = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
_POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{proof}'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Pages:
    """The files of the console, held in memory."""

    def __init__(self) -> None:
        folder = resources.files("runyard.web").joinpath("static")
        self._files = dict(_files(folder, ""))
        template = self._files.pop("index.html").decode()
        digest = hashlib.sha256(template.encode())
        for name, content in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:16]
        self._index = self._filled(template)
        proof = b64encode(hashlib.sha256(_imports_in(self._index).encode()).digest()).decode()
        self._index_headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": _POLICY.format(proof=proof),
            "cache-control": "no-cache",
            "etag": f'"{self.version}"',
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }
        self._squeezed = lru_cache(256)(lambda name: gzip.compress(self._files[name], 6, mtime=0))

    def at(self, path: str, headers: Mapping[str, str]) -> Reply | None:
        """Return what stands at a path, if it is the console's."""
        if path.startswith(PLACE):
            return self._file(path.removeprefix(PLACE), headers)
        if ADDRESSES.fullmatch(path) is None:
            return None
        return _unless_known(Reply(headers=self._index_headers, body=self._index.encode()), headers)

    def _file(self, named: str, headers: Mapping[str, str]) -> Reply:
        version, _, name = named.partition("/")
        if version != self.version or name not in self._files:
            return Reply(status=HTTPStatus.NOT_FOUND, headers={"content-type": "text/plain"}, body=b"Reload the page.")
        known = {
            "content-type": TYPES[name.rpartition(".")[2]],
            "cache-control": FOREVER,
            "etag": f'"{version}"',
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if "gzip" in headers.get("accept-encoding", ""):
            known, body = {**known, "content-encoding": "gzip"}, self._squeezed(name)
        else:
            body = self._files[name]
        return _unless_known(Reply(headers=known, body=body), headers)

    def _filled(self, template: str) -> str:
        root = f"{PLACE}{self.version}"
        imports = ",\n".join(f'    "{name}": "{root}/{file}"' for name, file in MODULES.items())
        ahead = "\n".join(f'<link rel="modulepreload" href="{root}/{name}">' for name in _needed_first(self._files))
        return template.replace("$root", root).replace("$imports", imports).replace("$ahead", ahead)


def _needed_first(files: Mapping[str, bytes]) -> Sequence[str]:
    """Return what the first page imports, and what that imports, so that a browser asks for all of it at once."""
    found, open_ = dict.fromkeys([ENTRY]), [ENTRY]
    while open_:
        name = open_.pop()
        for told in _STATIC_IMPORT.findall(files[name].decode()):
            target = MODULES.get(told) or posixpath.normpath(posixpath.join(posixpath.dirname(name), told))
            if target not in found:
                found[target] = None
                open_.append(target)
    return sorted(found)


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{above}{entry.name}/")
        else:
            yield above + entry.name, entry.read_bytes()


def _imports_in(page: str) -> str:
    found = _IMPORTS.search(page)
    assert found is not None, "index.html has no import map"  # noqa: S101 - a file of ours
    return found[1]


def _unless_known(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """Send nothing again that the caller has."""
    if headers.get("if-none-match") != reply.headers["etag"]:
        return reply
    kept = {name: value for name, value in reply.headers.items() if not name.startswith("content-")}
    return Reply(status=HTTPStatus.NOT_MODIFIED, headers=kept)
