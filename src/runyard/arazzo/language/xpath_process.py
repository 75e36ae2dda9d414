"""A program of its own that answers one XPath, so that no expression costs more than it is given."""

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


def read_xml(text: str) -> tuple[ET.Element, dict[str, str]]:
    """The document's root and its prefixes, if it declares no entities; nothing outside of it is ever read."""
    watching = expat.ParserCreate()
    watching.EntityDeclHandler = _refuse
    watching.ExternalEntityRefHandler = _refuse
    watching.Parse(text.encode(), True)
    builder = _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314  # no entities: the lines above refuse them
    parser.feed(text.encode())
    return parser.close(), builder.prefixes


class _Builder(ET.TreeBuilder):
    """A tree that remembers the prefixes its document declared."""

    def __init__(self) -> None:
        super().__init__(insert_comments=True, insert_pis=True)
        self.prefixes: dict[str, str] = {}

    def start_ns(self, prefix: str | None, uri: str | None) -> None:
        """Hear of a declaration; the first of a prefix counts."""
        self.prefixes.setdefault(prefix or "", uri or "")


def _refuse(*_: Any) -> int:
    raise Unfit("The document declares entities, which are not read")


class Question:
    """An expression asked of a document, by the rules of its version."""

    def __init__(self, asked: dict[str, Any]) -> None:
        from elementpath import XPath1Parser, XPath2Parser  # noqa: PLC0415  # after the limits are set
        from elementpath.xpath3 import XPath30Parser, XPath31Parser  # noqa: PLC0415  # same

        parsers: dict[str, Any] = {"10": XPath1Parser, "20": XPath2Parser, "30": XPath30Parser, "31": XPath31Parser}
        self.asked = asked
        self.root, self.prefixes = read_xml(asked["text"])
        # What has no prefix in an expression has no namespace, whatever the document makes of it.
        self.parser = parsers[asked["version"]](namespaces={name: uri for name, uri in self.prefixes.items() if name})

    def problem(self) -> str:
        """What is wrong with the expression itself; a prefix may be one of the document that it will be asked of."""
        from elementpath import ElementPathError, ElementPathNameError  # noqa: PLC0415  # as above

        try:
            self.parser.parse(self.asked["expression"])
        except ElementPathNameError:
            return ""
        except ElementPathError as error:
            return str(error)[:500]
        return ""

    def truth(self) -> bool:
        """The effective boolean value."""
        self.parser.parse(self.asked["expression"])
        # A line of its own, so that whatever ends the expression does not end the call.
        token = self.parser.parse(f"boolean(\n{self.asked['expression']}\n)")
        return bool(token.evaluate(self._context()))

    def values(self) -> list[Any]:
        """The texts of the nodes, or the values that are none."""
        return [_value(found) for found in self._found()]

    def replaced(self) -> str:
        """The document with another text in each node."""
        for found in self._found():
            _replace(found, self.asked["new"])
        for prefix, uri in self.prefixes.items():
            ET.register_namespace(prefix, uri)
        text = ET.tostring(self.root, encoding="unicode")
        declaration = self.asked["text"].lstrip()
        return declaration[: declaration.index("?>") + 2] + text if declaration.startswith("<?xml") else text

    def _found(self) -> list[Any]:
        return list(self.parser.parse(self.asked["expression"]).select(self._context()))

    def _context(self) -> Any:
        from elementpath import XPathContext  # noqa: PLC0415  # as above

        return XPathContext(root=ET.ElementTree(self.root))


def _value(found: Any) -> Any:
    if hasattr(found, "string_value"):
        return found.string_value
    return found if isinstance(found, bool | int | float) else str(found)


def _replace(found: Any, text: str) -> None:
    element, parent = getattr(found, "elem", None), getattr(found, "parent", None)
    if element is not None:
        element[:] = []
        element.text = text
    elif parent is None:
        raise Unfit("The expression selects values, not nodes of the document")
    elif hasattr(found, "name") and found.node_kind == "attribute":
        parent.elem.set(found.name, text)
    else:
        before = parent.children[: parent.children.index(found)]
        if before:
            before[-1].elem.tail = text
        else:
            parent.elem.text = text


def main() -> None:
    """Read the question from standard input and write the answer to standard output."""
    asked = json.load(sys.stdin)
    with suppress(ImportError):
        confine(asked["seconds"])
    try:
        question = Question(asked)
        wants = (question.problem, question.truth, question.values, question.replaced)
        answers = {want.__name__: want for want in wants}
        answer: dict[str, Any] = {"answer": answers[asked["want"]]()}
    except Exception as error:  # noqa: BLE001  # the outermost loop: whatever went wrong is the answer
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
