"""What there is to ask: providers, services, resources, their columns and methods, as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runyard.sql.errors import UNDEFINED_OBJECT, UNDEFINED_TABLE, SqlError

PUBLIC = "public"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a resource."""

    name: str
    type: str = "text"  # one of results.TYPES
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """What a method takes."""

    name: str
    type: str  # int, number, bool, string, object or array
    is_required: bool = False
    column: str = ""  # the column that holds its value, where that has another name


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How a method is called over HTTP, and where its answer has the rows."""

    protocol: str  # aws, databricks, dremio or runyard
    operation: str  # GetJobRuns, listJobRuns
    method: str = "POST"
    path: str = "/"  # with {name} for what stands in it
    rows: str = ""  # the member that holds them; empty: the answer is the one row
    token: tuple[str, str] | None = None  # of the next page: the request's member, the answer's


@dataclass(frozen=True, kw_only=True)
class Method:
    """One operation of a resource, under the name that SQL knows it by."""

    name: str
    verb: str  # select, insert, update, replace, delete or exec
    wire: Wire
    parameters: tuple[Parameter, ...] = ()
    summary: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        """The names of what must be given."""
        return tuple(one.name for one in self.parameters if one.is_required)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A table with its methods; the first method of a verb whose required parameters are there is taken."""

    provider: str
    service: str
    name: str
    columns: tuple[Column, ...]
    methods: tuple[Method, ...]
    description: str = ""
    connection: str = ""  # the column that names a connection: deployment_name, region, project_id

    @property
    def path(self) -> str:
        """Its dotted name."""
        return f"{self.provider}.{self.service}.{self.name}"

    def column(self, name: str) -> Column | None:
        """The column of this name, whatever its case."""
        return next((one for one in self.columns if one.name.lower() == name.lower()), None)

    def of_verb(self, verb: str) -> tuple[Method, ...]:
        """Its methods of a verb, in their order."""
        return tuple(one for one in self.methods if one.verb == verb)


def unqualified(name: Sequence[str]) -> Sequence[str]:
    """A name without the schema that PostgreSQL's clients see before those that have only one part."""
    return name[1:] if len(name) > 1 and name[0].lower() == PUBLIC else name


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All resources; names are found whatever their case."""

    resources: tuple[Resource, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)  # another dotted name, or a bare one, to a dotted name

    def resource(self, name: Iterable[str]) -> Resource:
        """The resource of a dotted or bare name; refuse what there is not."""
        parts = tuple(name)
        bare, written = ".".join(unqualified(parts)).lower(), ".".join(parts)
        path = self.aliases.get(bare, bare)
        for one in self.resources:
            if one.path == path:
                return one
        raise SqlError(
            UNDEFINED_TABLE, f"There is no resource {written}; SHOW RESOURCES IN provider.service lists them."
        )

    def method(self, name: Iterable[str]) -> tuple[Resource, Method]:
        """The method of a dotted name, which stands behind its resource's."""
        *of, last = name
        resource = self.resource(of)
        for one in resource.methods:
            if one.name.lower() == last.lower():
                return resource, one
        known = ", ".join(one.name for one in resource.methods)
        raise SqlError(UNDEFINED_OBJECT, f"{resource.path} has no method {last}; it has {known}.")
