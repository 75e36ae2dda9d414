"""The script of a dbt task's process."""

from __future__ import annotations

from dbt_tasks.task import main

if __name__ == "__main__":  # not where multiprocessing imports it once more
    main()
