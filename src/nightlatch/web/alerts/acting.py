"""What is done about alerts and their channels; pages and API do the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nightlatch.errors import UsageError
from nightlatch.guard.alerts import owner
from nightlatch.store.alerts import AlertRecords, AlertRow, Test
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

LONGEST_NOTE = 500
Doing = Callable[[AlertRecords, Iterable[int], int], list[AlertRow]]


async def acknowledge(house: House, who: Who, ids: Sequence[int], note: str = "") -> list[int]:
    """Note that somebody sees to these alerts; which of them were open."""
    return await _do(house, who, owner.acknowledge, ids, value="acknowledged", note=note)


async def put_aside(house: House, who: Who, ids: Sequence[int], note: str = "") -> list[int]:
    """Put alerts aside that will not end by themselves; which of them were live."""
    return await _do(house, who, owner.close, ids, value="closed", note=note)


def open_of(house: House, detection: str) -> list[int]:
    """The open alerts of one detection, or all of them for none."""
    found = house.service.alerts.open()
    return [row.id for row in found if row.state == "open" and detection in ("", row.detection)]


async def test(house: House, who: Who, channel: str) -> str:
    """Send a test message with a number on a channel; why it failed, or nothing."""
    alerts = house.service.alerts
    found = alerts.rules.channels.get(channel)
    if found is None:
        raise NotFound(_("there is no channel %(id)s", id=channel))
    await house.act(who, "alert-test", detail=channel)
    return await owner.test(alerts.records, alerts.carrier, found, house.now())


async def confirm(house: House, who: Who, number: str) -> Test:
    """Note that a test message arrived; UsageError when no test has the number."""
    if not ("".join(number.split())).isdecimal() or len(number) > 20:
        raise UsageError(_("the number has six digits"), todo=_("It stands in the test message."))
    found = await house.read(lambda: owner.confirm(house.service.alerts.records, number, house.now()))
    await house.act(who, "alert-test-confirmed", detail=found.channel)
    return found


async def _do(house: House, who: Who, do: Doing, ids: Sequence[int], *, value: str, note: str) -> list[int]:
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise UsageError(_("a note has at most %(most)s letters", most=LONGEST_NOTE))
    if not ids:
        return []  # which for those below would mean all
    now = house.now()
    changed = await house.read(lambda: do(house.service.alerts.records, ids, now))
    for event in owner.acts(changed, value, now, person=who.id, note=note):
        await house.service.keep(event)
    house.service.alerts.refresh()
    house.count_anew()
    return [row.id for row in changed]
