"""What a task's process needs beside its code: packages, modules and variables, from libraries and environments."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runyard.core.errors import NotSupported
from runyard.dialects import reading
from runyard.dialects.databricks.jobs.places import in_workspace

Members = Mapping[str, Any]

_COMMENT = re.compile(r"(^|\s)#.*")


@dataclass
class Needs:
    """What was found so far."""

    packages: list[str] = field(default_factory=list)
    package_options: list[str] = field(default_factory=list)
    python_files: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    jars: list[str] = field(default_factory=list)  # for a JVM, where the run's engine has one
    spark_conf: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def spec(self) -> dict[str, Any]:
        """Return what of it there is, by its name in a task's spec."""
        return {name: value for name, value in vars(self).items() if value}


def needs_of(task: Members, settings: Members) -> Needs:
    """Return what a task needs; refuse libraries that no Python process can load."""
    needs = Needs()
    for library in reading.array(task.get("libraries"), "libraries"):
        _add_library(needs, reading.mapping(library, "libraries[]"))
    for line in _dependencies(task, settings):
        _add_line(needs, line)
    needs.environment = _variables(task, settings)
    needs.spark_conf = reading.text_map(_cluster(task, settings).get("spark_conf"), "spark_conf")
    return needs


def with_requirements(spec: Mapping[str, Any], read: Callable[[str], str]) -> dict[str, Any]:
    """Return a spec with the lines of its requirements files as packages: what they say now is what is installed."""
    needs = Needs(packages=list(spec.get("packages", ())), package_options=list(spec.get("package_options", ())))
    needs.requirements = list(spec.get("requirements", ()))
    for uri in needs.requirements:  # which grows by the files that files name
        for line in read(uri).splitlines():
            _add_line(needs, _COMMENT.sub("", line), folder=posixpath.dirname(uri))
    needs.requirements = []
    return {**{name: value for name, value in spec.items() if name != "requirements"}, **needs.spec()}


def _pypi(needs: Needs, library: Any) -> None:
    needs.packages.append(library["package"])
    if library.get("repo"):
        needs.package_options += ["--extra-index-url", library["repo"]]


def _wheel(needs: Needs, library: Any) -> None:
    needs.packages.append(in_workspace(library))


def _egg(needs: Needs, library: Any) -> None:
    needs.python_files.append(in_workspace(library))


def _requirements(needs: Needs, library: Any) -> None:
    needs.requirements.append(in_workspace(library))


def _jar(needs: Needs, library: Any) -> None:
    needs.jars.append(in_workspace(library))


_LIBRARIES: Mapping[str, Callable[[Needs, Any], None]] = {
    "pypi": _pypi,
    "whl": _wheel,
    "egg": _egg,
    "requirements": _requirements,
    "jar": _jar,
}
_NO_LIBRARY = (
    "The library {{{kind!r}: …}} cannot be installed here, because nothing is fetched for a JVM, and there is no R. "
    "Remove it from the task's libraries, or use a jar, pypi, whl, egg or requirements library."
)


def _add_library(needs: Needs, library: Members) -> None:
    for kind, value in library.items():
        if kind not in _LIBRARIES:
            raise NotSupported(_NO_LIBRARY.format(kind=kind))
        _LIBRARIES[kind](needs, value)


def _dependencies(task: Members, settings: Members) -> list[str]:
    """Return the lines of the environment that a task names, each as in a requirements file."""
    wanted = task.get("environment_key")
    for environment in settings.get("environments", ()):
        if environment.get("environment_key") == wanted:
            spec = environment.get("spec") or {}
            if spec.get("java_dependencies"):
                raise NotSupported(_NO_LIBRARY.format(kind="java_dependencies"))
            return reading.texts(spec.get("dependencies"), "environments[].spec.dependencies")
    return []


def _add_line(needs: Needs, line: str, *, folder: str = "") -> None:
    line = line.strip()
    option, _, value = line.partition(" ")
    if option in ("-r", "--requirement"):
        needs.requirements.append(in_workspace(posixpath.join(folder, value.strip())))
    elif line.startswith("-"):
        needs.package_options += [option, value.strip()] if value else [option]
    elif line:
        needs.packages.append(in_workspace(line))


def _variables(task: Members, settings: Members) -> dict[str, str]:
    """Return the variables of a task's cluster, then those of the set it names."""
    cluster = _cluster(task, settings)
    variables = reading.text_map(cluster.get("spark_env_vars"), "spark_env_vars")
    wanted = task.get("environment_variables_key")
    for given in settings.get("environment_variables", ()) if wanted else ():
        if given.get("environment_variables_key") == wanted:
            spec = given.get("spec") or {}
            variables |= reading.text_map(spec.get("variables"), "environment_variables[].spec.variables")
    return variables


def _cluster(task: Members, settings: Members) -> Members:
    return task.get("new_cluster") or _job_cluster(task, settings)


def _job_cluster(task: Members, settings: Members) -> Members:
    wanted = task.get("job_cluster_key")
    for cluster in settings.get("job_clusters", ()) if wanted else ():
        if cluster.get("job_cluster_key") == wanted:
            return cluster.get("new_cluster") or {}
    return {}
