"""Runs a command and prints how long it took, what it computed (user and sys) and how much memory it held at most.

Run as `python -I bench/process_cost.py COMMAND …`; prints one JSON object. It is small, because Linux counts what a
process was forked from as memory that it held.
"""

import json
import os
import sys
import time

RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # what getrusage() counts in


def main() -> None:
    """Run the command silently; end as it does."""
    began = time.perf_counter()
    process = os.fork()
    if process == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command that is measured
    _, status, used = os.wait4(process, 0)
    took = time.perf_counter() - began
    computed = used.ru_utime + used.ru_stime
    print(json.dumps({"seconds": took, "cpu_seconds": computed, "bytes": used.ru_maxrss * RSS_UNIT}))
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
