"""What a reading of a calendar changes of the stays that were granted by it. docs/decisions/0014."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nightlatch.access.feeds.reading import Booking, Reading
from nightlatch.access.schedules.wall import DAY

LATELY = DAY
"""So long after its stay a guest stays listed, and their stay can still be made longer."""


class Known(msgspec.Struct, frozen=True):
    """A stay that was granted: its booking as it was, and whether its grant was ended since."""

    booking: Booking
    grant: str
    ended: bool = False


class Renewal(msgspec.Struct, frozen=True):
    """What is to be done. Each known stay is in at most one of them."""

    new: tuple[Booking, ...] = ()
    moved: tuple[tuple[Known, Booking], ...] = ()
    """Other times, or another key, of a stay that was granted."""
    cancelled: tuple[Known, ...] = ()
    missing: frozenset[str] = frozenset()
    """Keys of stays to come that were not in this reading: cancelled when the next one says so too."""
    kept: tuple[str, ...] = ()
    """Why missing stays stay granted, in words."""


def renewed(known: Sequence[Known], reading: Reading, missing: frozenset[str], now: int) -> Renewal:
    """What a good reading changes. `missing` are the keys that the last good reading did not have.

    Nothing at all comes of a reading without entries. A stay that is missing is cancelled only before
    the day of its begin, when the calendar is alive, and after two readings in a row without it.
    """
    open_ = {one.booking.key: one for one in known if not one.ended and one.booking.ends + LATELY > now}
    live = {key: one for key, one in open_.items() if one.booking.ends > now}
    # It may have been read a while ago, and not have changed since.
    told = {one.key: one for one in reading.bookings if one.ends > now}
    if not reading.entries:
        kept = (f"it is empty, and {len(live)} stays that it had are kept",) if live else ()
        return Renewal(missing=missing & live.keys(), kept=kept)
    granted = {one.booking.key for one in known}
    new = [one for one in told.values() if one.key not in granted]
    moved = [(one, told[key]) for key, one in open_.items() if key in told and _times(one.booking) != _times(told[key])]
    gone = {key: one for key, one in live.items() if key not in told}
    rekeyed = _same_times(gone, new)
    for key, one in rekeyed:
        gone.pop(key)
        new.remove(one)
        moved.append((live[key], one))
    given_up = reading.given_up | {one.key for one in reading.bookings if one.ends <= now}
    said = [one for key, one in gone.items() if key in given_up]
    unsaid = {key: one for key, one in gone.items() if key not in given_up}
    cancelled, kept_words = _cancelled(unsaid, live, told, missing, now)
    return Renewal(
        tuple(new),
        tuple(moved),
        (*said, *cancelled),
        frozenset(unsaid) - {one.booking.key for one in cancelled},
        kept_words,
    )


def _cancelled(
    gone: Mapping[str, Known], live: Mapping[str, Known], told: Mapping[str, Booking], missing: frozenset[str], now: int
) -> tuple[list[Known], tuple[str, ...]]:
    # From a day before its begin a stay may be left out because it is no longer in the future.
    to_come = {key: one for key, one in gone.items() if one.booking.begins > now + DAY}
    if not to_come:
        return [], ()
    others = any(key in told and one.booking.ends > now for key, one in live.items())
    if not others and len(to_come) > 1:
        return [], (f"all {len(to_come)} stays to come are missing from it, and are kept",)
    return [one for key, one in to_come.items() if key in missing], ()


def _same_times(gone: Mapping[str, Known], new: Sequence[Booking]) -> list[tuple[str, Booking]]:
    """Stays whose entry has another UID by now: some calendars make new ones at each reading."""
    found = []
    rest = list(new)
    for key, one in gone.items():
        same = next((booking for booking in rest if _times(booking) == _times(one.booking)), None)
        if same is not None:
            rest.remove(same)
            found.append((key, same))
    return found


def _times(booking: Booking) -> tuple[int, int]:
    return booking.begins, booking.ends
