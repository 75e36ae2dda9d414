"""The example of docs/arazzo.md runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from arazzo_stub import answering

PAGE = Path(__file__).parents[2] / "docs" / "arazzo.md"
FLOW = """
arazzo: 1.0.1
info: {title: Greetings, version: 1.0.0}
sourceDescriptions: [{name: greetings, url: api.yaml, type: openapi}]
workflows:
- workflowId: greet
  inputs: {type: object, properties: {name: {type: string}}}
  steps:
  - stepId: hello
    operationId: hello
    parameters: [{name: name, in: query, value: $inputs.name}]
    outputs: {said: $response.body#/said}
  outputs: {said: $steps.hello.outputs.said}
- workflowId: other
  steps: [{stepId: hello, operationId: hello}]
"""


def test_the_example_in_python_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "flow.arazzo.yaml").write_text(FLOW)

    def reply(method: str, path: str, _: Any) -> tuple[int, Any]:
        return 200, {"said": f"{method} {path}"}

    with answering(reply) as url:
        (tmp_path / "api.yaml").write_text(
            f"openapi: 3.1.0\nservers: [{{url: '{url}'}}]\npaths: {{/hello: {{get: {{operationId: hello}}}}}}\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", example],
            cwd=tmp_path,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "True None {'said': 'GET /hello?name=Ada'}\n"
