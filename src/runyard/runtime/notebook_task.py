"""The script of a notebook's process; warm children have imported it before they become one."""

from __future__ import annotations

from dbruntime.notebook.task import main

if __name__ == "__main__":
    main()
