"""Notebooks as files: source format, Jupyter's, and plain ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runyard.runtime.dbruntime.notebook.source import NotANotebook, Notebook, read_notebook


def read(tmp_path: Path, name: str, text: str) -> Notebook:
    file = tmp_path / name
    file.write_text(text)
    return read_notebook(file, name="n")


PYTHON = """# Databricks notebook source
import os

x = 1

# COMMAND ----------

# DBTITLE 1,What people read
# MAGIC %md
# MAGIC # A title
# MAGIC
# MAGIC and text

# COMMAND ----------

# MAGIC %sql select 1,
# MAGIC   2

# COMMAND ----------


# COMMAND ----------

# MAGIC %pip install tiny
# MAGIC dbutils.library.restartPython()
"""


def test_source_format_is_parted_into_cells(tmp_path: Path) -> None:
    notebook = read(tmp_path, "n.py", PYTHON)

    assert notebook.language == "python"
    assert [cell.language for cell in notebook.cells] == ["python", "md", "sql", "python"]
    assert [cell.title for cell in notebook.cells] == [None, "What people read", None, None]
    assert notebook.cells[0].source == "import os\n\nx = 1"
    assert notebook.cells[1].source == "%md\n# A title\n\nand text"
    assert notebook.cells[2].code == "select 1,\n  2"
    assert notebook.cells[3].source == "%pip install tiny\ndbutils.library.restartPython()"


@pytest.mark.parametrize(("name", "comment"), [("n.sql", "--"), ("n", "--"), ("n.scala", "//"), ("n.r", "#")])
def test_the_first_line_and_the_ending_tell_the_language(tmp_path: Path, name: str, comment: str) -> None:
    text = f"{comment} Databricks notebook source\none\n{comment} COMMAND ----------\n{comment} MAGIC %python\n"
    languages = [cell.language for cell in read(tmp_path, name, text + f"{comment} MAGIC 1").cells]

    expected = {"--": "sql", "//": "scala", "#": "r"}[comment]
    assert languages == [expected, "python"]


def test_a_file_without_a_mark_is_one_cell(tmp_path: Path) -> None:
    notebook = read(tmp_path, "n.py", "print(1)\n# COMMAND ----------\nprint(2)\n")

    assert [cell.language for cell in notebook.cells] == ["python"]


def test_a_separator_inside_of_a_line_parts_nothing(tmp_path: Path) -> None:
    text = '# Databricks notebook source\nx = "# COMMAND ----------"\n'

    assert len(read(tmp_path, "n", text).cells) == 1


@pytest.mark.parametrize("name", ["n.ipynb", "n"])
def test_jupyters_format_is_read_by_ending_and_by_content(tmp_path: Path, name: str) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Hello\n", "you"], "metadata": {}},
        {
            "cell_type": "code",
            "source": ["%sql\n", "SELECT 1"],
            "metadata": {"application/vnd.databricks.v1+cell": {"title": "Ask"}},
        },
        {"cell_type": "code", "source": "x = 1", "metadata": {}},
    ]
    notebook = read(tmp_path, name, json.dumps({"cells": cells, "metadata": {"language_info": {"name": "python"}}}))

    assert [(cell.language, cell.title) for cell in notebook.cells] == [("md", None), ("sql", "Ask"), ("python", None)]
    assert notebook.cells[1].code == "\nSELECT 1"  # its lines keep their numbers


def test_the_vendors_word_for_the_language_goes_first(tmp_path: Path) -> None:
    metadata = {"application/vnd.databricks.v1+notebook": {"language": "sql"}, "language_info": {"name": "python"}}
    cells = [{"cell_type": "code", "source": "SELECT 1"}]
    notebook = read(tmp_path, "n.ipynb", json.dumps({"cells": cells, "metadata": metadata}))

    assert (notebook.language, notebook.cells[0].language) == ("sql", "sql")


def test_a_broken_notebook_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NotANotebook, match="The notebook n is not in Jupyter's format"):
        read(tmp_path, "n.ipynb", '{"cells": ')
