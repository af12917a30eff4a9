"""Takes in what was noticed: opens alerts, counts what repeats, closes what is over, escalates what nobody sees to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import msgspec

from nightlatch.guard.alerts.outbox import Span
from nightlatch.guard.alerts.rules import SECOND, Channel, Notice, Rules, door_of
from nightlatch.guard.alerts.sealed import ERASED, Sealer, of_event, of_noticed, put, take
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.household import Household
from nightlatch.model.event import Event
from nightlatch.model.finding import SEVERITY_WEIGHT, Severity
from nightlatch.store.alerts import AlertBook, AlertRecords, AlertRow, Form, Line

DAY = 86_400 * SECOND
KEPT = 90 * DAY
"""For how long what is over is kept."""
LATEST_DIGEST = 20 * 3600 * SECOND
"""A digest that is later than this is left out: the next one is near."""

Key = tuple[str, str, str]


class Desk:
    """All that happens to alerts but their sending. Instants are µs since 1970; nothing here reads a clock."""

    def __init__(self, records: AlertRecords, rules: Rules, household: Household, sealer: Sealer, now: int) -> None:
        self.household = household
        self._records = records
        self._rules = rules
        self._sealer = sealer
        self._open: dict[Key, int] = {}
        self._notices: dict[str, list[Notice]] = {}
        for notice in rules.notices:
            for kind in notice.kinds:
                self._notices.setdefault(kind, []).append(notice)
        with records.begin() as book:
            self.size = book.mark("size")
            """How many of the journal's entries were looked at for notices: `event` takes those from here on."""
            self._kept_size = self.size
            for row in book.live():
                said = take(row.sealed, row.data, sealer.open)
                if said is ERASED:
                    # Nothing is left that could end it.
                    book.replace(msgspec.structs.replace(row, state="closed", ended=now))
                else:
                    self._open[row.detection, row.about, said.key] = row.id

    def take(self, noticed: Sequence[Noticed], now: int) -> list[Event]:
        """Take in what detections noticed, all or nothing; what happened to alerts, for the journal.

        What was taken in before (a restart replays events) changes nothing. StoreError when it
        cannot be kept: then nothing was taken in.
        """
        changed: list[Event] = []
        keys = dict(self._open)
        with self._records.begin() as book:
            given: dict[bytes, Noticed] = {}
            for one in noticed:
                given.setdefault(_identity(one), one)
            new = book.first_times(list(given))
            for identity, one in given.items():
                if identity in new:
                    changed += self._end(book, keys, one, now) if one.over else self._raise(book, keys, one, now)
        self._open = keys
        return changed

    def wants(self, event: Event) -> bool:
        """Whether somebody may want to be told of an event."""
        return event.kind in self._notices

    def event(self, index: int, event: Event, now: int) -> bool:
        """Queue what is to be told of an event, the journal's entry `index`; whether there was anything.

        What happened more than a day ago is told to nobody. StoreError when it cannot be kept: then
        it was not looked at.
        """
        if index < self.size:
            return False
        wanted = self._notices.get(event.kind)
        told = wanted is not None and now - event.at <= DAY and self._notify(index, event, wanted)
        self.size = index + 1
        return told

    def due(self, now: int) -> list[Event]:
        """Do what has come due: stages of escalations, the digest, keeping up to where events were looked at."""
        changed: list[Event] = []
        with self._records.begin() as book:
            for row in book.escalating(now):
                changed += self._escalate(book, row, now)
            self._digest(book, now)
            if not 0 <= now - book.mark("pruned") < DAY:
                book.prune(now - KEPT)
                book.set_mark("pruned", now)
            if self.size != self._kept_size:
                book.set_mark("size", self.size)
        self._kept_size = self.size
        return changed

    def next_due(self) -> int | None:
        """When the next stage of an escalation is due."""
        with self._records.read() as book:
            return book.next_escalation()

    def stepped(self, by: int) -> None:
        """The clock was set by so many µs: what waits for a time waits no longer and no shorter than it should."""
        with self._records.begin() as book:
            book.shift_escalations(by)

    def open(self) -> list[AlertRow]:
        """The alerts that are open or acknowledged."""
        with self._records.read() as book:
            return book.live()

    def _raise(self, book: AlertBook, keys: dict[Key, int], one: Noticed, now: int) -> list[Event]:
        key = (one.detection, one.about, one.key)
        said = of_noticed(one)
        sealed, data = put(said, self._sealer)
        row = book.alert(keys[key]) if key in keys else None
        if row is None or not row.live:
            row = AlertRow(
                detection=one.detection,
                about=one.about,
                severity=one.severity,
                first=one.at,
                last=one.at,
                told=now,
                told_severity=one.severity,
                escalate=self._first_stage(one.severity, now),
                sealed=sealed,
                data=data,
            )
            row = msgspec.structs.replace(row, id=book.add(row))
            keys[key] = row.id
            self._tell(book, row, "raised", self._first(row, one.person), now)
            return [_changed(row, "raised", one, now)]
        worse = SEVERITY_WEIGHT[one.severity] > SEVERITY_WEIGHT[row.told_severity]
        # Told again for as long as it goes on; once somebody sees to it, only when it had been quiet in between.
        # A time that a clock set back left ahead counts as long ago.
        since = now - row.told if row.state == "open" else one.at - row.last
        again = not 0 <= since < self._rules.again
        row = msgspec.structs.replace(
            row,
            last=one.at,
            count=row.count + 1,
            severity=max(one.severity, row.severity, key=SEVERITY_WEIGHT.__getitem__),
            sealed=sealed,
            data=data,
        )
        if worse or (row.state == "acknowledged" and again):
            row = msgspec.structs.replace(
                row, state="open", acknowledged=0, stage=0, escalate=self._first_stage(row.severity, now)
            )
        if worse or again:
            row = msgspec.structs.replace(row, told=now, told_severity=row.severity)
        book.replace(row)
        if not worse and not again:
            return []
        self._tell(book, row, "worse" if worse else "again", self._first(row, one.person), now)
        return [_changed(row, "worse" if worse else "again", one, now)]

    def _end(self, book: AlertBook, keys: dict[Key, int], one: Noticed, now: int) -> list[Event]:
        found = keys.pop((one.detection, one.about, one.key), None)
        row = book.alert(found) if found is not None else None
        if row is None or not row.live:
            return []
        row = msgspec.structs.replace(row, state="over", ended=one.at, escalate=0)
        book.replace(row)
        told = dict.fromkeys(line.channel for line in book.lines_of(row.id))
        self._tell(book, row, "over", [self._rules.channels[id_] for id_ in told if id_ in self._rules.channels], now)
        return [_changed(row, "over", one, now)]

    def _escalate(self, book: AlertBook, row: AlertRow, now: int) -> list[Event]:
        stages = self._rules.stages[row.stage :]
        next_at = now + stages[1].after - stages[0].after if len(stages) > 1 else 0
        book.replace(msgspec.structs.replace(row, stage=row.stage + 1, escalate=next_at))
        if not stages or SEVERITY_WEIGHT[row.severity] < SEVERITY_WEIGHT[stages[0].severity]:
            return []
        said = take(row.sealed, row.data, self._sealer.open)
        further = [self._rules.channels[channel] for channel in stages[0].channels]
        self._tell(book, row, "escalated", self._taking(further, row, said.person), now)
        return [Event(now, "alert", row.about, name=row.detection, value="escalated", person=said.person)]

    def _first_stage(self, severity: Severity, now: int) -> int:
        """When an alert is escalated for the first time: counted from when people are told of it."""
        if not self._rules.stages:
            return 0
        patient = all(channel.quiet for channel in self._rules.channels.values() if not channel.kept)
        if patient and severity is not Severity.CRITICAL:
            now = self._rules.quiet_ends(now, self.household.zone)
        return now + self._rules.stages[0].after

    def _notify(self, index: int, event: Event, wanted: Sequence[Notice]) -> bool:
        person = self.household.person(event)
        door = door_of(self.household, event.about)
        to: dict[str, bool] = {}
        for notice in wanted:
            if (notice.people and person not in notice.people) or (notice.doors and door not in notice.doors):
                continue
            for channel in notice.channels:
                to[channel] = to.get(channel, True) and notice.quiet
        if not to:
            return False
        sealed, data = put(of_event(event, person), self._sealer)
        with self._records.begin() as book:
            for channel, quiet in to.items():
                patient = quiet and self._rules.channels[channel].quiet
                book.say(
                    Line(
                        channel=channel,
                        form="notice",
                        at=event.at,
                        patient=patient,
                        urgent=False,
                        sealed=sealed,
                        data=data,
                    )
                )
            book.set_mark("size", index + 1)
        self._kept_size = index + 1
        return True

    def _digest(self, book: AlertBook, now: int) -> None:
        digest = self._rules.digest
        if digest is None:
            return
        day, late = digest.last(now, self.household.zone)
        days = book.digest_days()
        if day.isoformat() in days:
            return
        book.add_digest_day(day.isoformat())
        # The first one has nothing to look back on, and what is most of a day late comes with the next.
        if days and late < LATEST_DIGEST:
            span = Span(book.mark("digest") or now - DAY, now)
            for channel in digest.channels:
                text = msgspec.json.encode(span).decode()
                patient = self._rules.channels[channel].quiet
                book.say(Line(channel=channel, form="digest", at=now, patient=patient, urgent=False, data=text))
        book.set_mark("digest", now)

    def _first(self, row: AlertRow, person: str) -> list[Channel]:
        return self._taking((one for one in self._rules.channels.values() if not one.kept), row, person)

    def _taking(self, channels: Iterable[Channel], row: AlertRow, person: str) -> list[Channel]:
        door = door_of(self.household, row.about)
        return [one for one in channels if one.takes(row.detection, row.severity, door, person)]

    def _tell(self, book: AlertBook, row: AlertRow, form: Form, channels: Iterable[Channel], now: int) -> None:
        urgent = row.severity is Severity.CRITICAL and form != "over"
        for channel in channels:
            patient = channel.quiet and not urgent
            book.say(Line(channel=channel.id, form=form, alert=row.id, at=now, patient=patient, urgent=urgent))


def _identity(one: Noticed) -> bytes:
    """What tells one notice from every other: the same events always give the same one."""
    what = (one.detection, one.about, one.key, one.at, one.over)
    return blake2b(msgspec.msgpack.encode(what), digest_size=16).digest()


def _changed(row: AlertRow, what: str, one: Noticed, now: int) -> Event:
    return Event(now, "alert", row.about, name=row.detection, value=what, person=one.person, detail=one.what)
