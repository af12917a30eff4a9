"""What the owner does about alerts: acknowledge, put aside, test a channel, confirm that the test arrived.

All of it goes through the database, so it works whether Nightlatch runs or not.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

import msgspec

from nightlatch.errors import UsageError
from nightlatch.guard.alerts.render import Message
from nightlatch.guard.alerts.rules import Channel
from nightlatch.guard.alerts.sending import DELIVERED, Carrier
from nightlatch.model.event import Event
from nightlatch.store.alerts import AlertBook, AlertRecords, AlertRow, Test

TEST_HOLDS = 7 * 86_400_000_000
"""For how long the number of a test can be confirmed, µs: mail may be read days later."""


def acknowledge(records: AlertRecords, ids: Iterable[int], now: int) -> list[AlertRow]:
    """Note that somebody sees to these alerts, or to all open ones: nobody else is told. Those that were open."""
    with records.begin() as book:
        found = [row for row in _chosen(book, ids) if row.state == "open"]
        for row in found:
            book.replace(msgspec.structs.replace(row, state="acknowledged", acknowledged=now, escalate=0))
    return found


def close(records: AlertRecords, ids: Iterable[int], now: int) -> list[AlertRow]:
    """Put alerts aside: should it happen again, a new one is raised. Those that were open or acknowledged."""
    with records.begin() as book:
        found = [row for row in _chosen(book, ids) if row.live]
        for row in found:
            book.replace(msgspec.structs.replace(row, state="closed", ended=now, escalate=0))
    return found


def acts(rows: Sequence[AlertRow], value: str, now: int, *, person: str = "", note: str = "") -> list[Event]:
    """What somebody did about these alerts, for the journal: "acknowledged" or "closed", and their note on it."""
    return [
        Event(
            now,
            "alert",
            row.about,
            name=row.detection,
            value=value,
            person=person,
            detail=f"alert {row.id}{f': {note}' if note else ''}",
        )
        for row in rows
    ]


async def test(records: AlertRecords, carrier: Carrier, channel: Channel, now: int) -> str:
    """Send a test with a number of six digits that only who reads it knows; why it failed, or nothing."""
    number = f"{secrets.randbelow(1_000_000):06d}"
    body = f"This is a test of the channel {channel.id}. Confirm that it arrived: nightlatch alerts confirm {number}"
    reason = await carrier.send(channel, Message("Nightlatch: test", body))
    if reason == DELIVERED:
        with records.begin() as book:
            book.sent_test(channel.id, number, now)
    return reason


def confirm(records: AlertRecords, number: str, now: int) -> Test:
    """Note that the test with this number arrived; UsageError when none of the last seven days has it."""
    wanted = "".join(number.split())
    with records.begin() as book:
        for one in reversed(book.tests()):
            if one.number == wanted and not one.confirmed and abs(now - one.sent) <= TEST_HOLDS:
                book.confirm(one.id, now)
                return one
    raise UsageError(
        f"no test of the last seven days waits for the number {wanted}", todo="Send one: nightlatch alerts test"
    )


def _chosen(book: AlertBook, ids: Iterable[int]) -> list[AlertRow]:
    """The alerts of these ids; all that are open or acknowledged for none."""
    wanted = list(ids)
    if not wanted:
        return book.live()
    found = []
    for id_ in wanted:
        row = book.alert(id_)
        if row is None:
            raise UsageError(f"there is no alert {id_}", todo="See: nightlatch alerts list")
        found.append(row)
    return found
