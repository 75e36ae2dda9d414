"""A run of a notebook as a page: the model that readers take out of it, and nothing that runs or asks elsewhere."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from databricks_yard import Yard, databricks_yard, notebook, script, submitted

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.runs.export import page

TOLD: dict[str, Any] = {
    "name": "/Workspace/Users/ada/My <notebook>",
    "language": "python",
    "started_at": 10,
    "ended_at": 90,
    "cells": [
        {
            "language": "python",
            "source": "print('é </script>')",
            "title": "First",
            "state": "finished",
            "started_at": 10,
            "ended_at": 20,
            "results": [{"type": "text", "data": "é </script>\n"}],
        },
        {
            "language": "sql",
            "source": "select 1 as n",
            "title": "",
            "state": "finished",
            "started_at": 20,
            "ended_at": 30,
            "results": [
                {"type": "table", "schema": [{"name": "n", "type": "int"}], "data": [[1], [None]]},
                {"type": "html", "data": "<script>alert(1)</script><b>hi</b>"},
                {"type": "image", "data": "data:image/png;base64,AAAA"},
                {"type": "image", "data": "https://elsewhere/x.png"},
                {"type": "ansi", "data": "\x1b[31mred\x1b[0m"},
            ],
        },
        {
            "language": "python",
            "source": "1 / 0",
            "state": "failed",
            "started_at": 30,
            "ended_at": 40,
            "results": [{"type": "error", "data": "Traceback", "summary": "ZeroDivisionError: x", "cause": "why"}],
        },
        {"language": "python", "source": "print(2)", "state": "skipped", "results": []},
    ],
    "exit": None,
}


def model_in(content: str) -> Any:
    """Take the model out of a page as people do."""
    found = re.search(r"var __DATABRICKS_NOTEBOOK_MODEL = '([A-Za-z0-9+/=]*)';", content)
    assert found is not None
    return json.loads(unquote(b64decode(found[1]).decode()))


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self._within = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        del tag  # whatever it was
        self._within = ""

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self._within, []).append(data)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path) as opened:
        yield opened


def test_the_model_can_be_taken_out_of_the_page() -> None:
    model = model_in(page(TOLD, 7))

    assert model["name"] == "My <notebook>"
    assert model["language"] == "python"
    assert [one["position"] for one in model["commands"]] == [1.0, 2.0, 3.0, 4.0]
    assert [one["state"] for one in model["commands"]] == ["finished", "finished", "error", "input"]
    assert model["commands"][0]["command"] == "print('é </script>')"
    assert model["commands"][0]["commandTitle"] == "First"
    assert model["commands"][1]["command"] == "%sql\nselect 1 as n"


def test_results_are_told_in_the_words_of_such_models() -> None:
    first, second, third, fourth = model_in(page(TOLD, 7))["commands"]

    assert first["results"] == {"type": "ansi", "data": "é </script>\n", "startTime": 10, "finishTime": 20}
    assert second["results"]["type"] == "listResults"
    assert [one["type"] for one in second["results"]["data"]] == ["table", "html", "image", "image", "ansi"]
    assert second["results"]["data"][0]["schema"][0]["name"] == "n"
    assert second["results"]["data"][0]["data"] == [[1], [None]]
    assert third["results"]["summary"] == third["errorSummary"] == "ZeroDivisionError: x"
    assert third["results"]["cause"] == third["error"] == "why"
    assert third["results"]["type"] == "error"
    assert fourth["results"] is None
    assert (third["startTime"], third["finishTime"]) == (30, 40)


def test_only_the_models_own_script_may_run() -> None:
    content = page(TOLD, 7)
    tags = Tags(content)
    policy = next(attrs["content"] for tag, attrs in tags.seen if tag == "meta" and "http-equiv" in attrs) or ""
    scripts = tags.text["script"]

    assert [tag for tag, _ in tags.seen].count("script") == 1
    assert len(scripts) == 1
    proof = re.search(r"script-src 'sha256-([^']+)'", policy)
    assert proof is not None
    assert b64decode(proof[1]) == sha256(scripts[0].encode()).digest()
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    tags = Tags(page(TOLD, 7))

    addresses = [attrs[name] for _, attrs in tags.seen for name in ("src", "href") if name in attrs]
    assert addresses == ["data:image/png;base64,AAAA"]
    assert not [tag for tag, _ in tags.seen if tag in {"link", "form", "object", "embed", "base"}]


def test_what_a_job_shows_as_html_stands_in_a_frame_where_nothing_runs() -> None:
    tags = Tags(page(TOLD, 7))

    (frame,) = [attrs for tag, attrs in tags.seen if tag == "iframe"]
    assert frame["sandbox"] == ""
    assert frame["srcdoc"] == "<script>alert(1)</script><b>hi</b>"


def test_the_page_reads_without_scripts() -> None:
    tags = Tags(page(TOLD, 7))
    read = "".join(text for texts in tags.text.values() for text in texts)

    for text in ("select 1 as n", "é </script>", "null", "red", "ZeroDivisionError: x", "My <notebook>", "First"):
        assert text in read
    assert "\x1b" not in read


def test_a_page_says_what_the_notebook_handed_to_its_exit() -> None:
    assert "Notebook exited: a &lt; b" in page({**TOLD, "exit": "a < b"}, 7)
    assert "Notebook exited" not in page(TOLD, 7)


def test_a_notebooks_task_run_is_exported(yard: Yard) -> None:
    run = submitted(yard, notebook("main"))
    attempt = yard.attempt(run, "main")
    folder = yard.engine.attempt_folder(attempt.id)
    folder.mkdir(parents=True)
    (folder / "notebook.json").write_text(json.dumps(TOLD))

    for run_id in (attempt.id, run.id):
        for wanted in ("CODE", "ALL"):
            (view,) = yard("exportJobRun", run_id=run_id, views_to_export=wanted)["views"]

            assert (view["name"], view["type"]) == ("My <notebook>", "NOTEBOOK")
            assert model_in(view["content"])["origId"] == attempt.id
    assert yard("exportJobRun", run_id=run.id, views_to_export="DASHBOARDS") == {"views": []}


def test_what_is_no_notebook_or_has_shown_nothing_is_not_exported(yard: Yard) -> None:
    with pytest.raises(InvalidRequest, match="Only notebook runs can be exported to HTML"):
        yard("exportJobRun", run_id=submitted(yard, script("main")).id)
    with pytest.raises(InvalidRequest, match="has shown nothing yet"):
        yard("exportJobRun", run_id=submitted(yard, notebook("main")).id)
    with pytest.raises(InvalidRequest, match="multiple tasks"):
        yard("exportJobRun", run_id=submitted(yard, notebook("a"), notebook("b")).id)
    with pytest.raises(InvalidRequest, match="Invalid views_to_export 'PDF'"):
        yard("exportJobRun", run_id=submitted(yard, notebook("main")).id, views_to_export="PDF")
