"""Finds entries: by door, lock, kind, means, person and time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE, Entry


class Wanted(msgspec.Struct, frozen=True):
    """Which entries: those that fit every field that is set."""

    about: frozenset[str] = frozenset()
    """Things, as "lock:front"."""
    kinds: frozenset[str] = frozenset()
    by: frozenset[str] = frozenset()
    person: str = ""
    credentials: frozenset[tuple[str, int]] = frozenset()
    """The person's own, as ("lock:front", 3): events heard before it was known whose they are."""
    since: int | None = None
    """µs since 1970, inclusive."""
    until: int | None = None
    """µs since 1970, exclusive."""

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is wanted. One whose content was dropped only is when nothing is asked of it.

        A damaged one always is: nobody can tell what it was.
        """
        event = entry.event
        if entry.damaged:
            return True
        if event is None:
            return self == Wanted()
        return (
            (not self.about or event.about in self.about)
            and (not self.kinds or event.kind in self.kinds)
            and (not self.by or event.by in self.by)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
            and (
                not self.person
                or event.person == self.person
                or (not event.person and (event.about, event.slot) in self.credentials)
            )
        )


def every(journal: Journal, wanted: Wanted) -> Iterator[Entry]:
    """Every wanted entry, oldest first."""
    yield from filter(wanted.fits, journal.entries(_start(journal, wanted)))


def newest(journal: Journal, wanted: Wanted, most: int) -> list[Entry]:
    """The newest wanted entries, at most so many, oldest first. It reads backwards, and no further than it must."""
    found: deque[Entry] = deque()
    start, stop = _start(journal, wanted), journal.size
    while stop > start and len(found) < most:
        begin = max(start, (stop - 1) // BUNDLE * BUNDLE)
        for entry in reversed(list(journal.entries(begin, stop))):
            if wanted.fits(entry):
                found.appendleft(entry)
                if len(found) == most:
                    break
        stop = begin
    return list(found)


def follow(journal: Journal, wanted: Wanted, start: int, pause: Callable[[], bool]) -> Iterator[Entry]:
    """The wanted entries from index `start` on, those that are written meanwhile too, until `pause` says to end."""
    while True:
        size = journal.size
        yield from filter(wanted.fits, journal.entries(start, size))
        start = size
        if not pause():
            return


def _start(journal: Journal, wanted: Wanted) -> int:
    """An index before which nothing is wanted."""
    if wanted.since is None:
        return 0
    with journal.view() as view:
        return view.first_since(wanted.since)
