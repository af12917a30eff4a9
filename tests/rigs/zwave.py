"""What tests change on the Z-Wave rig's locks, put back afterwards; and how to look for a PIN."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rigs.zwave.rig import ZwaveRig

SCHLAGE, YALE, KWIKSET, UNSECURED = 2, 3, 4, 5
DEFAULT_OF_KWIKSET = "1234"
OTHER_PIN = "580391"


def holds(text: str, pin: str) -> bool:
    """A text holds a PIN; a longer number or a digest in which its digits happen to occur does not count.

    Four digits happen to occur in digests as base64, too.
    """
    word = "0-9a-f" if len(pin) > 4 else "0-9A-Za-z"
    return re.search(rf"(?<![{word}]){pin}(?![{word}])", text) is not None


@contextmanager
def planted(rig: ZwaveRig, node: int, slot: int, code: str) -> Iterator[None]:
    rig.do("plant", node=node, slot=slot, code=code)
    try:
        yield
    finally:
        rig.do("plant", node=node, slot=slot, code=None)


@contextmanager
def set_at_the_lock(rig: ZwaveRig, node: int, parameter: int, value: int) -> Iterator[None]:
    rig.do("parameter", node=node, parameter=parameter, value=value)
    try:
        yield
    finally:
        rig.do("parameter", node=node, parameter=parameter, value=None)
