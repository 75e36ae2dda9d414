"""What is vendored for the console is what the manifest says, and says under which licence."""

from __future__ import annotations

import hashlib
import json
import re
from importlib import resources

import pytest

VENDOR = resources.files("runyard.web").joinpath("static", "vendor")
MANIFEST = json.loads(VENDOR.joinpath("manifest.json").read_text())
FREE = {"MIT", "Apache-2.0"}


@pytest.mark.parametrize("row", MANIFEST["files"], ids=lambda row: row["file"])
def test_a_vendored_file_is_the_one_that_was_made(row: dict[str, str]) -> None:
    content = VENDOR.joinpath(row["file"]).read_bytes()

    assert hashlib.sha256(content).hexdigest() == row["sha256"]


def test_no_file_is_vendored_beside_the_manifest() -> None:
    found = {entry.name for entry in VENDOR.iterdir()} - {"licences", "manifest.json"}

    assert found == {row["file"] for row in MANIFEST["files"]}


def test_every_package_comes_with_its_licence() -> None:
    packages = [package for row in MANIFEST["files"] for package in row["packages"]]

    assert {package["licence"] for package in packages} <= FREE
    for package in packages:
        assert len(VENDOR.joinpath(*package["text"].split("/")).read_text()) > 1000


def test_modules_import_nothing() -> None:
    for name in ("preact.js", "dagre.js", "uplot.js", "ansi_up.js", "codemirror.js"):
        assert re.search(r'[}\w*]\s*from"', VENDOR.joinpath(name).read_text()) is None
