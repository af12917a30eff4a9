"""What a detection would have told with other thresholds: its own run over the journal's last days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from nightlatch.guard.detections.interface import DAY, Noticed
from nightlatch.guard.detections.registry import configured
from nightlatch.guard.replay import compare, replay
from nightlatch.model.event import Event
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House

MOST_EVENTS = 50_000
"""Entries that one replay reads: some seconds of a small machine."""
HISTORY = 14
"""Days before the days that are asked for, so that what judges by a history has one."""
MOST_SHOWN = 50


class Replay(msgspec.Struct, frozen=True):
    """What would have been told as it is set now, and as it might be."""

    days: int
    events: int
    """How many entries of these days it was judged by."""
    cut: bool
    """Whether the days held more entries than one replay reads: then the oldest were left out."""
    now: int
    """Notices as it is set."""
    then: int
    """Notices with the other thresholds."""
    added: tuple[Noticed, ...]
    gone: tuple[Noticed, ...]


def replayed(house: House, id_: str, values: Mapping[str, float], days: int) -> Replay:
    """Run one detection over the last days, as it is and with other thresholds. Nobody is told anything."""
    found = next((one for one in configured(house.configuration) if one[0].id == id_), None)
    if found is None:
        raise NotFound
    kind, present = found
    changed = msgspec.convert({**msgspec.structs.asdict(present), **values, "on": True}, type(present))
    until = house.now()
    since = until - days * DAY
    journal = house.journal
    with journal.view() as view:
        wanted, size = view.first_since(since - HISTORY * DAY), view.size
    start = max(wanted, size - MOST_EVENTS)

    def events() -> Iterator[Event]:
        for entry in journal.entries(start, size):
            if entry.event is not None:
                yield entry.event

    as_is = msgspec.structs.replace(present, on=True)
    one, other = replay(
        events(), house.service.household, [[(kind, as_is)], [(kind, changed)]], since=since, until=until
    )
    before, after = (tuple(told for told in side.noticed if not told.over) for side in (one, other))
    added, gone = compare(before, after)
    return Replay(
        days, one.events, start > wanted, len(before), len(after), tuple(added[-MOST_SHOWN:]), tuple(gone[-MOST_SHOWN:])
    )
