"""The cells of a notebook as HTML: nothing they show can run, or reach out of the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

SHOWN_ROWS = 1_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")

CELL_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1rem; margin: 0; }
section { border: 1px solid #8884; border-radius: 6px; margin: 1rem 0; overflow: hidden; }
section > h2, section > pre, section > .shown { padding: .5rem .8rem; margin: 0; }
pre { font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
section > pre.source { background: #8881; }
.shown { border-top: 1px solid #8884; overflow-x: auto; }
.failed { border-left: 4px solid #c33; }
.note { color: #888; font-size: .85rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { border: 1px solid #8884; padding: .15rem .5rem; text-align: left; vertical-align: top; }
iframe { border: 0; width: 100%; min-height: 20rem; background: #fff; }
img { max-width: 100%; }
"""

Result = Mapping[str, Any]


def cell(number: int, told: Mapping[str, Any]) -> str:
    """Return one cell: its source, and what it showed."""
    title = f"<h2>{escape(str(told['title']))}</h2>" if told.get("title") else ""
    note = f"Cmd {number} · {told.get('language') or ''} · {told.get('state') or ''}"
    results = "\n".join(f'<div class="shown">{_result(one)}</div>' for one in told.get("results", ()))
    mark = ' class="failed"' if told.get("state") == "failed" else ""
    return (
        f'<section{mark}>\n{title}<pre class="source">{escape(str(told.get("source") or ""))}</pre>\n'
        f'{results}\n<p class="shown note">{escape(note)}</p>\n</section>'
    )


def _result(told: Result) -> str:
    return _SHOWN.get(str(told.get("type")), _text)(told)


def _text(told: Result) -> str:
    return f"<pre>{escape(_plain(told.get('data')))}</pre>"


def _html(told: Result) -> str:
    """Show a page of the job's own in a frame of its own, in which nothing can run."""
    return f'<iframe sandbox="" srcdoc="{escape(str(told.get("data") or ""))}"></iframe>'


def _image(told: Result) -> str:
    data = str(told.get("data") or "")
    if not _PICTURE.fullmatch(data):
        return "<p>A picture that cannot be shown.</p>"
    return f'<img alt="" src="{escape(data)}">'


def _table(told: Result) -> str:
    columns = [column.get("name") for column in told.get("schema", ())]
    rows: Sequence[Sequence[Any]] = told.get("data") or []
    head = "".join(f"<th>{escape(str(name))}</th>" for name in columns)
    body = "\n".join(_row(row) for row in rows[:SHOWN_ROWS])
    left = len(rows) - SHOWN_ROWS
    more = f'<p class="note">{left} more rows are in the model of this page.</p>' if left > 0 else ""
    cut = '<p class="note">The rows were cut off.</p>' if told.get("truncated") else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>{more}{cut}"


def _row(row: Sequence[Any]) -> str:
    return "<tr>" + "".join(f"<td>{escape('null' if one is None else str(one))}</td>" for one in row) + "</tr>"


def _error(told: Result) -> str:
    parts = [_plain(told.get(name)) for name in ("summary", "cause", "data") if told.get(name)]
    return "".join(f"<pre>{escape(part)}</pre>" for part in dict.fromkeys(parts))


_SHOWN: Mapping[str, Callable[[Result], str]] = {
    "html": _html,
    "image": _image,
    "table": _table,
    "error": _error,
}
"""How each type of result is shown; the others are text."""


def _plain(value: Any) -> str:
    """Return text without the codes that colour it on a terminal."""
    return _ANSI.sub("", "" if value is None else str(value))
