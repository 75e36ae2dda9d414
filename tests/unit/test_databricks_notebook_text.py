"""Notebooks in the formats in which people bring them and take them out."""

from __future__ import annotations

import json

import pytest

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.runs.export import page
from runyard.dialects.databricks.trees.notebook_text import (
    Cell,
    Notebook,
    from_jupyter,
    from_page,
    from_source,
    headed,
    is_jupyter,
    source_language,
    to_jupyter,
    to_source,
)

SOURCE = """\
# Databricks notebook source
# DBTITLE 1,Load it
x = 1
# a comment

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1
# MAGIC
# MAGIC -- more

# COMMAND ----------

# MAGIC %md # Title
"""
NOTEBOOK = Notebook(
    language="PYTHON",
    cells=[
        Cell(text="x = 1\n# a comment", title="Load it"),
        Cell(text="%sql\nSELECT 1\n\n-- more"),
        Cell(text="%md # Title"),
    ],
)


def test_source_is_read_into_cells_and_written_as_it_was() -> None:
    assert from_source(SOURCE.encode(), "PYTHON") == NOTEBOOK
    assert to_source(NOTEBOOK).decode() == SOURCE


def test_jupyters_format_keeps_cells_titles_and_language() -> None:
    content = to_jupyter(NOTEBOOK, "n")

    told = json.loads(content)
    again = from_jupyter(content)
    assert is_jupyter(content)
    assert [one["cell_type"] for one in told["cells"]] == ["code", "code", "markdown"]
    assert told["cells"][2]["source"] == ["# Title"]
    assert again.language == "PYTHON"
    assert [one.text for one in again.cells] == ["x = 1\n# a comment", "%sql\nSELECT 1\n\n-- more", "%md\n# Title"]
    assert again.cells[0].title == "Load it"


def test_an_exported_page_is_read_back() -> None:
    told = {"name": "n", "language": "sql", "cells": [{"source": "SELECT 1", "title": "One"}, {"source": "%md x"}]}

    again = from_page(page(told, 7).encode())

    assert again == Notebook(language="SQL", cells=[Cell(text="SELECT 1", title="One"), Cell(text="%md x")])


@pytest.mark.parametrize("content", [b"<html></html>", b"__DATABRICKS_NOTEBOOK_MODEL = '%%%'", b"", b"\xff"])
def test_a_page_without_a_notebook_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="holds no notebook"):
        from_page(content)


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"cells": 1}', b"{", b'{"cells": [1]}', b'"x"'])
def test_what_is_not_jupyters_format_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="no notebook in Jupyter's format"):
        from_jupyter(content)


@pytest.mark.parametrize(
    ("content", "language"),
    [
        (b"# Databricks notebook source\n", "PYTHON"),
        (b"\xef\xbb\xbf# Databricks notebook source\r\nx", "PYTHON"),
        (b"-- Databricks notebook source", "SQL"),
        (b"// Databricks notebook source\n", "SCALA"),
        (b"import os\n# Databricks notebook source", None),
        (b"# Databricks notebook sources\n", None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_the_first_line_tells_the_language(content: bytes, language: str | None) -> None:
    assert source_language(content) == language


def test_source_gets_its_first_line_once() -> None:
    once = headed(b"SELECT 1", "SQL")

    assert once == b"-- Databricks notebook source\nSELECT 1"
    assert headed(once, "SQL") == once


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"language_info": {"name": "python"}}, "PYTHON"),
        ({"kernelspec": {"language": "R"}}, "R"),
        ({"application/vnd.databricks.v1+notebook": {"language": "sql"}}, "SQL"),
        ({"language_info": {"name": "julia"}}, "PYTHON"),
        ({}, "PYTHON"),
    ],
)
def test_jupyters_metadata_tells_the_language(metadata: dict[str, object], language: str) -> None:
    content = json.dumps({"cells": [], "metadata": metadata, "nbformat": 4})

    assert from_jupyter(content.encode()).language == language
