"""What notebooks and the vendor's SDK find in a job's process: `dbutils` and the names beside it.

Written from public documentation alone; it imports nothing but the standard library, and little of that at once.
"""

from __future__ import annotations

from typing import Any, ClassVar


class UserNamespaceInitializer:
    """Holds the one set of globals of this process; `databricks.sdk.runtime` asks for it by this name."""

    _only: ClassVar[UserNamespaceInitializer | None] = None

    def __init__(self) -> None:
        from .absent import spark_globals  # noqa: PLC0415 - whoever only looks for this package pays nothing
        from .dbutils import DBUtils  # noqa: PLC0415 - as above
        from .results import displayed, html  # noqa: PLC0415 - as above
        from .session import Session  # noqa: PLC0415 - as above

        self.session = session = Session()
        self.dbutils = DBUtils(session)
        self._globals = {
            **spark_globals(),
            "dbutils": self.dbutils,
            "getArgument": self.dbutils.widgets.getArgument,
            "display": lambda value=None, *_, **__: None if value is None else session.show(displayed(value)),
            "displayHTML": lambda page: session.show(html(str(page))),
        }

    @classmethod
    def getOrCreate(cls) -> UserNamespaceInitializer:
        """Return the one of this process."""
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def get_namespace_globals(self) -> dict[str, Any]:
        """Return what every notebook finds defined."""
        return dict(self._globals)
