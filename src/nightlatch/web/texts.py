"""The words of the web app: English in the code is the key, a gettext catalogue of another language its translation."""

from __future__ import annotations

from gettext import NullTranslations
from typing import Any

_texts = NullTranslations()


def _(text: str, **values: Any) -> str:
    """A text in the reader's language, with %(name)s filled in."""
    found = _texts.gettext(text)
    return found % values if values else found


def ngettext(one: str, many: str, count: int, **values: Any) -> str:
    """The same for a number of things; %(count)s is the number."""
    return _texts.ngettext(one, many, count) % {"count": count, **values}


def gettext(text: str) -> str:
    """A text of a template's block, with nothing filled in."""
    return _texts.gettext(text)


def plural(one: str, many: str, count: int) -> str:
    """The same for a number of things."""
    return _texts.ngettext(one, many, count)


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown, and not where it stands."""
    return text
