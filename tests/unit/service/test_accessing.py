"""Access in a running service: what people change is taken whatever breaks beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nightlatch.access.feeds.following import Feeds
from nightlatch.access.registrar import Changed, Registrar
from nightlatch.access.wanting import Plan
from nightlatch.errors import StoreError, UsageError
from nightlatch.model.access import Credential, Grant, Person
from nightlatch.model.document import Audit, Evidence, HomeDocument, ThingDocument
from nightlatch.model.evidence import Grade
from nightlatch.service.accessing import Access
from nightlatch.service.folder import prepare
from nightlatch.service.opening import running
from nightlatch.service.service import Service
from nightlatch.store.access import AccessRecords
from nightlatch.store.audits import Audits
from nightlatch.store.database import connect
from tests.unit.service.test_service import HOME, configured, serving, until

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
        assert tried > 1


def audited(*, digits: int | None) -> Audit:
    """An audit that knows how many digits the front lock takes; None: its hub was away."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    names = ("code_length_min", "code_length_max") if digits else ()
    facts = tuple(Evidence("lock:front", name, "", digits, Grade.CATALOGUED, "catalogue", at) for name in names)
    lock = ThingDocument("lock:front", "lock", "Front", (), facts)
    return Audit(
        version="0",
        home=HomeDocument("Elm", "UTC"),
        at=at,
        profile="full",
        score=1.0,
        coverage=1.0,
        worst=None,
        sections=(),
        sources=(),
        findings=(),
        things=(lock,),
    )


async def test_which_code_a_lock_is_to_have_does_not_change_with_a_start_or_with_an_audit_that_knows_less(
    tmp_path: Path,
) -> None:
    prepare(tmp_path)
    engine = connect(tmp_path)
    Audits(engine).add(str(configured(tmp_path, HOME).path), audited(digits=4))
    codes = (Credential("c4", "ana", 4, made=1), Credential("c6", "ana", 6, made=2))
    AccessRecords(engine).put(ANA, LEAVE, *codes)
    engine.dispose()
    async with running(configured(tmp_path, HOME), tmp_path, env={}) as service:
        assert set(service.access.plan.wants("lock:front")) == {"c4"}
        service.access.audited(audited(digits=None))
        assert set(service.access.plan.wants("lock:front")) == {"c4"}
        Audits(service.access._records.engine).add(str(configured(tmp_path, HOME).path), audited(digits=None))
    async with running(configured(tmp_path, HOME), tmp_path, env={}) as service:
        assert set(service.access.plan.wants("lock:front")) == {"c4"}


async def test_who_lacks_a_code_by_what_an_audit_finds_out_gets_one_at_once(tmp_path: Path) -> None:
    prepare(tmp_path)
    async with running(configured(tmp_path, HOME), tmp_path, env={}) as service:
        put(service, ANA, LEAVE, Credential("c6", "ana", 6, made=1))
        keeping = asyncio.create_task(service.access.keep_house())
        await asyncio.sleep(0.5)
        service.access.audited(audited(digits=4))
        assert not service.access.plan.wants("lock:front")
        await until(lambda: service.access.plan.wants("lock:front"), 5)
        assert sorted(one.digits for one in service.access.register.active("ana")) == [4, 6]
        keeping.cancel()


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
