"""`dbutils`, made of its parts."""

from __future__ import annotations

from typing import Any, NoReturn

from .fs import FileSystem
from .jobs import Jobs
from .places import Places
from .secrets import Secrets
from .session import Session
from .utility import Utility
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
    """Roles of AWS, of which this server has one: its own."""

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
        self.widgets = Widgets(session.facts.parameters)
        self.notebook = Notebook(session)
        self.jobs = Jobs(session)
        self.fs = FileSystem(Places(session.facts.mounts))
        self.secrets = Secrets(session)
        self.library = Library(session)
        self.credentials = Credentials()
        self.entry_point = self.notebook.entry_point
