"""What the pages of alerts show: what happened in words, what to do, who was told, and the entries behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from nightlatch.guard.alerts.render import label, plain, words
from nightlatch.guard.alerts.sealed import Said, take
from nightlatch.guard.detections.registry import detections
from nightlatch.journal import paging
from nightlatch.journal.selecting import Wanted
from nightlatch.model.finding import SEVERITY_WEIGHT, Severity
from nightlatch.store.alerts import AlertBook, AlertRow, Fare, Line
from nightlatch.web.alerts.todo import OTHERWISE, TODO
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.journal.view import Row, names, rows
from nightlatch.web.texts import _

BEFORE = 15 * 60_000_000
"""For how long before an alert entries may be what raised it, µs."""
MOST_BEHIND = 12
PAGE = 50
MOST_SHOWN = 200
"""Live alerts that a page shows: a flood must not make it endless."""
TONES: Mapping[Severity, Literal["bad", "warn", "info"]] = {
    Severity.CRITICAL: "bad",
    Severity.HIGH: "bad",
    Severity.MEDIUM: "warn",
    Severity.LOW: "info",
}
STATES = {"open": "Open", "acknowledged": "Seen to", "over": "Over", "closed": "Put aside"}
FORMS = {
    "raised": "first told",
    "again": "told again",
    "worse": "told that it got worse",
    "over": "told that it is over",
    "escalated": "told because nobody acknowledged",
    "notice": "notice",
    "digest": "digest",
}


class Told(msgspec.Struct, frozen=True):
    """One message about an alert on one channel."""

    channel: str
    form: str
    """What it was to say, in words."""
    at: int
    delivered: int
    """When the channel took it, µs; 0: not yet."""
    trouble: str = ""
    """Why not yet, where the channel fails."""


class Alert(msgspec.Struct, frozen=True):
    """One alert, for people."""

    id: int
    severity: Severity
    tone: str
    state: str
    title: str
    """What was watched for."""
    what: str
    """What happened, in a sentence."""
    todo: str
    detection: str
    about: str
    count: int
    first: int
    """Instants in µs since 1970; 0: never."""
    last: int
    acknowledged: int
    ended: int
    told: tuple[Told, ...] = ()


class Alerts(msgspec.Struct, frozen=True):
    """What is open, gravest first, and what somebody sees to."""

    open: tuple[Alert, ...]
    acknowledged: tuple[Alert, ...]
    more: int = 0
    """Live alerts that are not shown."""


def live(house: House, *, log: bool) -> Alerts:
    """The alerts that are open or acknowledged; reads the database. Without `log`, people are not named."""
    with house.service.alerts.records.read() as book:
        found = sorted(book.live(), key=lambda row: (-SEVERITY_WEIGHT[row.severity], -row.last))
        shown = [_alert(house, row, _told(book, row), log=log) for row in found[:MOST_SHOWN]]
    return Alerts(
        tuple(one for one in shown if one.state == "open"),
        tuple(one for one in shown if one.state == "acknowledged"),
        len(found) - len(shown),
    )


def history(house: House, before: int, *, log: bool, limit: int = PAGE) -> tuple[list[Alert], int | None]:
    """Alerts that are over or put aside, newest first, and before which to ask for more; None: there are none."""
    with house.service.alerts.records.read() as book:
        found = book.history(before, limit + 1)
    shown = [_alert(house, row, (), log=log) for row in found[:limit]]
    return shown, shown[-1].id if len(found) > limit else None


def one(house: House, id_: int, *, log: bool) -> Alert:
    """An alert by its number; NotFound."""
    with house.service.alerts.records.read() as book:
        row = book.alert(id_)
        if row is None:
            raise NotFound(_("there is no alert %(id)s", id=id_))
        return _alert(house, row, _told(book, row), log=log)


def behind(house: House, alert: Alert) -> list[Row]:
    """The newest entries of the journal that an alert may have come of."""
    door_of = house.service.household.door_of
    about = {alert.about, door_of.get(alert.about, alert.about)}
    about |= {lock for lock, door in door_of.items() if door in about}
    detection = detections().get(alert.detection)
    kinds = frozenset(detection.hearing) if detection is not None else frozenset[str]()
    anywhere = alert.about == "home" or alert.detection == "wrong-codes-across-doors"
    wanted = Wanted(
        frozenset() if anywhere else frozenset(about), kinds, since=alert.first - BEFORE, until=alert.last + 1
    )
    found = paging.newest(house.journal, house.lookup, wanted, MOST_BEHIND)
    return rows(found.entries, names(house), house.zone)


def _told(book: AlertBook, row: AlertRow) -> tuple[Told, ...]:
    fares: dict[str, Fare] = {}
    lines: Sequence[Line] = book.lines_of(row.id)
    for line in lines:
        if not line.delivered and line.channel not in fares:
            fares[line.channel] = book.fare(line.channel)
    return tuple(
        Told(
            line.channel,
            FORMS[line.form],
            line.at,
            line.delivered,
            "" if line.delivered else fares[line.channel].reason if fares[line.channel].failures else "",
        )
        for line in lines
    )


def _alert(house: House, row: AlertRow, told: tuple[Told, ...], *, log: bool) -> Alert:
    said = take(row.sealed, row.data, house.journal.sealer.open)
    if not log:
        said = Said(said.what)
    return Alert(
        row.id,
        row.severity,
        TONES[row.severity],
        row.state,
        plain(label(row.detection)),
        words(row.detection, row.about, said, house.service.household),
        TODO.get(row.detection, OTHERWISE),
        row.detection,
        row.about,
        row.count,
        row.first,
        row.last,
        row.acknowledged,
        row.ended,
        told,
    )
