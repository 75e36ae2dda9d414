"""Write the shapes of the Glue operations that runyard speaks, from the installed botocore's model.

Run it after an upgrade of botocore: `python tools/make_glue_shapes.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

OPERATIONS = (
    "BatchCreatePartition",
    "BatchDeleteConnection",
    "BatchDeletePartition",
    "BatchDeleteTable",
    "BatchGetJobs",
    "BatchGetPartition",
    "BatchGetTriggers",
    "BatchGetWorkflows",
    "BatchStopJobRun",
    "BatchUpdatePartition",
    "CancelStatement",
    "CreateConnection",
    "CreateDatabase",
    "CreateJob",
    "CreatePartition",
    "CreateSession",
    "CreateTable",
    "CreateTrigger",
    "CreateWorkflow",
    "DeleteConnection",
    "DeleteDatabase",
    "DeleteJob",
    "DeletePartition",
    "DeleteSession",
    "DeleteTable",
    "DeleteTrigger",
    "DeleteWorkflow",
    "GetConnection",
    "GetConnections",
    "GetDatabase",
    "GetDatabases",
    "GetJob",
    "GetJobBookmark",
    "GetJobBookmarks",
    "GetJobRun",
    "GetJobRuns",
    "GetJobs",
    "GetPartition",
    "GetPartitions",
    "GetSession",
    "GetStatement",
    "GetTable",
    "GetTables",
    "GetTags",
    "GetTrigger",
    "GetTriggers",
    "GetWorkflow",
    "GetWorkflowRun",
    "GetWorkflowRunProperties",
    "GetWorkflowRuns",
    "ListJobs",
    "ListSessions",
    "ListStatements",
    "ListTriggers",
    "ListWorkflows",
    "PutWorkflowRunProperties",
    "ResetJobBookmark",
    "ResumeWorkflowRun",
    "RunStatement",
    "StartJobRun",
    "StartTrigger",
    "StartWorkflowRun",
    "StopSession",
    "StopTrigger",
    "StopWorkflowRun",
    "TagResource",
    "UntagResource",
    "UpdateConnection",
    "UpdateDatabase",
    "UpdateJob",
    "UpdatePartition",
    "UpdateTable",
    "UpdateTrigger",
    "UpdateWorkflow",
)
EXTRAS = Path(__file__).parent.parent / "src/runyard/dialects/glue/botocore"
"""What AWS documents and botocore's model lacks, in a file that stock clients read too (AWS_DATA_PATH)."""
CONSTRAINTS = ("min", "max", "pattern", "enum")
TARGET = Path(__file__).parent.parent / "src/runyard/dialects/glue/shapes.json"


def render() -> str:
    """Return the text of shapes.json: one line a shape, so that a change of the model is a readable diff."""
    model = load_model()
    operations = {name: _operation(model["operations"][name]) for name in OPERATIONS}
    shapes: dict[str, dict[str, Any]] = {}
    for operation in operations.values():
        _collect(operation["input"], model["shapes"], shapes)
        _collect(operation["output"], model["shapes"], shapes)
    others = sorted(model["operations"].keys() - operations.keys())
    blocks = {
        "operations": _lines(operations),
        "shapes": _lines(shapes),
        "other_operations": json.dumps(others),
    }
    return "{\n" + ",\n".join(f'"{name}": {block}' for name, block in blocks.items()) + "\n}\n"


def load_model() -> dict[str, Any]:
    """Return botocore's model of Glue with what it lacks."""
    model: dict[str, Any] = Loader(extra_search_paths=[str(EXTRAS)]).load_service_model("glue", "service-2")
    return model


def _operation(described: dict[str, Any]) -> dict[str, Any]:
    errors = [error["shape"] for error in described["errors"]]
    return {"input": described["input"]["shape"], "output": described["output"]["shape"], "errors": errors}


def _collect(name: str, model: dict[str, Any], shapes: dict[str, dict[str, Any]]) -> None:
    if name in shapes:
        return
    described = model[name]
    shape = {"type": described["type"], **{key: described[key] for key in CONSTRAINTS if key in described}}
    shapes[name] = shape
    if described["type"] == "structure":
        shape["members"] = {member: spec["shape"] for member, spec in described["members"].items()}
        shape["required"] = described.get("required", [])
        parts = list(shape["members"].values())
    else:
        shape |= {part: described[part]["shape"] for part in ("member", "key", "value") if part in described}
        parts = [shape[part] for part in ("member", "key", "value") if part in shape]
    for part in parts:
        _collect(part, model, shapes)


def _lines(table: dict[str, Any]) -> str:
    rows = (f"{json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(table.items()))
    return "{\n" + ",\n".join(rows) + "\n}"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    print(f"wrote {TARGET}")
