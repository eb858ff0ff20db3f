"""XML from outside as a plain tree, read by expat: no document type, no entities, bounded in size, depth and number.

What goes out is built with two small words of its own: an element under others, and one with a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.parsers import expat

MOST_BYTES = 5 * 1024 * 1024
MOST_DEPTH = 40
MOST_ELEMENTS = 200_000


class Unreadable(ValueError):
    """What cannot be read as it should be, with the place: a line, or a path of elements."""

    def __init__(self, reason: str, place: str = "", *, is_off: bool = False) -> None:
        super().__init__(reason, place)
        self.reason, self.place = reason, place
        self.is_off = is_off  # It could be read, but what it says does not fit together.


@dataclass
class Element:
    """An element without its namespace; `text` is stripped."""

    name: str
    namespace: str
    attributes: dict[str, str]
    path: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, path: str) -> Iterator[Element]:
        """Give the elements at a path like `Acct/Id`, in order."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.all(rest) if rest else (child,)

    def first(self, *paths: str) -> Element | None:
        """Return the first element at the first of the paths that has one."""
        return next((one for path in paths for one in self.all(path)), None)

    def said(self, *paths: str) -> str:
        """Return the text of the first element at the first of the paths that has one, else an empty text."""
        found = self.first(*paths)
        return found.text if found is not None else ""

    def needed(self, path: str) -> Element:
        """Return the first element at a path. Raises Unreadable."""
        found = self.first(path)
        if found is None:
            raise Unreadable(f"{path.rpartition('/')[2]} is missing", f"{self.path}/{path}")
        return found


def read_xml(data: bytes) -> Element:
    """Return the root of a document. Raises Unreadable with the line."""
    if len(data) > MOST_BYTES:
        raise Unreadable(f"{len(data)} bytes, at most {MOST_BYTES} are read")
    parser = expat.ParserCreate(namespace_separator=" ")
    root: list[Element] = []
    stack: list[Element] = []
    counted = 0

    def refuse(*_: object) -> int:
        raise Unreadable("a document type or an entity is refused", f"line {parser.CurrentLineNumber}")

    def begins(name: str, attributes: dict[str, str]) -> None:
        nonlocal counted
        counted += 1
        if len(stack) >= MOST_DEPTH or counted > MOST_ELEMENTS:
            raise Unreadable("too deep or too many elements", f"line {parser.CurrentLineNumber}")
        namespace, _, plain = name.rpartition(" ")
        path = f"{stack[-1].path}/{plain}" if stack else plain
        element = Element(plain, namespace, {key.rpartition(" ")[2]: value for key, value in attributes.items()}, path)
        (stack[-1].children if stack else root).append(element)
        stack.append(element)

    def ends(_name: str) -> None:
        element = stack.pop()
        element.text = element.text.strip()

    def text(data: str) -> None:
        stack[-1].text += data

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.UnparsedEntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = begins
    parser.EndElementHandler = ends
    parser.CharacterDataHandler = text
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unreadable("this is no well-formed XML", f"line {error.lineno}, column {error.offset}") from error
    except (LookupError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("the encoding is not known") from error
    return root[0]


def under(element: ElementTree.Element, *names: str) -> ElementTree.Element:
    """Return a new element at a path below another."""
    for name in names:
        element = ElementTree.SubElement(element, name)
    return element


def text_under(element: ElementTree.Element, name: str, text: str) -> None:
    """Add an element with a text below another."""
    ElementTree.SubElement(element, name).text = text
