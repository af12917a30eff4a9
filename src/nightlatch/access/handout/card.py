"""What stands on a card: the home's name and never its address, whose it is, and for each code its doors and times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

import msgspec
import segno

from nightlatch.access.lengths import fitting
from nightlatch.access.register import Register, live
from nightlatch.access.schedules import preview, words
from nightlatch.errors import UsageError
from nightlatch.model.access import Credential, Grant, Recurring
from nightlatch.secrets import Secret

TIMES = 5
"""How many of the next times stand for a rule that no line says well."""


class Way(msgspec.Struct, frozen=True):
    """One door and when the code opens it."""

    door: str
    times: tuple[str, ...]


class Key(msgspec.Struct, frozen=True):
    """One code and what it opens."""

    code: Secret
    ways: tuple[Way, ...]


class Card(msgspec.Struct, frozen=True):
    """A card for one person."""

    home: str
    name: str
    keys: tuple[Key, ...]

    def text(self) -> str:
        """The card as plain text: what the QR code holds, so that a phone shows it without a network or an app."""
        lines = [self.home, f"For {self.name}"]
        for key in self.keys:
            lines.append(f"Code {key.code.reveal()}")
            lines.extend(f"{way.door}: {'; '.join(way.times)}" for way in key.ways)
        return "\n".join(lines)

    def qr(self) -> segno.QRCode:
        """The text as a QR code (ISO/IEC 18004). UsageError when it is too much for one that phones read off paper."""
        try:
            return segno.make_qr(self.text(), error="m", encoding="utf-8", boost_error=False)
        except segno.DataOverflowError:
            raise UsageError(
                "this is too much for one card", todo="Make a card of one grant: nightlatch code card GRANT"
            ) from None


def card(
    register: Register, person: str, pins: Sequence[tuple[Credential, Secret]], now: int, *, grant: str = ""
) -> Card:
    """The card of somebody's live grants, or of one of them. UsageError when it would open nothing."""
    found = register.person(person)
    grants = [register.grant(grant)] if grant else register.granted(person, now)
    grants = [one for one in grants if live(one, now)]
    codes = [code for code, _ in pins]
    every = [Key(pin, _ways(register, code, codes, grants, now)) for code, pin in pins]
    keys = tuple(key for key in every if key.ways)
    if not keys:
        raise UsageError(f"no code of {found.name} opens anything", todo=f"See: nightlatch people show {person}")
    return Card(register.home, found.name, keys)


def _ways(
    register: Register, code: Credential, codes: Sequence[Credential], grants: Iterable[Grant], now: int
) -> tuple[Way, ...]:
    """The doors behind whose locks a code is: of several only one is on a lock."""
    times: dict[str, list[str]] = {}
    for one in grants:
        for lock in register.locks_of(one.doors):
            if fitting(codes, register.digits(lock)) == code:
                door = register.name(register.locks[lock] or lock)
                times.setdefault(door, []).extend(_times(one, register.zone, now))
    order = {name: place for place, name in enumerate(register.names.values())}
    ways = sorted(times, key=lambda door: order.get(door, len(order)))
    return tuple(Way(door, tuple(dict.fromkeys(times[door]))) for door in ways)


def _times(grant: Grant, zone: tzinfo, now: int) -> tuple[str, ...]:
    if isinstance(grant.schedule, Recurring):
        return preview(grant, zone, now, TIMES)
    return (words(msgspec.structs.replace(grant, used=0), zone),)
