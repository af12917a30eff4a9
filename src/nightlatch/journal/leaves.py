"""What an entry is: an event as canonical JSON, its personal fields sealed; and how 256 of them are packed.

Personal is what an event with a person or a slot says of them. It is sealed under the person's key, or
that of the credential as LOCK/SLOT while nobody is known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import msgspec

from nightlatch.errors import JournalError
from nightlatch.journal.seal import Sealer
from nightlatch.model.event import By, Event, Kind

LARGEST = 65_535
"""Bytes of the largest entry: its length is kept in 16 bits (C2SP tlog-tiles)."""
BUNDLE = 256
"""Entries of a full bundle, and hashes of a full tile."""
DROPPED = b""
"""An entry whose content retention took away; no event is as short."""


class _Sealed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An event with a slot or a person: `sealed` stands for person, slot, told, detail and raw."""

    at: int
    kind: Kind
    about: str
    sealed: str
    source: str = ""
    by: By = ""
    value: int | str = ""
    name: str = ""
    since: int = 0
    resync: bool = False


class _Personal(msgspec.Struct, frozen=True, gc=False, array_like=True):
    person: str
    slot: int
    told: int
    detail: str
    raw: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry of the journal, as it can be read now."""

    index: int
    event: Event | None
    """None: retention dropped its content and only the hash is left, or it is damaged."""
    erased: bool = False
    """The person it was about was erased: person, slot, told, detail and raw are gone."""
    damaged: str = ""
    """Why it cannot be read; nothing when it can."""


_encode = msgspec.json.Encoder().encode
_decode_event = msgspec.json.Decoder(Event).decode
_decode_sealed = msgspec.json.Decoder(_Sealed).decode
_decode_personal = msgspec.json.Decoder(_Personal).decode
_MARK = b'"sealed":"'
"""Inside a JSON text its first quote would be escaped: only the field itself reads so."""


def encode(events: Iterable[Event], sealer: Sealer) -> list[bytes]:
    """The entries of events. Longer text than fits is cut, and its detail says so."""
    leaves = []
    for event in events:
        try:
            leaf = _encode(event) if not event.slot and not event.person else _seal(event, sealer)
        except UnicodeEncodeError:
            leaf = _fitting(msgspec.structs.replace(event, **_encodable(event)), sealer)
        leaves.append(leaf if len(leaf) <= LARGEST else _fitting(event, sealer))
    return leaves


def _fitting(event: Event, sealer: Sealer) -> bytes:
    for most in (len(event.raw), 20_000, 5_000):
        short = event if most == len(event.raw) else _cut(event, most)
        leaf = _seal(short, sealer) if short.slot or short.person else _encode(short)
        if len(leaf) <= LARGEST:
            break
    return leaf


def _seal(event: Event, sealer: Sealer) -> bytes:
    person, slot, about = event.person, event.slot, event.about
    personal = _encode(_Personal(person, slot, event.told, event.detail, event.raw))
    sealed = sealer.seal(person or f"{about.partition(':')[2]}/{slot}", personal)
    return _encode(
        _Sealed(
            event.at,
            event.kind,
            about,
            sealed,
            event.source,
            event.by,
            event.value,
            event.name,
            event.since,
            event.resync,
        )
    )


def _encodable(event: Event) -> dict[str, str]:
    """Its texts without lone surrogates, which no UTF-8 can hold."""
    texts = {name: value for name, value in msgspec.structs.asdict(event).items() if isinstance(value, str)}
    return {name: text.encode(errors="replace").decode() for name, text in texts.items()}


def _cut(event: Event, most: int) -> Event:
    """The event with a raw text of at most this many characters, and every other text short."""
    texts = {name: value for name, value in msgspec.structs.asdict(event).items() if isinstance(value, str)}
    short = {name: text[:200] for name, text in texts.items()}
    raw, detail = event.raw[:most], event.detail[: most // 10]
    detail = f"{detail} (cut: {len(event.raw)} characters of raw, {len(event.detail)} of detail)".lstrip()
    return msgspec.structs.replace(event, **{**short, "raw": raw, "detail": detail})


def decode(index: int, leaf: bytes, sealer: Sealer) -> Entry:
    """The entry that was written there; JournalError names it when it cannot be read."""
    if leaf == DROPPED:
        return Entry(index, None)
    try:
        if _MARK not in leaf:
            return Entry(index, _decode_event(leaf))
        found = _decode_sealed(leaf)
        plain = sealer.open(found.sealed)
        personal = _Personal("", 0, 0, "", "") if plain is None else _decode_personal(plain)
    except (msgspec.MsgspecError, UnicodeDecodeError, JournalError) as error:
        raise JournalError(
            f"cannot be read ({getattr(error, 'what', error)})",
            where=f"entry {index}",
            todo="Run: nightlatch journal verify",
        ) from None
    event = Event(
        found.at,
        found.kind,
        found.about,
        found.source,
        found.by,
        personal.slot,
        personal.person,
        found.value,
        found.name,
        found.since,
        personal.told,
        found.resync,
        personal.detail,
        personal.raw,
    )
    return Entry(index, event, plain is None)


def pack(leaves: Iterable[bytes]) -> bytes:
    """Entries as C2SP tlog-tiles bundles them: each after its length in 2 bytes, big-endian."""
    return b"".join([part for leaf in leaves for part in (len(leaf).to_bytes(2, "big"), leaf)])


def unpack(data: bytes) -> list[bytes]:
    """The entries of a bundle; ValueError when its lengths do not add up."""
    leaves, place, end = [], 0, len(data)
    length = struct.Struct(">H").unpack_from
    try:
        while place < end:
            (long,) = length(data, place)
            place += 2 + long
            leaves.append(data[place - long : place])
    except struct.error:
        place = end + 1
    if place != end:
        raise ValueError("the lengths of its entries do not add up")
    return leaves


def split(hashes: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [hashes[place : place + 32] for place in range(0, len(hashes), 32)]
