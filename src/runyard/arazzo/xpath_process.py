"""A program of its own that decides one XPath criterion, so that no expression costs more than it is given."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

MEMORY = 1 << 30


class Unfit(Exception):  # it says what the document is
    """A document that is refused as it is read."""


def confine(seconds: float) -> None:
    """Give this process so much time of a processor, and a gibibyte."""
    import resource  # noqa: PLC0415  # there is none on every system

    limit = int(seconds) + 1
    for kind, value in ((resource.RLIMIT_CPU, limit), (resource.RLIMIT_AS, MEMORY)):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def read_xml(text: str) -> Any:
    """The document's root, if it declares no entities; nothing outside of it is ever read."""
    watching = expat.ParserCreate()
    watching.EntityDeclHandler = _refuse
    watching.ExternalEntityRefHandler = _refuse
    watching.Parse(text.encode(), True)
    return ET.fromstring(text.encode())  # noqa: S314  # no entities: the lines above refuse them


def _refuse(*_: Any) -> int:
    raise Unfit("The document declares entities, which are not read")


def decide(version: str, expression: str, text: str) -> bool:
    """The effective boolean value of the expression, by the rules of its version."""
    from elementpath import XPath1Parser, XPath2Parser, XPathContext  # noqa: PLC0415  # after the limits are set
    from elementpath.xpath3 import XPath30Parser, XPath31Parser  # noqa: PLC0415  # same

    parsers: dict[str, Any] = {"10": XPath1Parser, "20": XPath2Parser, "30": XPath30Parser, "31": XPath31Parser}
    parser = parsers[version]()
    parser.parse(expression)
    # A line of its own, so that whatever ends the expression does not end the call.
    token = parser.parse(f"boolean(\n{expression}\n)")
    return bool(token.evaluate(XPathContext(root=ET.ElementTree(read_xml(text)))))


def main() -> None:
    """Read the question from standard input and write the answer to standard output."""
    question = json.load(sys.stdin)
    with suppress(ImportError):
        confine(question["seconds"])
    try:
        answer: dict[str, Any] = {"passed": decide(question["version"], question["expression"], question["text"])}
    except Exception as error:  # noqa: BLE001  # the outermost loop: whatever went wrong is the answer
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
