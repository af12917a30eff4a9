"""Uses of grants are counted once each, also when the process ends in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path

import pytest

from nightlatch.access.reconciler.uses import Opening, Uses
from nightlatch.errors import StoreError
from nightlatch.model.access import Entry, Grant
from nightlatch.model.event import Event
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from tests.unit.access.reconciler.homes import FRONT, MONDAY, SECOND

LINE = Entry(FRONT, "c1", 3, "present", person="ana")
TWICE = Grant("g1", "person:ana", ("door:front",), uses=2)
ONCE = Grant("g2", "person:ana", ("door:front",), uses=1, ends=MONDAY + 3600 * SECOND)
ALWAYS = Grant("g3", "person:ana", ("door:front",))


@pytest.fixture
def records(tmp_path: Path) -> Iterator[AccessRecords]:
    engine = connect(tmp_path)
    yield AccessRecords(engine)
    engine.dispose()


async def count(records: AccessRecords, *indices: int, at: int = MONDAY) -> int:
    """Count openings at these places of the journal, as a process of its own; how often something was used."""
    told: list[None] = []
    uses = Uses(records, lambda person, _: records.grants([f"person:{person}"]), lambda: UTC, lambda: told.append(None))
    for index in indices:
        grants = frozenset(one.id for one in records.grants())
        uses.add(Opening(index, Event(at, "unlocked", FRONT, by="code", slot=3), LINE, grants))
    task = asyncio.create_task(uses.run())
    await uses.rest()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return len(told)


def used(records: AccessRecords) -> dict[str, int]:
    return {one.id: one.used for one in records.grants()}


async def test_an_opening_that_is_heard_again_after_a_restart_is_counted_once(records: AccessRecords) -> None:
    records.put(TWICE)
    assert await count(records, 7) == 1
    assert await count(records, 5, 6, 7, 8) == 1
    assert used(records) == {"g1": 2}
    assert Uses(records, lambda *_: (), lambda: UTC, lambda: None).since() == 9


async def test_a_grant_that_is_used_up_is_not_used_again(records: AccessRecords) -> None:
    records.put(ONCE)
    assert await count(records, 1, 2) == 1
    assert used(records) == {"g2": 1}


async def test_of_two_grants_the_one_that_ends_first_is_used(records: AccessRecords) -> None:
    records.put(TWICE, ONCE)
    await count(records, 1)
    assert used(records) == {"g1": 0, "g2": 1}
    await count(records, 2)
    assert used(records) == {"g1": 1, "g2": 1}


async def test_who_may_come_any_number_of_times_uses_nothing_up(records: AccessRecords) -> None:
    records.put(TWICE, ALWAYS)
    assert await count(records, 1) == 0
    assert used(records) == {"g1": 0, "g3": 0}


async def test_an_opening_outside_the_grants_times_uses_nothing_up(records: AccessRecords) -> None:
    records.put(ONCE)
    assert await count(records, 1, at=MONDAY + 7200 * SECOND) == 0
    assert used(records) == {"g2": 0}


async def test_with_another_journal_counting_begins_anew_where_that_ends(records: AccessRecords) -> None:
    records.put(TWICE)
    await count(records, 70)
    uses = Uses(records, lambda *_: (), lambda: UTC, lambda: None)
    uses.begin(10)
    assert uses.since() == 10
    assert await count(records, 9, 10) == 1


async def test_a_use_whose_counting_is_cut_off_is_counted_by_who_goes_on(
    records: AccessRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.put(ONCE)
    uses = Uses(records, lambda person, _: records.grants([f"person:{person}"]), lambda: UTC, lambda: None)
    monkeypatch.setattr(uses, "_write", _busy)
    uses.add(Opening(1, Event(MONDAY, "unlocked", FRONT, by="code", slot=3), LINE, frozenset(["g2"])))
    task = asyncio.create_task(uses.run())
    await asyncio.sleep(0.05)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    monkeypatch.undo()
    task = asyncio.create_task(uses.run())
    await uses.rest()
    task.cancel()
    assert used(records) == {"g2": 1}


def _busy(*_: object) -> None:
    raise StoreError("another process writes")
