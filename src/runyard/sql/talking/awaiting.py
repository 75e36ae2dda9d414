"""AWAIT on a query: the runs that it is about are waited for before it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlglot import exp

from runyard.core.run import PHASES, State
from runyard.dialects.databricks import states as databricks
from runyard.dialects.glue import states as glue
from runyard.sql.errors import NOT_SUPPORTED, SqlError
from runyard.sql.grammar.parsing import parse
from runyard.sql.planning.planning import dotted
from runyard.sql.statements import Select

_ALIVE = [phase for phase in PHASES if phase in set(State)]
_LIFE_CYCLES = sorted({databricks.RUN[phase].life_cycle for phase in _ALIVE})
_GLUE = sorted({glue.JOB_RUN_STATES[phase] for phase in _ALIVE})


def _listed(words: list[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_DATABRICKS = f"json_extract(state, '$.life_cycle_state') IN ({_listed(_LIFE_CYCLES)})"
UNENDED: Mapping[str, str] = {
    "databricks_workspace.jobs.job_runs": _DATABRICKS,
    "databricks_workspace.workflows.job_runs": _DATABRICKS,
    "aws.glue.job_runs": f"JobRunState IN ({_listed(_GLUE)})",
    "databricks_job_run": _DATABRICKS,
    "aws_glue_job_run": f"job_run_state IN ({_listed(_GLUE)})",
    "runyard.ledger.runs": "state <> 'ended'",
    "runyard.ledger.task_runs": "state <> 'ended'",
    "runyard.ledger.attempts": "state <> 'ended'",
}
"""Which rows of a table have not ended, by its path."""


def unended(statement: Select) -> exp.Expr:
    """Return the query of the runs that must end before a query is answered: those its conditions mean."""
    tree = statement.tree
    source = tree.args.get("from_") if isinstance(tree, exp.Select) else None
    table = source.this if source is not None else None
    if not isinstance(tree, exp.Select) or not isinstance(table, exp.Table) or dotted(table) not in UNENDED:
        known = ", ".join(UNENDED)
        raise SqlError(NOT_SUPPORTED, f"AWAIT waits for the runs that a query is about; it reads one of {known}.")
    asked = exp.Select(expressions=[exp.Alias(this=exp.Literal.number(1), alias=exp.to_identifier("unended"))])
    for name in ("from_", "joins", "where", "with_"):
        if tree.args.get(name):
            part = tree.args[name]
            asked.set(name, [one.copy() for one in part] if isinstance(part, list) else part.copy())
    condition = _condition(UNENDED[dotted(table)])
    for column in condition.find_all(exp.Column):
        column.set("table", exp.to_identifier(table.alias_or_name, quoted=True))
    asked.where(condition, copy=False)
    return asked.limit(1, copy=False)


@lru_cache(16)
def _parsed(text: str) -> exp.Expr:
    statement = parse(f"SELECT 1 WHERE {text}")
    assert isinstance(statement, Select)  # noqa: S101 - it is one of ours
    condition: exp.Expr = statement.tree.args["where"].this
    return condition


def _condition(text: str) -> exp.Expr:
    return _parsed(text).copy()
