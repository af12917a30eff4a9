"""How the ledger stood at a past instant: its lines of today, taken back by what the journal tells since.

It reads the journal from that instant on, and further back only as far as it must to find what the
lines that changed since were before: the cost grows with the time and the changes, not the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nightlatch.access import ledger
from nightlatch.access.who import Line
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE
from nightlatch.journal.leaves import Entry as Told
from nightlatch.journal.selecting import Wanted, every
from nightlatch.model.access import LEDGER_STATES, OPENS, Entry
from nightlatch.model.event import Event

KEPT = "kept"


def at(journal: Journal, lines: Iterable[Entry], instant: int, locks: frozenset[str]) -> Iterator[Line]:
    """The lines of some locks as they stood at an instant, µs since 1970, in which their codes may have been there."""
    since: dict[ledger.Key, Event] = {}
    """The first change of each line since then."""
    for told in every(journal, Wanted(about=locks, kinds=frozenset(("ledger",)), since=instant + 1)):
        if told.event is not None:
            since.setdefault(key(told.event), told.event)
    for entry in lines:
        if entry.lock in locks and entry.state in OPENS and ledger.key(entry) not in since:
            yield Line(entry)
    sought = {key for key, event in since.items() if not fresh(event)}
    yield from before(journal, instant, sought)


def before(journal: Journal, instant: int, sought: set[ledger.Key]) -> Iterator[Line]:
    """The newest line of each key that was told by `instant`, read backwards; `sought` is used up."""
    with journal.view() as view:
        stop = min(view.first_since(instant + 1) + BUNDLE, journal.size)
    while stop > 0 and sought:
        begin = (stop - 1) // BUNDLE * BUNDLE
        for told in reversed(list(journal.entries(begin, stop))):
            event = told.event
            if event is None or event.kind != "ledger" or event.at > instant or (one := key(event)) not in sought:
                continue
            sought.discard(one)
            if (found := line(told)) is not None:
                yield found
        stop = begin


def fresh(event: Event) -> bool:
    """Whether its code was not on the lock before: only what is planned is set, and of a new line nothing was read."""
    return event.value == "setting" or (event.value == "planned" and not event.since)


def key(event: Event) -> ledger.Key:
    """The line that a `ledger` event is about."""
    return event.about, event.name, 0 if event.name else event.slot


def line(told: Told) -> Line | None:
    """The line that a `ledger` event of the journal tells; None where its code was not on the lock any more."""
    event = told.event
    if event is None or (event.value not in OPENS and event.value != KEPT):
        return None
    state = "foreign" if event.value == KEPT else event.value
    assert state in LEDGER_STATES  # noqa: S101  # as looked at above
    entry = Entry(
        event.about,
        event.name,
        slot=event.slot,
        state=state,
        since=event.at,
        seen=event.since,
        person=event.person,
        kept=event.value == KEPT,
    )
    return Line(entry, event.detail or "its evidence was erased", told.erased)
