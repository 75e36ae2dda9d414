"""XPath on XML, each expression in a process of its own that ends in time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from runyard.arazzo.language.errors import NotDecided, NotUnderstood
from runyard.arazzo.language.logic import LONGEST

PROGRAM = Path(__file__).with_name("xpath_process.py")


def judge(expression: str, text: str, *, version: str, seconds: float) -> bool:
    """The effective boolean value of an XPath on a document; version is 10, 20, 30 or 31."""
    return bool(_answer(expression, text, version=version, seconds=seconds, want="truth"))


def refuse_unreadable(expression: str, *, version: str, seconds: float) -> None:
    """Refuse what is no expression of this version, whatever document it would be asked of."""
    problem = _answer(expression, "<none/>", version=version, seconds=seconds, want="problem")
    if problem:
        raise NotUnderstood(f"No XPath: {problem}", expression, 0)


def values(expression: str, text: str, *, version: str, seconds: float) -> list[Any]:
    """What an XPath selects of a document: the texts of nodes, and numbers and booleans as they are."""
    return list(_answer(expression, text, version=version, seconds=seconds, want="values"))


def replaced(expression: str, text: str, new: str, *, version: str, seconds: float) -> str:
    """The document with another text in each node that an XPath selects."""
    return str(_answer(expression, text, version=version, seconds=seconds, want="replaced", new=new))


def _answer(expression: str, text: str, *, version: str, seconds: float, **asked: str) -> Any:
    if len(expression) > LONGEST:
        raise NotUnderstood(f"An XPath has at most {LONGEST:,} characters", expression, LONGEST)
    import subprocess  # noqa: PLC0415  # 4 ms that only XPath needs

    question = {"version": version, "expression": expression, "text": text, "seconds": seconds, **asked}
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
    return answer["answer"]
