"""What an alert or a notice says of people: kept only under their key, so that erasing them erases it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

import msgspec

from nightlatch.errors import JournalError
from nightlatch.guard.detections.interface import Noticed
from nightlatch.model.event import By, Event, Kind

log = logging.getLogger(__name__)


class Sealer(Protocol):
    """Seals bytes under a person's key; opens them while the key exists. The journal has one."""

    def seal(self, person: str, data: bytes) -> str:
        """Text that only `open` turns back."""

    def open(self, text: str) -> bytes | None:
        """What was sealed; None once the person was erased."""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands in a row's `data`: of an alert its words and key, of a notice what happened."""

    what: str = ""
    key: str = ""
    person: str = ""
    kind: Kind | None = None
    about: str = ""
    by: By = ""
    resync: bool = False
    since: int = 0


ERASED = Said()
"""What is left to say of somebody who was erased."""


def of_noticed(noticed: Noticed) -> Said:
    """What an alert keeps of a notice."""
    return Said(noticed.what, noticed.key, noticed.person)


def of_event(event: Event, person: str) -> Said:
    """What a notice keeps of an event: neither slot nor raw message."""
    return Said("", "", person, event.kind, event.about, event.by, event.resync, event.since)


def put(said: Said, sealer: Sealer) -> tuple[bool, str]:
    """(sealed, data) of a row: in the clear only where it is about nobody."""
    data = msgspec.json.encode(said)
    return (True, sealer.seal(said.person, data)) if said.person else (False, data.decode())


def take(sealed: bool, data: str, opened_by: Callable[[str], bytes | None]) -> Said:
    """What a row says, opened by a sealer's `open`; ERASED once its person is.

    Where it was damaged, the words are lost and the alert is not: it still tells what was detected, and where.
    """
    try:
        opened = opened_by(data) if sealed else data.encode()
        return ERASED if opened is None else msgspec.json.decode(opened, type=Said)
    except (JournalError, msgspec.MsgspecError) as error:
        log.error("the words of an alert cannot be read (%s)", type(error).__name__)
        return Said()
