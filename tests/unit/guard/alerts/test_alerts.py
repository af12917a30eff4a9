"""Alerts while they run: channels by themselves, the journal told, an end that loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nightlatch.errors import StoreError
from nightlatch.guard.alerts.alerts import Alerts
from nightlatch.guard.alerts.owner import acknowledge
from nightlatch.guard.alerts.render import Message
from nightlatch.guard.alerts.rules import MINUTE, SECOND, Channel, Rules
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.alerts.homes import HOUSEHOLD, Post, Sealer, at, noticed, records, rules

NOON = at("2026-11-22 12:00")
AT_ONCE = "[alerts]\ngroup_seconds = 0\n"
QUIET_NOW = '[alerts.quiet]\nfrom = "11:00"\nuntil = "13:00"\n'


class Running:
    """Alerts, the post they go out by, and the journal."""

    def __init__(self, folder: Path, what: Rules, *, post: Post | None = None, sealer: Sealer | None = None) -> None:
        self.post = post or Post()
        self.journal: list[Event] = []
        self.records = records(folder)
        self.now = NOON
        self.passed = 0.0
        self.alerts = Alerts(
            self.records,
            what,
            HOUSEHOLD,
            sealer or Sealer(),
            carrier=self.post,
            tell=self._tell,
            clock=lambda: self.now,
            monotonic=lambda: self.passed,
            jitter=lambda: 1.0,
        )

    async def _tell(self, event: Event) -> None:
        self.journal.append(event)

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.alerts.run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    def later(self, seconds: float) -> None:
        """Time passes, and alerts look at what there is to do."""
        self.passed += seconds
        self.now += int(seconds * SECOND)
        self.alerts.refresh()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # what it waits for has no event of its own
            await asyncio.sleep(0.005)


async def test_what_is_noticed_reaches_every_channel_and_the_journal(tmp_path: Path) -> None:
    home = Running(tmp_path, rules(AT_ONCE, channels=("phone", "mail")))
    async with home.on():
        home.alerts.take([noticed(NOON)])
        await until(lambda: len(home.post.sent) == 2 and home.journal)
    assert {channel for channel, _ in home.post.sent} == {"phone", "mail"}
    assert [(event.kind, event.about, event.value) for event in home.journal] == [("alert", "lock:front", "raised")]
    assert [alert.count for alert in home.alerts.open()] == [1]


async def test_a_channel_that_hangs_delays_no_other(tmp_path: Path) -> None:
    class Hanging(Post):
        async def send(self, channel: Channel, message: Message) -> str:
            if channel.id == "phone":
                await asyncio.sleep(3600)
            return await super().send(channel, message)

    home = Running(tmp_path, rules(AT_ONCE, channels=("phone", "mail")), post=Hanging())
    async with home.on():
        for number in range(3):
            home.alerts.take([noticed(NOON, key=str(number), severity=Severity.CRITICAL)])
            await until(lambda number=number: len(home.post.to("mail")) == number + 1)  # type: ignore[misc]


async def test_a_message_on_its_way_is_given_time_to_arrive_at_the_end(tmp_path: Path) -> None:
    sending = asyncio.Event()

    class Slow(Post):
        async def send(self, channel: Channel, message: Message) -> str:
            sending.set()
            await asyncio.sleep(0.2)
            return await super().send(channel, message)

    sealer = Sealer()
    home = Running(tmp_path, rules(AT_ONCE), post=Slow(), sealer=sealer)
    async with home.on():
        home.alerts.take([noticed(NOON)])
        await sending.wait()
    assert len(home.post.sent) == 1
    again = Running(tmp_path, rules(AT_ONCE), sealer=sealer)
    async with again.on():
        again.alerts.take([noticed(NOON, key="next")])
        await until(lambda: again.post.sent)
    assert len(again.post.to("phone")[0].splitlines()) == 1, "it was marked, and does not go out again"


async def test_what_could_not_be_sent_before_the_end_is_sent_after_the_next_start(tmp_path: Path) -> None:
    sealer = Sealer()
    home = Running(tmp_path, rules(AT_ONCE), sealer=sealer)
    home.post.down.add("phone")
    async with home.on():
        home.alerts.take([noticed(NOON, person="ana")])
        await until(lambda: home.journal[-1:] and home.journal[-1].kind == "delivery")
    again = Running(tmp_path, rules(AT_ONCE), sealer=sealer)
    async with again.on():
        await asyncio.sleep(0.05)
        assert again.post.sent == [], "its time to try again has not come"
        again.later(6)
        await until(lambda: again.post.sent and again.journal)
    assert "(Ana)" in again.post.to("phone")[0]
    assert [event.value for event in again.journal] == ["delivered"]


async def test_while_the_database_cannot_be_written_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Running(tmp_path, rules(AT_ONCE + '[[alerts.notices]]\nchannels = ["phone"]\n'))
    begin = home.records.begin

    def full() -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("nightlatch.guard.alerts.alerts.RETRY", 0.01)
    async with home.on():
        monkeypatch.setattr(home.records, "begin", full)
        home.alerts.take([noticed(NOON)])
        home.alerts.event(0, Event(NOON, "unlocked", "lock:front"))
        home.alerts.event(1, Event(NOON, "locked", "lock:front"))
        home.alerts.take([noticed(NOON + 1)])
        assert home.alerts.behind == 3
        await asyncio.sleep(0.05)
        monkeypatch.setattr(home.records, "begin", begin)
        await until(lambda: home.alerts.behind == 0 and home.post.sent)
    assert [alert.count for alert in home.alerts.open()] == [2]
    assert home.alerts.size == 1


async def test_what_is_critical_goes_out_although_the_database_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Running(tmp_path, rules(AT_ONCE + QUIET_NOW, channels=("phone", "mail")))

    def dead() -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("nightlatch.guard.alerts.alerts.RETRY", 0.01)
    async with home.on():
        monkeypatch.setattr(home.records, "begin", dead)
        monkeypatch.setattr(home.records, "read", dead)
        home.post.down.add("mail")
        home.alerts.take([noticed(NOON)])
        for second in range(3):
            home.alerts.take([noticed(NOON + second, key="x", severity=Severity.CRITICAL, person="ana")])
        await until(lambda: home.post.sent)
        await asyncio.sleep(0.05)
        (told,) = home.post.sent
        assert told[1].title == "Critical: The lock reports tampering"
        assert told[1].body.startswith("12:00 Front door: the lock reports tampering (Ana).\n")
        home.post.down.clear()
        await until(lambda: home.post.to("mail"))
        monkeypatch.undo()
        home.alerts.refresh()
        await until(lambda: home.alerts.behind == 0 and len(home.post.sent) == 4)
    assert [alert.count for alert in home.alerts.open()] == [1, 3]


async def test_an_acknowledgement_in_the_database_ends_the_escalation(tmp_path: Path) -> None:
    text = AT_ONCE + '[[alerts.escalation]]\nafter_minutes = 10\nchannels = ["partner"]\n'
    home = Running(tmp_path, rules(text, channels=("phone", "partner")))
    async with home.on():
        home.alerts.take([noticed(NOON), noticed(NOON, key="x")])
        await until(lambda: home.post.sent)
        acknowledge(home.records, [1], home.now)
        home.later(11 * 60)
        await until(lambda: home.post.to("partner"))
    assert "[2]" in home.post.to("partner")[0]
    assert "[1]" not in home.post.to("partner")[0]


async def test_a_clock_that_is_set_is_told_from_time_that_passes(tmp_path: Path) -> None:
    text = AT_ONCE + '[[alerts.escalation]]\nafter_minutes = 10\nchannels = ["partner"]\n'
    home = Running(tmp_path, rules(text, channels=("phone", "partner")))
    async with home.on():
        home.alerts.take([noticed(NOON)])
        await until(lambda: home.post.sent)
        home.now += 60 * MINUTE
        home.alerts.refresh()
        await asyncio.sleep(0.05)
        assert home.post.to("partner") == []
        home.later(10 * 60)
        await until(lambda: home.post.to("partner"))


async def test_the_household_can_change_while_alerts_run(tmp_path: Path) -> None:
    home = Running(tmp_path, rules(AT_ONCE))
    home.alerts.household = type(HOUSEHOLD)(zone=HOUSEHOLD.zone, people={"ana": "Ana Horvat"})
    async with home.on():
        home.alerts.take([noticed(NOON, person="ana")])
        await until(lambda: home.post.sent)
    assert "Ana Horvat" in home.post.to("phone")[0]


async def test_a_home_without_channels_keeps_its_alerts(tmp_path: Path) -> None:
    home = Running(tmp_path, rules("", channels=()))
    async with home.on():
        home.alerts.take([noticed(NOON)])
        await until(lambda: home.journal)
    assert len(home.alerts.open()) == 1
