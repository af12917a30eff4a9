"""Text from outside, made safe to print: a lock's name must not move the cursor or turn the line around.

Every claim, identity and gap passes here before it is merged, so that whatever follows, a terminal, a
log or a page, never sees a control character.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nightlatch.model.evidence import Claim, Item, Ref, Same

# C0 and C1 controls, and the marks that reorder text (Unicode bidirectional controls, UAX #9).
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
LONGEST = 2000
"""Characters of one text that are kept."""


def printable(text: str) -> str:
    r"""The text with every unprintable character written as \xNN or \uNNNN, and cut when it is endless."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + " …"
    return _UNPRINTABLE.sub(_escape, text) if _UNPRINTABLE.search(text) else text


def clean(item: Item) -> Item:
    """An item whose every text can be printed."""
    if isinstance(item, Claim):
        return msgspec.structs.replace(
            item, about=_ref(item.about), value=_value(item.value), where=printable(item.where)
        )
    if isinstance(item, Same):
        return Same(_ref(item.about), printable(item.key), item.source)
    return msgspec.structs.replace(
        item,
        about=None if item.about is None else _ref(item.about),
        reason=printable(item.reason),
        settle=printable(item.settle),
    )


def _ref(ref: Ref) -> Ref:
    key = printable(ref.key)
    return ref if key == ref.key else Ref(ref.kind, key)


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Ref):
        return _ref(value)
    if isinstance(value, tuple):
        return tuple(map(_value, value))
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: _value(getattr(value, name)) for name in value.__struct_fields__})
    return value


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in "\t\n\r":
        return " "
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
