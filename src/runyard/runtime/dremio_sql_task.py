"""The script of a Dremio query's process."""

from __future__ import annotations

from dremio_sql.task import main

if __name__ == "__main__":
    main()
