from __future__ import annotations

import pytest

from runyard.executors.imports import uses_more_than_the_standard_library


@pytest.mark.parametrize(
    "source",
    [
        b"import pandas",
        b"import pandas as pd",
        b"import os, boto3 as b, sys",
        b"def late():\n    from pandas.io import json\n",
        b"import os; import pandas",
        b"m = __import__('pan' + 'das')",
        b"import importlib\nimportlib.import_module('pandas')",
        b"import helper  # which may import anything",
        b"\xff\nimport numpy\r\n",
    ],
)
def test_a_script_that_imports_packages_is_told(source: bytes) -> None:
    assert uses_more_than_the_standard_library(source)


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"import os, sys\nfrom collections.abc import Mapping\nimport json as j",
        b"import sys\nfrom awsglue.utils import getResolvedOptions",
        b"# import pandas\nprint('we import nothing')",
        b"import xml.etree.ElementTree as tree  # quick",
    ],
)
def test_a_script_of_the_standard_library_alone_is_told(source: bytes) -> None:
    assert not uses_more_than_the_standard_library(source)
