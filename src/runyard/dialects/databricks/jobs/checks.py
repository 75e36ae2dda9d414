"""What settings are refused for, and what is said; the service's own texts where they are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects import reading
from runyard.dialects.databricks.jobs import notifications
from runyard.dialects.databricks.jobs.selection import upstream
from runyard.dialects.databricks.jobs.task_types import OPERATORS, REQUIRED
from runyard.dialects.databricks.jobs.tasks import LOOP, RUN_IF
from runyard.dialects.databricks.runs import references
from runyard.dialects.databricks.versions import LONGEST_KEY, SINGLE_TASK, is_task_type

Members = Mapping[str, Any]

MOST_TASKS = 1000
MOST_CLUSTERS = 100
MOST_TAGS = 25
MOST_CONCURRENT_RUNS = 1000
MOST_ITERATIONS_AT_ONCE = 100
LONGEST_NAME = 4096
LARGEST_NUMBER = 2**31 - 1  # of seconds, milliseconds and retries: the service keeps 32 bits
GIT_PROVIDERS = (
    "github",
    "gitlab",
    "bitbucketcloud",
    "gitlabenterpriseedition",
    "bitbucketserver",
    "azuredevopsservices",
    "githubenterprise",
    "awscodecommit",
)
_KEY = re.compile(r"[\w-]+")
_PARAMETER = re.compile(r"[\w.-]+")
_FREE = frozenset({"environments", "new_cluster", "libraries", "description", "for_each_task"})
"""The members of a task in which braces may mean something else, and the loop, whose task is checked on its own."""


def check_job(settings: Members) -> None:
    """Refuse settings that no job can have."""
    for check in (_check_numbers, _check_texts, _check_parameters, _check_clusters, _check_git):
        check(settings)
    notifications.check(settings, "The job")
    check_tasks(settings)


def check_submission(settings: Members) -> None:
    """Refuse what no run without a job can be."""
    _check_timeout(settings, "The run")
    for check in (_check_parameters, _check_clusters, _check_git):
        check(settings)
    notifications.check(settings, "The run")
    if not settings["tasks"]:
        raise InvalidRequest("A run needs at least one task: give tasks, each with a task_key and what it runs.")
    check_tasks(settings)


def check_tasks(settings: Members) -> None:
    """Refuse tasks that are too many, unclear, or depend on each other in a way that cannot be."""
    tasks = settings["tasks"]
    if len(tasks) > MOST_TASKS:
        raise InvalidRequest(f"There are {len(tasks)} tasks; at most {MOST_TASKS} are possible in a job.")
    is_free = settings.get("format") == SINGLE_TASK or "run_name" in settings
    for task in tasks:
        _check_key(task.get("task_key"), is_free=is_free)
        _check_task(task, settings)
    _check_dependencies(tasks)


# the job


def _check_numbers(settings: Members) -> None:
    _check_timeout(settings, "The job")
    _between("max_concurrent_runs", settings["max_concurrent_runs"], 0, MOST_CONCURRENT_RUNS)


def _check_timeout(settings: Members, what: str) -> None:
    if settings.get("timeout_seconds", 0) < 0:
        raise InvalidRequest(f"{what} has a timeout_seconds of {settings['timeout_seconds']}; use 0 for no timeout.")
    _check_size(what, "timeout_seconds", settings)


def _check_size(what: str, name: str, settings: Members) -> None:
    if settings.get(name, 0) > LARGEST_NUMBER:
        raise InvalidRequest(f"{what} has a {name} of {settings[name]}; the largest is {LARGEST_NUMBER}.")


def _check_texts(settings: Members) -> None:
    if len(reading.text(settings["name"], "name").encode()) > LONGEST_NAME:
        raise InvalidRequest(f"The name has more than {LONGEST_NAME} bytes.")
    tags = reading.text_map(settings.get("tags"), "tags")
    if len(tags) > MOST_TAGS:
        raise InvalidRequest(f"There are {len(tags)} tags; at most {MOST_TAGS} are possible on a job.")


def _check_parameters(settings: Members) -> None:
    given = settings.get("parameters", ())
    names = [one["name"] for one in given]
    for one, name in zip(given, names, strict=True):
        if not _PARAMETER.fullmatch(name):
            raise InvalidRequest(f"The parameter {name!r} must consist of letters, digits, '_', '-' and '.'.")
        references.check(reading.text(one.get("default", ""), f"parameters.{name}.default"))
    _refuse_repeated("parameter", names)


def _check_clusters(settings: Members) -> None:
    clusters = reading.array(settings.get("job_clusters"), "job_clusters")
    if clusters and settings.get("format") == SINGLE_TASK:
        raise InvalidRequest("Shared job cluster feature is only supported in multi-task jobs.")
    if len(clusters) > MOST_CLUSTERS:
        raise InvalidRequest(f"There are {len(clusters)} job clusters; at most {MOST_CLUSTERS} are possible in a job.")
    _refuse_repeated(
        "job_cluster_key", [reading.mapping(one, "job_clusters[]").get("job_cluster_key") for one in clusters]
    )


def _check_git(settings: Members) -> None:
    git = settings.get("git_source")
    if not git:
        return
    if not git.get("git_url"):
        raise InvalidRequest("git_source.git_url is missing; give the URL of the repository.")
    if str(git.get("git_provider", "")).lower() not in GIT_PROVIDERS:
        raise InvalidRequest(f"git_source.git_provider must be one of: {','.join(GIT_PROVIDERS)}")


# a task


def _check_key(key: Any, *, is_free: bool) -> None:
    if not isinstance(key, str) or not key:
        raise InvalidRequest("A task has no task_key; give each task a name of its own.")
    if not is_free and (len(key) > LONGEST_KEY or not _KEY.fullmatch(key)):
        raise InvalidRequest(
            f"The task_key {key!r} must have at most {LONGEST_KEY} letters, digits, '_' and '-', and nothing else."
        )


def _check_task(task: Members, settings: Members) -> None:
    key = task["task_key"]
    _check_type(key, task)
    if task.get("run_if", "ALL_SUCCESS") not in RUN_IF:
        raise InvalidRequest(f"Task {key!r} has run_if {task['run_if']!r}; use one of {', '.join(RUN_IF)}.")
    if task.get("max_retries", 0) < -1:
        raise InvalidRequest(f"Task {key!r} has max_retries {task['max_retries']}; use -1 to retry without end.")
    _check_size(f"Task {key!r}", "max_retries", task)
    _check_timeout(task, f"Task {key!r}")
    notifications.check(task, f"Task {key!r}")
    _check_wait(key, task)
    _check_named(task, settings)
    references.check({name: value for name, value in task.items() if name not in _FREE})


def _check_wait(key: str, task: Members) -> None:
    if task.get("min_retry_interval_millis", 0) < 0:
        raise InvalidRequest(f"Task {key!r} has a negative min_retry_interval_millis; use 0 to retry at once.")
    _check_size(f"Task {key!r}", "min_retry_interval_millis", task)


def _check_type(key: str, task: Members) -> None:
    types = [name for name in task if is_task_type(name)]
    if len(types) != 1:
        found = f"says {' and '.join(types)}" if types else "does not say what it runs"
        raise InvalidRequest(f"Task {key!r} {found}; give exactly one, such as notebook_task or spark_python_task.")
    task_type = types[0]
    words = reading.mapping(task[task_type], task_type)
    for name in REQUIRED.get(task_type, ()):
        if words.get(name) in (None, ""):
            raise InvalidRequest(f"Task {key!r} has no {task_type}.{name}, which is required.")
    if special := _SPECIAL.get(task_type):
        special(key, words)


def _check_condition(key: str, words: Members) -> None:
    if words["op"] not in OPERATORS:
        raise InvalidRequest(f"Task {key!r} has the op {words['op']!r}; use one of {', '.join(OPERATORS)}.")


def _check_loop(key: str, words: Members) -> None:
    nested = reading.mapping(words["task"], f"{LOOP}.task")
    if LOOP in nested:
        raise InvalidRequest(f"Task {key!r} has a {LOOP} in its {LOOP}; loops cannot be nested.")
    _check_key(nested.get("task_key"), is_free=False)
    if nested.get("depends_on"):
        raise InvalidRequest(f"The nested task of {key!r} cannot depend on other tasks; {key!r} itself can.")
    _between(f"concurrency of task {key!r}", words.get("concurrency", 1), 1, MOST_ITERATIONS_AT_ONCE)
    references.check(words["inputs"])


_SPECIAL: Mapping[str, Callable[[str, Members], None]] = {"condition_task": _check_condition, LOOP: _check_loop}

_NAMED: Mapping[str, str] = {
    "job_cluster_key": "job_clusters",
    "environment_key": "environments",
    "environment_variables_key": "environment_variables",
}
"""What a task names of its job by key, and the array that has it."""


def _check_named(task: Members, settings: Members) -> None:
    for name, array in _NAMED.items():
        key = task.get(name)
        if key is not None and key not in {one.get(name) for one in settings.get(array) or ()}:
            raise InvalidRequest(f"Task {task['task_key']!r} names the {name} {key!r}, which is not in {array}.")
    if LOOP in task:
        _check_task(task[LOOP]["task"], settings)


# the graph


def _check_dependencies(tasks: Sequence[Members]) -> None:
    _refuse_repeated("task_key", [task["task_key"] for task in tasks])
    by_key = {task["task_key"]: task for task in tasks}
    for key, task in by_key.items():
        for one in reading.array(task.get("depends_on"), "depends_on"):
            _check_dependency(key, reading.mapping(one, "depends_on[]"), by_key)
    _refuse_circles({key: upstream(task) for key, task in by_key.items()})


def _check_dependency(key: str, dependency: Members, by_key: Mapping[str, Members]) -> None:
    other, outcome = str(dependency.get("task_key")), dependency.get("outcome")
    if other == key:
        raise InvalidRequest(f"Invalid dependency graph, task '{key}' can not reference itself.")
    if other not in by_key:
        raise InvalidRequest(f"Invalid dependency graph, task '{key}' depends on '{other}', which is not a task of it.")
    if outcome is not None and ("condition_task" not in by_key[other] or outcome not in ("true", "false")):
        raise InvalidRequest(
            f"Task '{key}' depends on the outcome {outcome!r} of '{other}'; only a condition_task has one, "
            "which is 'true' or 'false'."
        )


def _refuse_circles(waits_for: dict[str, set[str]]) -> None:
    while waits_for:
        free = {key for key, before in waits_for.items() if not before & waits_for.keys()}
        if not free:
            keys = ", ".join(f"'{key}'" for key in waits_for)
            raise InvalidRequest(f"Invalid dependency graph, the tasks {keys} depend on each other in a circle.")
        waits_for = {key: before for key, before in waits_for.items() if key not in free}


def _refuse_repeated(what: str, names: Iterable[Any]) -> None:
    seen: set[Any] = set()
    for name in names:
        if name in seen:
            raise InvalidRequest(f"The {what} {name!r} is given twice; each must be unique in its job.")
        seen.add(name)


def _between(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidRequest(f"Invalid {what}: {value} is not between {least} and {most}.")
