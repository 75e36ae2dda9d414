"""S3's XML: documents written from plain tuples, and read without believing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.parsers import expat
from xml.sax.saxutils import escape

from runyard.dialects.s3.errors import S3Error

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
DEEPEST = 10

Content = str | int | bool | None | Sequence["Element"]
Element = tuple[str, Content]

# What XML would lose or forbid is written as a character reference, as S3 does; clients that use such keys
# ask for encoding-type=url.
REFERENCES = {chr(code): f"&#{code};" for code in range(32) if chr(code) not in "\t\n"} | {'"': "&quot;"}


def rendered(name: str, content: Content, *, namespace: str = NAMESPACE) -> bytes:
    """A whole document."""
    attribute = f' xmlns="{namespace}"' if namespace else ""
    return f"{DECLARATION}<{name}{attribute}>{_inner(content)}</{name}>".encode()


def _inner(content: Content) -> str:
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, str | int):
        return escape(str(content), REFERENCES)
    return "".join(f"<{name}>{_inner(value)}</{name}>" for name, value in content or () if value is not None)


def moment(milliseconds: int) -> str:
    """A time as S3's documents spell it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


@dataclass(kw_only=True)
class Node:
    """An element that was read; names without their namespace."""

    name: str
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> list[Node]:
        """The children of that name."""
        return [child for child in self.children if child.name == name]

    def get(self, name: str) -> str | None:
        """The text of the first child of that name, without the blanks around it."""
        return next((child.text.strip() for child in self.all(name)), None)

    def text_of(self, name: str) -> str:
        """The text of the first child of that name, whole, or MalformedXML; a key may end in a blank."""
        text = next((child.text for child in self.all(name)), None)
        if text is None:
            raise S3Error("MalformedXML", f"<{self.name}> lacks <{name}>.")
        return text


def parsed(document: bytes, *, root: str) -> Node:
    """Read a request's document; one with a DOCTYPE is refused, since entities can grow without end."""
    top = Node(name="")
    stack = [top]

    def start(name: str, _attributes: dict[str, str]) -> None:
        node = Node(name=name.rpartition(" ")[2])
        stack[-1].children.append(node)
        stack.append(node)
        if len(stack) > DEEPEST:
            raise S3Error("MalformedXML", "The XML you provided is nested too deeply.")

    def end(_name: str) -> None:
        stack.pop()

    def text(value: str) -> None:
        stack[-1].text += value

    def refuse(*_declared: object) -> None:
        raise S3Error("MalformedXML", "The XML you provided has a DOCTYPE, which is not accepted.")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise S3Error("MalformedXML", f"The XML you provided was not well-formed: {error}") from None
    if top.children[0].name != root:
        raise S3Error("MalformedXML", f"Expected <{root}>, got <{top.children[0].name}>.")
    return top.children[0]
