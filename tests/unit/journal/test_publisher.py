"""Keeping witnesses up to date: what is new, on a cadence, each by itself, and a word when one says otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightlatch.errors import NightlatchError, SourceError
from nightlatch.journal import notes
from nightlatch.journal import publisher as module
from nightlatch.journal.journal import Journal
from nightlatch.journal.publisher import Publisher
from nightlatch.journal.witnesses.file import File, FileSettings
from nightlatch.journal.witnesses.interface import Contradicted, Published, Settings, Witness
from nightlatch.model.event import Event
from tests.unit.journal.making import event, filled
from tests.unit.journal.witnesses.logs import published, rolled_back

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Scripted(Witness, kind="scripted"):
    """Fails as it is told to, else keeps the newest checkpoint."""

    Settings = Settings

    def __init__(self, id_: str = "one", every_s: int = 60) -> None:
        super().__init__(Settings(every_s=every_s), id_)
        self.fails: NightlatchError | None = None
        self.hangs = False
        self.sizes: list[int] = []

    where = "somewhere"  # type: ignore[assignment]

    async def compare(self, journal: Journal, *, every: bool = False) -> int:
        return (await self.publish(journal)).size

    async def publish(self, journal: Journal) -> Published:
        if self.hangs:
            await asyncio.sleep(60)
        if self.fails is not None:
            raise self.fails
        note = journal.checkpoint()
        self.sizes.append(notes.parse(note).size)
        return Published(self.sizes[-1], note, "— w AAAA\n")


class World:
    """A clock that only moves when somebody sleeps, and what was put into the journal."""

    def __init__(self, journal: Journal, *witnesses: Witness) -> None:
        self.journal = journal
        self.s = 0.0
        self.told: list[Event] = []
        self.waits: list[float] = []
        self.until = 0.0
        self.over = asyncio.Event()
        self.publisher = Publisher(journal, witnesses, self.put, self.now, sleep=self.sleep, steady=lambda: self.s)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.s)

    async def put(self, event: Event) -> None:
        self.told.append(event)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.s += seconds
        if self.s >= self.until:
            self.over.set()
            await asyncio.sleep(60)
        await asyncio.sleep(0)

    async def run(self, seconds: float) -> None:
        """Let so much time pass."""
        self.until = self.s + seconds
        self.over.clear()
        task = asyncio.create_task(self.publisher.run())
        await self.over.wait()
        task.cancel()
        await asyncio.wait([task])

    def verdicts(self) -> list[tuple[str, Any]]:
        return [(one.name, one.value) for one in self.told if one.kind == "verified"]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = filled(tmp_path / "log", 10)
    yield journal
    journal.close()


async def test_what_is_new_is_published_on_the_cadence_and_nothing_is_published_twice(journal: Journal) -> None:
    one = Scripted(every_s=60)
    world = World(journal, one)
    await world.run(300)
    assert one.sizes == [10]
    assert set(world.waits) == {60.0}
    for _ in range(5):
        journal.append([event(1)])
    await world.run(300)
    assert one.sizes == [10, 15], "five appends within a minute are one checkpoint"
    assert world.verdicts() == [("one", "intact")]
    standing = world.publisher.standings["one"]
    assert (standing.size, standing.agrees, standing.trouble) == (15, True, "")
    assert standing.cosigned.endswith("— w AAAA\n")


async def test_a_silent_journal_is_compared_every_hour(journal: Journal) -> None:
    one = Scripted()
    await World(journal, one).run(3 * 3600 + 30)
    assert len(one.sizes) == 4


async def test_a_witness_out_of_reach_is_tried_again_ever_later_and_told_after_an_hour_once(journal: Journal) -> None:
    one = Scripted()
    one.fails = SourceError("is asleep", where="usb")
    world = World(journal, one)
    await world.run(3000)
    assert world.told == []
    assert world.publisher.standings["one"].trouble == "usb: is asleep."
    assert world.waits[0] <= module.FIRST_RETRY_S
    await world.run(4 * 3600)
    assert max(world.waits) <= module.LAST_RETRY_S
    # Ever later: a day of it costs no more than some hundred attempts.
    assert len(world.waits) < 60
    assert [(event.kind, event.about) for event in world.told] == [("disconnected", "witness:one")]
    one.fails = None
    await world.run(1000)
    assert [event.kind for event in world.told[1:]] == ["verified", "connected"]


async def test_a_contradiction_is_told_at_once_and_once_and_again_when_it_is_over(journal: Journal) -> None:
    one = Scripted()
    one.fails = Contradicted("holds more", where="usb")
    world = World(journal, one)
    await world.run(3 * 3600)
    assert world.verdicts() == [("one", "not intact")]
    assert "holds more" in world.told[0].detail
    assert world.publisher.standings["one"].agrees is False
    one.fails = None
    await world.run(3700)
    assert world.verdicts() == [("one", "not intact"), ("one", "intact")]


async def test_a_journal_that_was_put_back_is_told_by_a_real_witness_and_the_evidence_stays(tmp_path: Path) -> None:
    journal = published(tmp_path / "log")
    disk = File(FileSettings(path=tmp_path / "checkpoints"), "disk")
    await disk.publish(journal)
    journal.close()
    older = rolled_back(tmp_path / "log")
    world = World(older, disk)
    held = disk.settings.path.read_bytes()
    await world.run(60)
    assert world.verdicts() == [("disk", "not intact")]
    await world.publisher.finish()
    assert disk.settings.path.read_bytes() == held
    older.close()


async def test_one_that_hangs_delays_no_other_and_no_stop(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINISH_S", 0.1)
    slow, quick = Scripted("slow"), Scripted("quick")
    slow.hangs = True
    world = World(journal, slow, quick)
    await world.run(120)
    assert quick.sizes == [10]
    journal.append([event(1)])
    begun = asyncio.get_running_loop().time()
    await world.publisher.finish()
    assert asyncio.get_running_loop().time() - begun < 1
    assert quick.sizes == [10, 11]


async def test_at_the_stop_nothing_is_published_when_nothing_is_new(journal: Journal) -> None:
    one = Scripted()
    world = World(journal, one)
    await world.publisher.finish()
    await world.publisher.finish()
    assert one.sizes == [10]
