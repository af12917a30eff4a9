import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from nightlatch.errors import JournalError
from nightlatch.journal.intake import PATIENCE_S, Intake
from nightlatch.journal.journal import Journal
from nightlatch.journal.verify import verify
from nightlatch.model.event import Event
from tests.unit.journal.making import event, filled, tamper


def heartbeat(number: int) -> Event:
    return event(number, kind="battery")


def alarm(number: int) -> Event:
    return event(number, kind="tamper")


class Failing(Journal):
    """A journal whose disk fails as often as told."""

    failures = 0
    appends = 0

    def append(self, events):  # type: ignore[no-untyped-def]
        self.appends += 1
        if self.failures:
            self.failures -= 1
            raise JournalError("cannot be read or written: disk full", where=self.where)
        return super().append(events)


async def test_an_event_is_on_disk_when_put_returns(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    async with Intake(journal) as intake:
        assert await intake.put(alarm(0)) == 0
        other = Journal.open(tmp_path, read_only=True)
        assert [entry.event for entry in other.entries()] == [alarm(0)]
        other.close()
    journal.close()


async def test_events_are_written_in_the_order_they_came_and_told_once(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    told: list[tuple[int, Event]] = []
    async with Intake(journal, told.extend) as intake:
        futures = [await intake.accept(event(number)) for number in range(3_000)]
        assert await asyncio.gather(*futures) == list(range(3_000))
    assert told == [(number, event(number)) for number in range(3_000)]
    assert [entry.event for entry in journal.entries()] == [one for _, one in told]
    journal.close()


async def test_heartbeats_wait_a_little_and_share_a_group_and_an_alarm_takes_them_along_at_once(tmp_path: Path) -> None:
    journal = Failing.open(tmp_path)
    assert isinstance(journal, Failing)
    async with Intake(journal) as intake:
        begin = time.monotonic()
        await asyncio.gather(*[intake.put(heartbeat(number)) for number in range(50)])
        assert time.monotonic() - begin >= PATIENCE_S / 2
        assert journal.appends == 1
        futures = [await intake.accept(heartbeat(number)) for number in range(50)]
        begin = time.monotonic()
        assert await intake.put(alarm(1)) == 100
        assert time.monotonic() - begin < PATIENCE_S / 2
        assert all(future.done() for future in futures)
        assert journal.appends == 2
    journal.close()


async def test_a_disk_that_fails_is_told_once_and_nothing_is_lost(tmp_path: Path) -> None:
    journal = Failing.open(tmp_path)
    assert isinstance(journal, Failing)
    troubles: list[JournalError | None] = []
    async with Intake(journal, trouble=troubles.append) as intake:
        journal.failures = 3
        first = await intake.accept(alarm(0))
        await asyncio.sleep(0.05)
        assert not first.done() and len(troubles) == 1
        rest = [await intake.accept(alarm(number)) for number in range(1, 20)]
        assert intake.waiting == 20
        assert await asyncio.gather(first, *rest) == list(range(20))
    assert [one is None for one in troubles] == [False, True]
    assert "disk full" in str(troubles[0])
    assert verify(journal).sound
    journal.close()


async def test_who_brings_more_than_memory_may_hold_waits(tmp_path: Path) -> None:
    journal = Failing.open(tmp_path)
    assert isinstance(journal, Failing)
    async with Intake(journal, most_waiting=5) as intake:
        journal.failures = 2
        tasks = [asyncio.create_task(intake.put(alarm(number))) for number in range(20)]
        await asyncio.sleep(0.05)
        assert intake.waiting == 5
        assert sorted(await asyncio.gather(*tasks)) == list(range(20))
    journal.close()


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    async with Intake(journal) as intake:
        futures = [await intake.accept(heartbeat(number)) for number in range(5_000)]
    assert [future.result() for future in futures] == list(range(5_000))
    with pytest.raises(JournalError, match="closed"):
        await intake.put(alarm(1))
    journal.close()


async def test_closing_over_a_full_disk_ends_in_time_and_says_what_was_not_written(tmp_path: Path) -> None:
    journal = Failing.open(tmp_path)
    assert isinstance(journal, Failing)
    journal.failures = 1_000_000
    begin = time.monotonic()
    async with Intake(journal, close_s=0.2) as intake:
        lost = await intake.accept(alarm(1))
        waiting = asyncio.create_task(intake.put(alarm(2)))
        await asyncio.sleep(0)
    assert time.monotonic() - begin < 1
    for ended in (lost, waiting):
        with pytest.raises(JournalError, match="closed before"):
            await ended
    assert journal.size == 0
    journal.close()


async def test_an_event_that_can_never_be_written_stops_no_other(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    async with Intake(journal) as intake:
        good = [await intake.accept(alarm(number)) for number in range(3)]
        bad = await intake.accept(event(1, at=2**80))
        good += [await intake.accept(alarm(number)) for number in range(3)]
        assert await asyncio.gather(*good) == list(range(6))
        with pytest.raises(JournalError, match="can never be written"):
            await bad
    assert journal.size == 6
    journal.close()


async def test_a_caller_that_gave_up_stops_nobody(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    async with Intake(journal) as intake:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(intake.put(heartbeat(0)), 0.01)
        assert await intake.put(alarm(1)) == 1
    journal.close()


async def test_a_change_by_another_hand_is_told_as_trouble(tmp_path: Path) -> None:
    journal = filled(tmp_path, 20)
    troubles: list[JournalError | None] = []
    async with Intake(journal, trouble=troubles.append) as intake:

        def cut(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE tail SET hashes = zeroblob(length(hashes))")

        tamper(tmp_path, cut)
        await intake.put(alarm(1))
        await intake.put(alarm(2))
    assert len(troubles) == 1 and "changed by another hand" in str(troubles[0])
    journal.close()
