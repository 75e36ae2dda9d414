"""The script of a SQL task's process."""

from __future__ import annotations

import sys

from sql_tasks.task import main

main(sys.argv[1:])
