"""Sending a command: what an ecosystem answers is made fit to be shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from nightlatch.guard.commanding import send
from nightlatch.model.command import LockDoor, Outcome, ReadCodes, Slot
from nightlatch.model.evidence import Ref
from nightlatch.secrets import Secret

ESCAPE = "\x1b]0;all is well\x07"


async def test_what_was_written_to_a_lock_is_nothing_that_a_terminal_obeys() -> None:
    held = Slot(3, "used", "value", Secret("482917"), name=f"Ana{ESCAPE}", creator=f"a hub{ESCAPE}")

    async def command(_: object) -> Outcome:
        return Outcome("evidence", f"put there by {ESCAPE}", f"GetUser {ESCAPE}", slots=(held,))

    line: Any = SimpleNamespace(link=SimpleNamespace(command=command), id="matter")
    outcome = await send(line, ReadCodes(Ref("lock", "front"), (3,)))
    (slot,) = outcome.slots
    for text in (outcome.what, outcome.where, slot.name, slot.creator):
        assert text.isprintable()
        assert "all is well" in text
    assert slot.code == held.code


async def test_who_waits_at_the_door_is_told_that_the_lock_took_the_command_and_others_are_not_asked_for() -> None:
    told: list[str] = []

    async def move(_: object, taken: Any) -> Outcome:
        taken("lock")
        return Outcome("evidence", "bolt thrown")

    async def command(_: object) -> Outcome:
        return Outcome("unknown", "nobody waits")

    line: Any = SimpleNamespace(
        link=SimpleNamespace(command=command, move=move), id="zwave", lane=SimpleNamespace(full=False)
    )
    assert (await send(line, LockDoor(Ref("lock", "front")), told.append)).what == "bolt thrown"
    assert told == ["lock"]
    assert (await send(line, LockDoor(Ref("lock", "front")))).what == "nobody waits"
    assert (await send(line, ReadCodes(Ref("lock", "front")), told.append)).what == "nobody waits"
