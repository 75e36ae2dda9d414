"""What notebooks and the vendor's SDK find in a job's process: `dbutils` and the names beside it.

Written from public documentation alone; it imports nothing but the standard library, and little of that at once.
"""

from __future__ import annotations

from typing import Any, ClassVar


class UserNamespaceInitializer:
    """Holds the one set of globals of this process; `databricks.sdk.runtime` asks for it by this name."""

    _only: ClassVar[UserNamespaceInitializer | None] = None

    def __init__(self) -> None:
        from .absent import put_into_spark, spark_globals  # noqa: PLC0415 - whoever only looks for this package pays nothing
        from .dbutils import DBUtils  # noqa: PLC0415 - as above
        from .session import Session  # noqa: PLC0415 - as above

        self.session = Session()
        self.dbutils = DBUtils(self.session)
        put_into_spark(self.dbutils)
        self.meet_spark()
        self._globals = {
            **spark_globals(found=self.meet_spark),
            "dbutils": self.dbutils,
            "getArgument": self.dbutils.widgets.getArgument,
            "display": self._display,
            "displayHTML": self._display_html,
        }

    def meet_spark(self) -> None:
        """Let `frame.display()` show a frame, as the vendor's own frames do, if there is Spark by now."""
        from .absent import put_into_frames  # noqa: PLC0415 - as above

        put_into_frames(self._display)

    def _display(self, value: Any = None, *_: Any, **__: Any) -> None:
        """Show a value; whatever has rows is shown as a table."""
        from .results import displayed  # noqa: PLC0415 - as above

        if value is not None:
            self.session.show(displayed(value))

    def _display_html(self, page: Any) -> None:
        """Show a piece of a page."""
        from .results import html  # noqa: PLC0415 - as above

        self.session.show(html(str(page)))

    @classmethod
    def getOrCreate(cls) -> UserNamespaceInitializer:
        """Return the one of this process."""
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def get_namespace_globals(self) -> dict[str, Any]:
        """Return what every notebook finds defined."""
        return dict(self._globals)
