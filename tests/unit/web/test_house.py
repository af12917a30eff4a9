from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from nightlatch.model.event import Event
from tests.unit.web.conftest import Web


async def test_a_change_waits_for_a_command_that_is_writing(web: Web) -> None:
    with closing(sqlite3.connect(web.service.folder / "nightlatch.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        change = asyncio.create_task(
            web.house.change(lambda registrar, now: registrar.add_person("rosa", "Rosa", "guest", (), now))
        )
        await asyncio.sleep(1.2)
        assert not change.done(), "it gave up, or did not wait"
        other.execute("COMMIT")
    assert (await change).people[0].name == "Rosa"
    assert [event.kind for event in events(web)].count("person") == 1


def events(web: Web) -> list[Event]:
    return [entry.event for entry in web.service.journal.entries() if entry.event is not None]
