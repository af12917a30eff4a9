"""JSON, XML and YAML, bounded in depth and free of entities, anchors and code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from typing import Any, TypeVar
from xml.etree.ElementTree import Element, ParseError

import msgspec

from nightlatch.errors import ReadError

T = TypeVar("T")
MAX_DEPTH = 64

# What nests and what can hide a bracket: strings are matched whole so that theirs do not count.
# Possessively and also when unclosed, or a lone quote before many escapes would cost the square.
_JSON_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def check_json_depth(data: bytes, *, where: str, depth: int = MAX_DEPTH) -> None:
    """Raise ReadError if JSON text nests deeper than `depth`; linear in its length."""
    if data.count(b"{") + data.count(b"[") <= depth:  # the usual message: too few brackets to nest so deep
        return
    level = 0
    for match in _JSON_BRACKETS.finditer(data):
        first = data[match.start()]
        if first in b"[{":
            level += 1
            if level > depth:
                line = data.count(b"\n", 0, match.start()) + 1
                raise ReadError(f"nests deeper than {depth} levels", where=f"{where}:{line}")
        elif first in b"]}":
            level -= 1


def json(data: bytes, type: type[T] | Any = Any, *, where: str, depth: int = MAX_DEPTH) -> T:  # noqa: A002
    """Decode JSON into a msgspec type. `where` names the file in errors."""
    check_json_depth(data, where=where, depth=depth)
    try:
        decoded: T = msgspec.json.decode(data, type=type)
    except msgspec.ValidationError as error:
        raise ReadError(f"is not what was expected: {error}", where=where) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ReadError(f"is not valid JSON: {error}", where=where) from None
    return decoded


def yaml(text: str, *, where: str, depth: int = MAX_DEPTH, events: int = 200_000) -> Any:
    """Decode plain YAML (no tags run, no more than `events` nodes, aliases refused)."""
    import yaml as pyyaml

    loader: Any = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)
    try:
        level = 0
        parsed: Iterator[Any] = pyyaml.parse(text, Loader=loader)
        for number, event in enumerate(parsed):
            place = f"{where}:{event.start_mark.line + 1}"
            if number > events:
                raise ReadError(f"holds more than {events} values", where=place)
            if isinstance(event, pyyaml.AliasEvent):
                raise ReadError("uses an alias (*name), which is not supported", where=place)
            if isinstance(event, (pyyaml.MappingStartEvent, pyyaml.SequenceStartEvent)):
                level += 1
                if level > depth:
                    raise ReadError(f"nests deeper than {depth} levels", where=place)
            elif isinstance(event, (pyyaml.MappingEndEvent, pyyaml.SequenceEndEvent)):
                level -= 1
        return pyyaml.load(text, Loader=_plain_loader(loader))  # noqa: S506  # built on the safe loader
    except pyyaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}:{mark.line + 1}" if mark else where
        problem = getattr(error, "problem", "") or type(error).__name__
        raise ReadError(f"is not valid YAML: {problem}", where=place) from None
    except (ValueError, RecursionError) as error:
        raise ReadError(f"is not valid YAML ({type(error).__name__})", where=where) from None


def _plain_loader(base: Any) -> Any:
    """A safe loader that keeps an application's own tags (`!secret x`, `!include x`) as text."""
    loader: Any = type("PlainLoader", (base,), {})

    def keep(_: Any, suffix: str, node: Any) -> str:
        return f"!{suffix} {node.value if isinstance(node.value, str) else ''}".rstrip()

    loader.add_multi_constructor("!", keep)
    return loader


def xml(data: bytes, *, where: str, depth: int = MAX_DEPTH, elements: int = 500_000) -> Element:
    """Parse XML without entities or external parts; the root element, whose elements are all Nodes."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    target = _Counting(where, depth, elements)
    parser = DefusedXMLParser(forbid_dtd=True, target=target)
    target.expat = parser.parser
    try:
        parser.feed(data)
        root: Element = parser.close()
    except ParseError as error:
        # The parser's text ends in the place, which stands in front here.
        problem = str(error).partition(": line ")[0]
        raise ReadError(f"is not valid XML: {problem}", where=f"{where}:{error.position[0]}") from None
    except DefusedXmlException as error:
        raise ReadError(f"uses XML entities or a DTD ({type(error).__name__})", where=where) from None
    except (LookupError, ValueError) as error:
        raise ReadError(f"is not valid XML ({type(error).__name__})", where=where) from None
    return root


class Node(Element):
    """An XML element that knows its line."""

    line = 0


class _Counting:
    """Builds the tree while it counts elements and depth, so that a bomb ends early."""

    expat: Any = None

    def __init__(self, where: str, depth: int, elements: int) -> None:
        from xml.etree.ElementTree import TreeBuilder

        self.builder = TreeBuilder(element_factory=Node)
        self.where = where
        self.depth = depth
        self.left = elements
        self.level = 0

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        self.level += 1
        self.left -= 1
        if self.level > self.depth:
            raise ReadError(f"nests deeper than {self.depth} levels", where=self.where)
        if self.left < 0:
            raise ReadError("holds too many elements", where=self.where)
        element = self.builder.start(tag, attributes)
        if isinstance(element, Node):
            element.line = self.expat.CurrentLineNumber
        return element

    def end(self, tag: str) -> Element:
        self.level -= 1
        return self.builder.end(tag)

    def data(self, text: str) -> None:
        self.builder.data(text)

    def close(self) -> Element:
        return self.builder.close()


def lines(text: str, *, limit: int = 5_000_000, longest: int = 65_536, where: str) -> Iterator[tuple[int, str]]:
    """Numbered lines of a text, bounded in number and length."""
    for number, ended in enumerate(StringIO(text), 1):
        line = ended.rstrip("\r\n")
        if number > limit:
            raise ReadError(f"holds more than {limit} lines", where=where)
        if len(line) > longest:
            raise ReadError(f"holds a line of more than {longest} characters", where=f"{where}:{number}")
        yield number, line
