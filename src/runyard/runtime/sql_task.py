"""The script of a SQL task's process."""

from __future__ import annotations

import sys

from sql_tasks.task import main

if __name__ == "__main__":
    main(sys.argv[1:])
