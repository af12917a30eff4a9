"""The whole service in one process, on the simulated home."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nightlatch.configuration.read import Configuration, parse
from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.errors import JournalError
from nightlatch.journal.journal import Journal
from nightlatch.model.event import NOT_INTACT, Event
from nightlatch.plugs import wall as clock
from nightlatch.service.control import ask
from nightlatch.service.folder import held, prepare
from nightlatch.service.opening import running
from nightlatch.service.service import Service
from nightlatch.service.status import Status

HOME = """
[home]
name = "Elm"
[service]
port = 0
[[doors]]
id = "front"
name = "Front door"
[[locks]]
id = "front"
door = "front"
bind = ["simulated:front"]
[[people]]
id = "anastasia"
name = "Anastasia Example"
role = "resident"
credentials = ["front/1"]
[[sources]]
kind = "simulated"
doors = ["front"]
people = 0
"""


def configured(folder: Path, text: str = HOME) -> Configuration:
    return parse(text, folder / "nightlatch.toml")


@asynccontextmanager
async def serving(folder: Path, text: str = HOME) -> AsyncIterator[Service]:
    """A running service; it is stopped in good order, in under two seconds."""
    prepare(folder)
    stop = asyncio.Event()
    with held(folder):
        async with running(configured(folder, text), folder, env={}) as service:
            task = asyncio.create_task(service.run(stop))
            try:
                await until(lambda: service.listener.connected["simulated"] or task.done())
                yield service
            finally:
                stop.set()
                begun = time.monotonic()
                await task
                took = time.monotonic() - begun
    assert took < 2


async def until(what: Callable[[], Any], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110  # what is waited for has no event of its own
            await asyncio.sleep(0.02)


def plug(service: Service) -> Simulated:
    found = service.live["simulated"]
    assert isinstance(found, Simulated)
    return found


def heard(folder: Path) -> list[Event]:
    journal = Journal.open(folder, read_only=True)
    try:
        return [entry.event for entry in journal.entries() if entry.event is not None]
    finally:
        journal.close()


async def test_what_a_lock_does_is_in_the_journal_raises_an_alert_and_shows_in_the_status(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        plug(service).house.order(faults.CoverTamper(lock="front"))
        await until(service.alerts.open)
        (alert,) = service.alerts.open()
        assert (alert.detection, alert.about) == ("tamper", "lock:front")
        status = await asyncio.to_thread(ask, tmp_path, "status", Status)
        assert status.alerts == {alert.severity.value: 1}
        assert [lock.door for lock in status.locks] == ["Front door"]
        assert status.troubles == ()
    kinds = [(event.kind, event.about) for event in heard(tmp_path)]
    assert kinds[0] == ("started", "home")
    assert ("tamper", "lock:front") in kinds
    assert kinds[-1] == ("stopped", "home")


async def test_a_restart_remembers_and_says_from_when_to_when_nobody_heard(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        plug(service).house.order(faults.CoverTamper(lock="front"))
        await until(service.alerts.open)
    async with serving(tmp_path) as service:
        assert [alert.detection for alert in service.alerts.open()] == ["tamper"]
        await until(lambda: any(event.kind == "gap" for event in heard(tmp_path)))
    (gap,) = (event for event in heard(tmp_path) if event.kind == "gap")
    assert gap.since < gap.at


async def test_it_says_when_it_is_not_ready_and_when_it_is_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as service, aiohttp.ClientSession() as session:

        async def ready() -> tuple[int, str]:
            async with session.get(f"{service.reporter.address}/ready") as answer:
                return answer.status, await answer.text()

        assert await ready() == (200, "ready\n")
        plug(service).house.order(faults.HubLost(seconds=2))
        await until(lambda: not service.listener.connected["simulated"])
        status, text = await ready()
        assert status == 503
        assert text.startswith("simulated: ")
        await until(lambda: service.listener.connected["simulated"])
        await until(lambda: not service.reporter.troubles())
        assert await ready() == (200, "ready\n")
        async with session.get(f"{service.reporter.address}/metrics") as answer:
            figures = await answer.text()
        assert 'nightlatch_ecosystem_connected{ecosystem="simulated"} 1.0' in figures
        assert "Anastasia" not in figures


async def test_the_home_is_audited_and_a_link_that_got_weaker_brings_another_audit(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await until(lambda: service.auditor.last)
        await until(lambda: any(event.kind == "audited" for event in heard(tmp_path)))
        assert service.household.people == {"anastasia": "Anastasia"}
    assert [event.value for event in heard(tmp_path) if event.kind == "audited"]


async def test_what_a_command_wrote_into_the_journal_is_heard_as_well(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await until(lambda: any(event.kind == "verified" for event in heard(tmp_path)))
        other = Journal.open(tmp_path)
        other.append([Event(clock(), "verified", "home", value=NOT_INTACT)])
        other.close()
        await until(service.alerts.open)
        assert [alert.detection for alert in service.alerts.open()] == ["journal-tampered"]


async def test_a_full_disk_stops_neither_the_start_nor_the_guard_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True
    append = Journal.append

    def limited(self: Journal, events: Sequence[Event]) -> range:
        if full:
            raise JournalError("cannot be written: the disk is full")
        return append(self, events)

    monkeypatch.setattr(Journal, "append", limited)
    async with serving(tmp_path) as service:
        plug(service).house.order(faults.CoverTamper(lock="front"))
        await until(lambda: any("the disk is full" in line for line in service.reporter.troubles()))
        full = False
        await until(service.alerts.open)
        assert service.reporter.troubles() == []
    assert heard(tmp_path)[0].kind == "started"


async def test_a_part_that_breaks_ends_none_but_itself_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AttributeError("a defect in a practice")

    monkeypatch.setattr("nightlatch.service.reauditing.audited", broken)
    async with serving(tmp_path) as service:
        await until(lambda: "auditor broke (AttributeError)" in " ".join(service.reporter.troubles()))
        plug(service).house.order(faults.CoverTamper(lock="front"))
        await until(lambda: any(row.detection == "tamper" for row in service.alerts.open()))


async def test_a_journal_that_cannot_be_read_for_a_while_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as service:
        error = JournalError("cannot be read or written: disk I/O error")

        def failing(*_: object) -> None:
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(service.pipeline, "catch_up", failing)
            await until(lambda: "disk I/O error" in " ".join(service.reporter.troubles()))


async def test_it_stops_although_the_journal_takes_nothing_and_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as service:

        def full(_: Sequence[Event]) -> range:
            raise JournalError("cannot be written: database or disk is full")

        monkeypatch.setattr(service.journal, "append", full)
        monkeypatch.setattr(service.intake, "_most", service.intake.waiting + 1)
        await service.intake.accept(Event(clock(), "locked", "lock:front"))


async def test_another_hand_in_the_journal_raises_an_alert_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await until(lambda: service.upkeep.intact)
        with closing(sqlite3.connect(tmp_path / "journal.db")) as database, database:
            database.execute("UPDATE tail SET hashes = zeroblob(length(hashes))")
        plug(service).house.order(faults.CoverTamper(lock="front"))
        await until(lambda: any(row.detection == "journal-tampered" for row in service.alerts.open()))
