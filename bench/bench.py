"""Measures what the README claims; `make bench`, or `bench/bench.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "tests")]  # so that `bench` is the folder, and its servers are those of the tests

from bench.command import main  # noqa: E402 - found only by the path above

if __name__ == "__main__":
    main()
