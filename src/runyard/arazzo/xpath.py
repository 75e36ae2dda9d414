"""XPath criteria, each decided in a process of its own that ends in time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from runyard.arazzo.errors import NotDecided, NotUnderstood
from runyard.arazzo.logic import LONGEST

PROGRAM = Path(__file__).with_name("xpath_process.py")


def judge(expression: str, text: str, *, version: str, seconds: float) -> bool:
    """The effective boolean value of an XPath on a document; version is 10, 20, 30 or 31."""
    if len(expression) > LONGEST:
        raise NotUnderstood(f"An XPath has at most {LONGEST:,} characters", expression, LONGEST)
    question = {"version": version, "expression": expression, "text": text, "seconds": seconds}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(PROGRAM)],
            input=json.dumps(question).encode(),
            capture_output=True,
            timeout=seconds,
            check=True,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise NotDecided(f"The XPath {expression[:120]!r} had no answer within {seconds:g} s.") from error
    except (subprocess.CalledProcessError, ValueError) as error:
        raise NotDecided(f"The XPath {expression[:120]!r} took more time or memory than it may.") from error
    if "error" in answer:
        raise NotDecided(f"The XPath {expression[:120]!r} has no answer: {answer['error']}")
    return bool(answer["passed"])
