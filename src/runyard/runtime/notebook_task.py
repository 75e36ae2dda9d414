"""The script of a notebook's process."""

from __future__ import annotations

from dbruntime.notebook.task import main

main()
