"""`dbutils`, made of its parts; each is loaded with its first use, because most notebooks use one or two."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from .utility import Utility

if TYPE_CHECKING:
    from .fs import FileSystem
    from .identity import EntryPoint
    from .jobs import Jobs
    from .secrets import Secrets
    from .session import Session
    from .widgets import Widgets
    from .workflow import Notebook


class RestartPython(BaseException):
    """Asks the runner of notebooks for a new interpreter."""


class Library(Utility):
    """Libraries of this notebook."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def restartPython(self) -> NoReturn:
        """Go on with the next cell in a new interpreter, without variables and with the packages installed so far."""
        if not self._session.is_notebook:
            raise RuntimeError("restartPython works in notebooks: a script cannot go on in the middle.")
        raise RestartPython

    def install(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, as the vendor does by now, and say what to use."""
        raise NotImplementedError("Install packages with %pip install, or name them in the task's libraries.")

    installPyPI = install  # noqa: N815 - the vendor's name


class Credentials(Utility):
    """Roles of AWS, of which jobs here have none: they use the keys in their environment."""

    def showRoles(self) -> list[str]:
        """Return the roles that could be assumed."""
        return []

    def showCurrentRole(self) -> list[str]:
        """Return the role that is assumed."""
        return []

    def assumeRole(self, role: str) -> NoReturn:
        """Refuse: jobs use the keys in their environment."""
        raise NotImplementedError(
            f"The role {role} cannot be assumed here: jobs use the AWS keys in their environment. Set other ones in "
            "the task's environment variables."
        )


class DBUtils(Utility):
    """What notebooks call `dbutils`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def widgets(self) -> Widgets:
        """The parameters of this job, by name."""
        from .widgets import Widgets  # noqa: PLC0415 - as said at the top

        return Widgets(self._session.facts.parameters)

    @cached_property
    def notebook(self) -> Notebook:
        """The control flow of notebooks: exit and run."""
        from .workflow import Notebook  # noqa: PLC0415 - as said at the top

        return Notebook(self._session)

    @cached_property
    def jobs(self) -> Jobs:
        """What a task can do as a part of its job: values for later tasks."""
        from .jobs import Jobs  # noqa: PLC0415 - as said at the top

        return Jobs(self._session)

    @cached_property
    def fs(self) -> FileSystem:
        """Files below the mounts of the server."""
        from .fs import FileSystem  # noqa: PLC0415 - as said at the top
        from .places import Places  # noqa: PLC0415 - as said at the top

        return FileSystem(Places(self._session.facts.mounts))

    @cached_property
    def secrets(self) -> Secrets:
        """Secrets of the workspace, kept out of what the job prints."""
        from .secrets import Secrets  # noqa: PLC0415 - as said at the top

        return Secrets(self._session)

    @cached_property
    def library(self) -> Library:
        """Libraries of this notebook."""
        return Library(self._session)

    @cached_property
    def credentials(self) -> Credentials:
        """Roles of AWS."""
        return Credentials()

    @property
    def entry_point(self) -> EntryPoint:
        """The long way to the context of this run."""
        return self.notebook.entry_point
