from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event, micros
from nightlatch.service import upkeep
from nightlatch.service.upkeep import Upkeep

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clocks:
    def __init__(self) -> None:
        self.now = NOW
        self.steady = 1000.0

    def pass_(self, **length: float) -> None:
        self.now += timedelta(**length)
        self.steady += timedelta(**length).total_seconds()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A full bundle of entries of a hundred days ago, and one of now."""
    journal = Journal.open(tmp_path)
    old = micros(NOW - timedelta(days=100))
    journal.append([Event(old + number, "locked", "lock:front") for number in range(256)])
    journal.append([Event(micros(NOW), "locked", "lock:front")])
    yield journal
    journal.close()


def kept(journal: Journal) -> int:
    return sum(entry.event is not None and entry.event.kind == "locked" for entry in journal.entries())


async def rounds(parts: Upkeep, number: int) -> None:
    """Let it go so many times round, as wanted."""
    task = asyncio.create_task(parts.run())
    for _ in range(number):
        parts.verified_at = None
        parts.want()
        async with asyncio.timeout(10):
            while parts.verified_at is None:  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    task.cancel()


def made(journal: Journal, clocks: Clocks, monkeypatch: pytest.MonkeyPatch, days: int = 90) -> Upkeep:
    async def put(_: Event) -> None:
        return None

    monkeypatch.setattr(upkeep, "FIRST_S", 0.0)
    return Upkeep(journal, put, lambda: clocks.now, every_s=60, retention_days=days, steady=lambda: clocks.steady)


async def test_what_is_older_than_it_is_kept_loses_its_content(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rounds(made(journal, Clocks(), monkeypatch), 1)
    assert kept(journal) == 1


async def test_a_clock_that_was_set_empties_nothing_until_it_went_on_undisturbed_for_a_day(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    parts = made(journal, clocks, monkeypatch, days=365)
    clocks.now += timedelta(days=3650)
    parts.stepped()
    await rounds(parts, 1)
    assert kept(journal) == 257
    clocks.now -= timedelta(days=3650)
    parts.stepped()
    clocks.pass_(hours=25)
    await rounds(parts, 1)
    assert kept(journal) == 257


async def test_a_start_far_behind_the_last_entry_empties_nothing_for_a_day(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    clocks.now += timedelta(days=400)
    parts = made(journal, clocks, monkeypatch)
    await rounds(parts, 1)
    assert kept(journal) == 257
    clocks.pass_(hours=25)
    await rounds(parts, 1)
    assert kept(journal) == 1
