"""What listening remembers across a restart: how every lock stood, and until when each hub was heard."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from nightlatch.errors import StoreError
from nightlatch.guard import standing as _standing
from nightlatch.guard.resolving import Resolver
from nightlatch.guard.standing import Standing
from nightlatch.model.event import Event


class Remembered(msgspec.Struct, frozen=True):
    """`heard`: by ecosystem, when the last connection was lost or last known to be up, µs since 1970."""

    heard: dict[str, int] = {}
    standings: list[Standing] = []
    tls: dict[str, bool | None] = {}
    """By ecosystem: whether its peer was last reached over TLS."""


def recall(snapshot: bytes, since: Iterable[Event], resolver: Resolver) -> Remembered:
    """A snapshot (nothing: b""), brought up to date by the journal's events since it was made.

    StoreError when the snapshot is damaged.
    """
    try:
        remembered = msgspec.json.decode(snapshot, type=Remembered) if snapshot else Remembered()
    except msgspec.MsgspecError:
        raise StoreError("what was remembered of the locks is damaged; the journal is heard anew") from None
    heard = dict(remembered.heard)
    standings = {one.about: msgspec.structs.replace(one, connected=False) for one in remembered.standings}
    commanded: dict[tuple[str, str], int | str] = {}
    for event in since:
        about = event.about
        if event.kind == "command":
            commanded[about, event.name] = event.value
        elif event.kind == "outcome":
            value = commanded.pop((about, event.name), "")
            standings[about] = _standing.ended(standings.get(about) or Standing(about), event, value)
        elif event.source:
            for lock in (about,) if about.startswith("lock:") else resolver.locks_at(about):
                told = msgspec.structs.replace(event, about=lock)
                standings[lock] = _standing.after(standings.get(lock) or Standing(lock), told)
        if event.source and event.kind != "disconnected":
            heard[event.source] = max(heard.get(event.source, 0), event.at)
    return Remembered(heard, list(standings.values()), remembered.tls)
