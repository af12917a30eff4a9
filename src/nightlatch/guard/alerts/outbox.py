"""What is still to be said: per channel in order, tried until it is delivered, held while hours are quiet.

A line is marked as delivered only when the channel said so. Should Nightlatch end between the two,
the message goes out once more: a repeated message is better than a lost one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from nightlatch.guard.alerts.render import Message, Point, digest, message
from nightlatch.guard.alerts.rules import SECOND, Rules
from nightlatch.guard.alerts.sealed import ERASED, Said, Sealer, take
from nightlatch.guard.household import Household
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.store.alerts import AlertBook, AlertRecords, AlertRow, Fare, Line

FIRST_RETRY = 5 * SECOND
LAST_RETRY = 300 * SECOND
MOST_LINES = 500
"""How many lines one message stands for at most."""


class Batch(msgspec.Struct, frozen=True):
    """Lines that go out as one message."""

    channel: str
    lines: tuple[int, ...]
    message: Message


class Span(msgspec.Struct, frozen=True):
    """What a digest covers, [begin, end)."""

    begin: int
    end: int


class Outbox:
    """The queues of all channels. `jitter` gives numbers in [0, 1)."""

    def __init__(self, records: AlertRecords, rules: Rules, sealer: Sealer, jitter: Callable[[], float]) -> None:
        self._records = records
        self._rules = rules
        self._sealer = sealer
        self._jitter = jitter
        with records.read() as book:
            self._tried = dict.fromkeys(rules.channels, book.newest_line())
            """By channel: the newest line that it was tried with. What waited at the start had its turn before."""

    def wait(self, channel: str, now: int, household: Household) -> int | None:
        """In how many µs the channel's next message goes out; None while there is none.

        What is critical waits for no retry before it was tried itself. Times that a clock put far ahead or behind
        are not waited for.
        """
        with self._records.read() as book:
            quiet = self._rules.is_quiet(now, household.zone)
            lines = book.waiting(channel, patient=not quiet, limit=MOST_LINES)
            if not lines:
                return self._rules.quiet_ends(now, household.zone) - now if quiet and book.backlog(channel) else None
            again = book.fare(channel).next - now
        if 0 < again <= LAST_RETRY and not any(line.urgent and line.id > self._tried[channel] for line in lines):
            return again
        age = now - lines[0].at
        if any(line.urgent for line in lines) or not 0 <= age < self._rules.group:
            return 0
        return self._rules.group - age

    def batch(self, channel: str, now: int, household: Household) -> Batch | None:
        """The channel's next message, made now from what is true now; None when there is nothing to say."""
        with self._records.read() as book:
            patient = not self._rules.is_quiet(now, household.zone)
            lines = book.waiting(channel, patient=patient, limit=MOST_LINES)
            self._tried[channel] = max((line.id for line in lines), default=0)
            if lines and lines[0].form == "digest":
                return Batch(channel, (lines[0].id,), self._digest(book, lines[0], household))
            together = lines[: next((at for at, line in enumerate(lines) if line.form == "digest"), len(lines))]
            points = self._points(book, together)
        if not together:
            return None
        return Batch(channel, tuple(line.id for line in together), message(points, household))

    def delivered(self, batch: Batch, now: int) -> Event | None:
        """Mark a batch as delivered; the event to tell when its channel had failed."""
        with self._records.begin() as book:
            book.deliver(batch.lines, now)
            fare = book.fare(batch.channel)
            if fare.failures:
                book.set_fare(Fare(batch.channel))
        if not fare.told:
            return None
        return Event(now, "delivery", "home", name=batch.channel, value="delivered", since=fare.since)

    def failed(self, channel: str, reason: str, now: int) -> Event | None:
        """Note a failure and when to try again; the event to tell unless the journal knows that the channel fails."""
        with self._records.begin() as book:
            fare = book.fare(channel)
            since = fare.since if fare.failures and fare.since <= now else now
            delay = min(FIRST_RETRY << min(fare.failures, 20), LAST_RETRY)
            delay = delay // 2 + int(delay * self._jitter() / 2)
            book.set_fare(Fare(channel, fare.failures + 1, since, now + delay, fare.told, reason))
        if fare.told:
            return None
        return Event(now, "delivery", "home", name=channel, value="failed", since=since, detail=reason)

    def told(self, channel: str) -> None:
        """Keep that the journal knows that a channel fails."""
        with self._records.begin() as book:
            book.set_fare(msgspec.structs.replace(book.fare(channel), told=True))

    def _points(self, book: AlertBook, lines: Sequence[Line]) -> list[Point]:
        """What the lines say: an alert once, as it stands now, in the place of its first line."""
        points: list[Point] = []
        places: dict[int, int] = {}
        for line in lines:
            if not line.alert:
                points.append(Point(line.form, line.at, take(line.sealed, line.data, self._sealer.open)))
                continue
            if line.alert in places:
                if line.form == "escalated":
                    place = places[line.alert]
                    points[place] = msgspec.structs.replace(points[place], form="escalated")
                continue
            row = book.alert(line.alert)
            if row is None:  # it went with its person
                points.append(Point(line.form, line.at, ERASED))
                continue
            places[line.alert] = len(points)
            severity = row.severity if row.live else Severity.LOW
            points.append(Point(line.form, line.at, self._said(row), row, severity))
        return points

    def _digest(self, book: AlertBook, line: Line, household: Household) -> Message:
        span = msgspec.json.decode(line.data, type=Span)
        live: list[tuple[AlertRow, Said]] = [(row, self._said(row)) for row in book.live()]
        dead = [channel for channel in self._rules.channels if book.fare(channel).failing(span.end)]
        return digest(book.between(span.begin, span.end), live, dead, household)

    def _said(self, row: AlertRow) -> Said:
        return take(row.sealed, row.data, self._sealer.open)
