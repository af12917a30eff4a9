"""What somebody typed into a form of several pages: carried from page to page, so that nothing is lost going back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict

from nightlatch.web.kept.once import FIELD
from nightlatch.web.signin.who import Who

Ask = Request[Who, Any, Any]
"""A request of somebody who is signed in."""
LONGEST = 500
MOST = 200
"""Values of one field that are taken, and signs of each."""

Fields = Mapping[str, Sequence[str]]


class Typed:
    """The values of a form by the names of their fields; one that is not there is empty."""

    def __init__(self, fields: Fields) -> None:
        self._fields = {
            name: tuple(one.strip()[:LONGEST] for one in values[:MOST]) for name, values in fields.items() if values
        }

    @classmethod
    def asked(cls, request: Ask) -> Typed:
        """What an address carries."""
        return cls(request.query_params.dict())

    @classmethod
    async def sent(cls, request: Ask) -> Typed:
        """What a form sent; files are left out."""
        form: FormMultiDict = await request.form()
        found: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
        return cls(found)

    def one(self, name: str, other: str = "") -> str:
        """A field's value."""
        values = self._fields.get(name, ())
        return values[0] if values and values[0] else other

    def many(self, name: str) -> tuple[str, ...]:
        """A field's values."""
        return tuple(one for one in self._fields.get(name, ()) if one)

    def having(self, **values: str | Sequence[str]) -> Typed:
        """The same with some fields filled in."""
        new = {name: [value] if isinstance(value, str) else list(value) for name, value in values.items()}
        return Typed({**self._fields, **new})

    def pairs(self, without: Iterable[str] = ()) -> list[tuple[str, str]]:
        """Names and values, as hidden fields carry them."""
        left_out = {"csrf", "pick", "step", FIELD, *without}
        return [(name, one) for name, values in self._fields.items() if name not in left_out for one in values if one]

    def query(self, **values: str) -> str:
        """The same as the end of an address."""
        return urlencode([*self.pairs(without=values), *values.items()])


class Page(msgspec.Struct, frozen=True):
    """One page of a long list."""

    number: int
    pages: int
    total: int
    first: int
    """The place of its first row, from 1; 0 where there is none."""
    last: int


def paged(total: int, number: int, size: int) -> tuple[Page, slice]:
    """Which rows a page has; a number beyond the list is its last page."""
    pages = max(1, -(-total // size))
    at = min(max(number, 1), pages)
    begin = (at - 1) * size
    end = min(begin + size, total)
    return Page(at, pages, total, begin + 1 if total else 0, end), slice(begin, end)


def number(text: str, *, least: int = 0, most: int = 1_000_000, other: int = 0) -> int:
    """A number that was typed; `other` where it is none."""
    return min(max(int(text), least), most) if text.isascii() and text.isdigit() and len(text) <= 9 else other
