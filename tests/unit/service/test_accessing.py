"""Access in a running service: what people change is taken whatever breaks beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from nightlatch.access.feeds.following import Feeds
from nightlatch.access.registrar import Changed, Registrar
from nightlatch.access.wanting import Plan
from nightlatch.errors import StoreError, UsageError
from nightlatch.model.access import Grant, Person
from nightlatch.service.accessing import Access
from nightlatch.service.service import Service
from tests.unit.service.test_service import serving, until

ANA = Person("ana", "Ana")
LEAVE = Grant("g1", "person:ana", ("door:front",))


def put(service: Service, *records: Any) -> None:
    """As another process does, without a word."""
    service.access._records.put(*records)


async def test_a_change_that_cannot_be_read_at_first_is_taken_as_soon_as_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as service:
        load, tried = Access._load, 0

        def busy(access: Access) -> Any:
            nonlocal tried
            tried += 1
            if tried == 1:
                raise StoreError("is busy")
            return load(access)

        monkeypatch.setattr(Access, "_load", busy)
        put(service, ANA, LEAVE)
        await until(lambda: "g1" in service.access.register.grants, 5)
        assert tried == 2


async def test_what_breaks_in_the_upkeep_of_access_does_not_end_the_keeping_of_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broke = asyncio.Event()

    async def defect(_: Feeds) -> None:
        broke.set()
        raise ZeroDivisionError

    monkeypatch.setattr(Feeds, "run", defect)
    async with serving(tmp_path) as service:
        await broke.wait()
        await asyncio.sleep(0.1)
        put(service, ANA, LEAVE)
        await until(lambda: "g1" in service.access.register.grants, 5)


async def test_what_was_read_of_a_lock_is_not_relied_on_from_the_moment_that_it_is_heard_no_more(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as service:
        slots = service.access.reconciler.keepers["lock:front"].slots
        monotonic = service.access.reconciler._monotonic
        await until(lambda: slots.believed(1, monotonic()) is not None)
        service.listener.slept()
        assert slots.believed(1, monotonic()) is None


async def test_a_code_that_cannot_be_made_stops_neither_calendars_nor_other_peoples_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Feeds] = []
    asked: list[set[str]] = []

    async def follow(feeds: Feeds) -> None:
        begun.append(feeds)
        await asyncio.Event().wait()

    def missing(_: Registrar, people: Iterable[str], _now: int) -> Changed:
        asked.append(set(people))
        if "ana" in asked[-1]:
            raise UsageError("no code of 4 digits is left")
        return Changed()

    monkeypatch.setattr(Feeds, "run", follow)
    monkeypatch.setattr(Registrar, "missing_codes", missing)
    monkeypatch.setattr(Plan, "locks", lambda _: ("lock:front",))
    monkeypatch.setattr(Access, "_lacking", lambda _, lock: ("ana", "ben"))
    monkeypatch.setattr("nightlatch.service.again.AGAIN_S", 0.01)
    async with serving(tmp_path):
        await until(lambda: {"ben"} in asked)
        await asyncio.sleep(0.1)
    assert len(begun) == 1


async def test_what_cannot_be_tidied_up_does_not_begin_the_calendars_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Feeds] = []
    tried = asyncio.Event()

    async def follow(feeds: Feeds) -> None:
        begun.append(feeds)
        await asyncio.Event().wait()

    def busy(_: Registrar, _now: int) -> int:
        tried.set()
        raise StoreError("is busy")

    monkeypatch.setattr(Feeds, "run", follow)
    monkeypatch.setattr(Registrar, "tidy", busy)
    monkeypatch.setattr("nightlatch.service.again.AGAIN_S", 0.01)
    async with serving(tmp_path):
        await tried.wait()
        await asyncio.sleep(0.1)
    assert len(begun) == 1
