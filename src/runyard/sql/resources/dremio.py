"""The resources of a Dremio project, from the table of its operations; queues, rules and users are a server's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runyard.dialects.dremio.calls import CLOUD, Operation
from runyard.dialects.dremio.operations import OPERATIONS
from runyard.sql.catalog import Column, Method, Parameter, Resource, Wire
from runyard.sql.resources.rows import COLUMN_TYPES, Row, resource, rows

PROVIDER = "dremio"
CONNECTION = "project_id"
DATA = "data"  # the member that holds a list's records

ROWS = rows(
    ("getJob", "jobs.jobs", "get", "select"),
    ("submitSql", "jobs.jobs", "submit", "insert"),
    ("cancelJob", "jobs.jobs", "cancel", "exec"),
    ("getResults", "jobs.results", "get", "select"),
    ("getCatalogEntity", "catalog.entities", "get", "select"),
    ("listCatalog", "catalog.entities", "list", "select"),
    ("createCatalogEntity", "catalog.entities", "create", "insert"),
    ("updateCatalogEntity", "catalog.entities", "update", "update"),
    ("deleteCatalogEntity", "catalog.entities", "delete", "delete"),
    ("promoteCatalogEntity", "catalog.entities", "promote", "exec"),
    ("refreshCatalogEntity", "catalog.entities", "refresh", "exec"),
    ("getCatalogEntitiesByPaths", "catalog.entities", "by_paths", "exec"),
    ("getCatalogEntitiesByIds", "catalog.entities", "by_ids", "exec"),
    ("search", "catalog.entities", "search", "exec"),
    ("getWiki", "catalog.wikis", "get", "select"),
    ("setWiki", "catalog.wikis", "set", "update"),
    ("getTags", "catalog.tags", "get", "select"),
    ("setTags", "catalog.tags", "set", "update"),
    ("getGraph", "catalog.graphs", "get", "select"),
    ("getReflection", "reflections.reflections", "get", "select"),
    ("listReflections", "reflections.reflections", "list", "select"),
    ("createReflection", "reflections.reflections", "create", "insert"),
    ("updateReflection", "reflections.reflections", "update", "update"),
    ("deleteReflection", "reflections.reflections", "delete", "delete"),
    ("refreshReflection", "reflections.reflections", "refresh", "exec"),
    ("listReflectionsOfDataset", "reflections.of_datasets", "list", "select"),
    ("listReflectionSummaries", "reflections.summaries", "list", "select"),
    ("recommendReflections", "reflections.recommendations", "by_jobs", "exec"),
    ("recommendReflectionsByUsage", "reflections.recommendations", "by_usage", "exec"),
    ("recommendReflectionsOfDataset", "reflections.recommendations", "of_dataset", "exec"),
    ("recommendReflectionsOfDatasetByType", "reflections.recommendations", "of_dataset_by_type", "exec"),
    ("getQueue", "wlm.queues", "get", "select"),
    ("listQueues", "wlm.queues", "list", "select"),
    ("getQueueByName", "wlm.queues", "by_name", "exec"),
    ("createQueue", "wlm.queues", "create", "insert"),
    ("updateQueue", "wlm.queues", "update", "update"),
    ("deleteQueue", "wlm.queues", "delete", "delete"),
    ("getRules", "wlm.rules", "get", "select"),
    ("setRules", "wlm.rules", "set", "replace"),
    ("deleteRules", "wlm.rules", "delete", "delete"),
    ("getProject", "projects.projects", "get", "select"),
    ("getEngine", "projects.engines", "get", "select"),
    ("getEngineRules", "projects.engine_rules", "get", "select"),
    ("setEngineRules", "projects.engine_rules", "set", "replace"),
    ("getUser", "iam.users", "get", "select"),
    ("getUserByName", "iam.users", "by_name", "exec"),
)
"""Every operation that is natural in SQL."""

_SIGNING_IN = "a connection has a token of its own; nobody signs in by a statement"
_ARRAY = "its answer is an array without a name"
_ONE_ENGINE = "there is one engine, this machine"
NOT_OFFERED: Mapping[str, str] = {
    **dict.fromkeys(("login", "isLoggedIn", "logout", "loginV3", "isLoggedInV3", "logoutV3"), _SIGNING_IN),
    **dict.fromkeys(("loginApiv3", "isLoggedInApiv3", "logoutApiv3"), _SIGNING_IN),
    **dict.fromkeys(("listProjects", "listEngines"), _ARRAY),
    **dict.fromkeys(
        ("createEngine", "updateEngine", "deleteEngine", "enableEngine", "disableEngine"),
        _ONE_ENGINE,
    ),
    **dict.fromkeys(("getGrants", "setGrants"), "who may do what follows from roles"),
    **dict.fromkeys(
        ("listSources", "createSource", "getSource", "updateSource", "deleteSource"), "catalog.entities does the same"
    ),
    **dict.fromkeys(
        ("listUsers", "listUsersOfCloud", "getUserOfCloud", "getUserOfCloudByName"), "iam.users shows the same"
    ),
    **dict.fromkeys(
        ("listRoles", "getRole", "getRoleByName", "getRoleOfServer", "getRoleOfServerByName"),
        "they are three, and stand in the documentation",
    ),
    "getReflectionOfJob": "it is the job itself, which jobs.jobs shows",
    "cancelReflectionOfJob": "it is the job itself, which jobs.jobs.cancel cancels",
    "searchCatalog": "catalog.entities.search is the same",
    "listReflectionSummariesAsBefore": "reflections.summaries is the same under its newer path",
    **dict.fromkeys(
        ("askForReflectionsByJobs", "recommendReflectionsByJobs"),
        "reflections.recommendations.by_jobs is both in one call",
    ),
    "createReflectionByUsage": "reflections.reflections takes what is recommended",
    **dict.fromkeys(("refreshReflectionsByUsage", "deleteReflectionsByUsage"), "there is nothing to do"),
    "getCatalogEntityByPath": "its path is a part of the URL; catalog.entities.by_paths finds the same",
}
"""Operations that are not offered in SQL, and why."""

_BY_ID: Mapping[str, Operation] = {one.id: one for one in OPERATIONS}
_NAMED = re.compile(r"\{(\w+)\}")


def resources() -> tuple[Resource, ...]:
    """Return the resources of a project."""
    return tuple(_resource(path) for path in dict.fromkeys(row.resource for row in ROWS))


def _resource(path: str) -> Resource:
    own = [row for row in ROWS if row.resource == path]
    given = [_BY_ID[row.operation] for row in own if row.verb == "select" and not _rows_of(_BY_ID[row.operation])]
    columns = [
        Column(name=name, type=COLUMN_TYPES[type_.removesuffix("!")])
        for name, type_ in {name: type_ for one in given for name, type_ in one.gives.items()}.items()
    ]
    return resource(f"{PROVIDER}.{path}", map(_method, own), columns=columns, connection=CONNECTION)


def _method(row: Row) -> Method:
    one = _BY_ID[row.operation]
    base = CLOUD if CLOUD in one.bases else one.bases[0]
    wire = Wire(protocol="dremio", operation=one.id, method=one.method, path=base + one.path, rows=_rows_of(one))
    return Method(name=row.method, verb=row.verb, wire=wire, parameters=tuple(_parameters(one)), summary=one.summary)


def _parameters(one: Operation) -> Iterator[Parameter]:
    for name in _NAMED.findall(one.path):
        if name != CONNECTION:
            yield Parameter(name=name, type="string", is_required=True)
    for name, type_ in one.takes.items():
        yield Parameter(name=name, type=type_.removesuffix("!"), is_required=type_.endswith("!"))


def _rows_of(one: Operation) -> str:
    return DATA if one.id.startswith("list") and DATA in one.gives else ""
