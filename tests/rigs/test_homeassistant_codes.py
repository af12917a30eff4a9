"""Codes of a lock that Home Assistant speaks to: its own Z-Wave against the `zwave` rig, whose locks are the truth."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.model.command import ClearCode, Outcome, ReadCodes, SetCode, YearDay
from nightlatch.model.evidence import Ref
from nightlatch.model.lock import Lock
from nightlatch.secrets import Secret
from rigs.homeassistant.rig import HomeAssistantRig
from rigs.zwave.rig import ZwaveRig
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.hearing import Ear, hearing

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

SCHLAGE, YALE = 2, 3
PIN, OTHER = "264813", "097258"


class House:
    """Home Assistant and the Z-Wave house that its own integration shows."""

    def __init__(self, assistant: HomeAssistantRig, zwave: ZwaveRig) -> None:
        self.assistant = assistant
        self.zwave = zwave
        self.entities = assistant.zwave_locks()

    def plug(self, token: str = "") -> HomeAssistant:
        settings = HomeAssistant.Settings(url=self.assistant.url, token=Secret(token or self.assistant.token))
        return HomeAssistant(settings, context("homeassistant"))

    def lock(self, node: int) -> Ref:
        return self.plug().ref(Lock, self.entities[node])

    def code(self, node: int, slot: int) -> str | None:
        """What is in the slot of the lock's own memory."""
        kept: list[dict[str, Any]] = self.zwave.do("memory", node=node)
        return next((one["code"] for one in kept if one["slot"] == slot), None)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ZwaveRig((SCHLAGE, YALE)) as zwave:
        assistant = HomeAssistantRig(tmp_path_factory.mktemp("assistant"), zwave=zwave)
        try:
            yield House(assistant, zwave)
        finally:
            assistant.stop()


@asynccontextmanager
async def listening(house: House, token: str = "") -> AsyncIterator[Ear]:
    async with hearing(house.plug(token)) as ear:
        yield ear


async def carried_out(ear: Ear, command: SetCode | ClearCode | ReadCodes) -> Outcome:
    begin = time.perf_counter()
    outcome = await ear.link.command(command)
    took = time.perf_counter() - begin
    name = type(command).__name__
    sys.stdout.write(f"\n  {name}: {outcome.ending} {outcome.why}, {outcome.what}; {outcome.sent} sent, {took:.2f} s")
    assert not any(pin in repr((ear.all, outcome)) for pin in (PIN, OTHER))
    return outcome


@pytest.mark.parametrize("node", [SCHLAGE, YALE])
async def test_a_code_is_set_read_back_from_the_lock_changed_and_removed(house: House, node: int) -> None:
    lock = house.lock(node)
    async with listening(house) as ear:
        outcome = await carried_out(ear, SetCode(lock, 7, Secret(PIN)))
        (slot,) = outcome.slots
        assert (outcome.ending, slot.proof, slot.code == Secret(PIN)) == ("evidence", "value", True)
        assert house.code(node, 7) == PIN
        assert (await carried_out(ear, SetCode(lock, 7, Secret(PIN)))).sent == 1
        assert (await carried_out(ear, SetCode(lock, 7, Secret(OTHER)))).ending == "evidence"
        assert house.code(node, 7) == OTHER
        outcome = await carried_out(ear, ClearCode(lock, 7))
        assert (outcome.ending, outcome.slots[0].status, outcome.slots[0].proof) == ("evidence", "empty", "value")
        assert house.code(node, 7) is None


@pytest.mark.parametrize("node", [SCHLAGE, YALE])
async def test_a_lock_that_refuses_is_seen_through(house: House, node: int) -> None:
    async with listening(house) as ear:
        await carried_out(ear, SetCode(house.lock(node), 8, Secret(PIN)))
        house.zwave.do("fault", node=node, fault="refuseCodes", value=True)
        try:
            changed = await carried_out(ear, SetCode(house.lock(node), 8, Secret(OTHER)))
            kept = await carried_out(ear, SetCode(house.lock(node), 9, Secret(OTHER)))
        finally:
            house.zwave.do("fault", node=node, fault="refuseCodes", value=False)
        assert (changed.ending, changed.why, changed.slots[0].status) == ("refused", "unheeded", "used")
        assert (kept.ending, kept.why, kept.slots[0].status) == ("refused", "unheeded", "empty")
        assert (house.code(node, 8), house.code(node, 9)) == (PIN, None)
        assert (await carried_out(ear, ClearCode(house.lock(node), 8))).ending == "evidence"


async def test_a_dead_lock_is_unknown(house: House) -> None:
    async with listening(house) as ear:
        house.zwave.do("silent", node=YALE, value=True)
        try:
            outcome = await carried_out(ear, SetCode(house.lock(YALE), 10, Secret(PIN)))
        finally:
            house.zwave.do("silent", node=YALE, value=False)
        assert outcome.ending == "unknown"
        # The other lock is not held up, and the dead one is one again.
        assert (await carried_out(ear, ReadCodes(house.lock(SCHLAGE), (10,)))).ending == "evidence"
        for _ in range(20):
            if (await carried_out(ear, ReadCodes(house.lock(YALE), (10,)))).ending == "evidence":
                break
        assert house.code(YALE, 10) is None


async def test_what_cannot_be_is_refused_with_its_reason(house: House) -> None:
    lock = house.lock(YALE)
    async with listening(house) as ear:
        for command, why in (
            (SetCode(lock, 7, Secret(PIN), (YearDay(0, 1),)), "limits"),
            (SetCode(lock, 7, Secret("123")), "invalid"),
            (SetCode(lock, 0, Secret(PIN)), "slot"),
            (ReadCodes(lock, (700,)), "slot"),
            (SetCode(house.plug().ref(Lock, "lock.back_door"), 7, Secret(PIN)), "unsupported"),
        ):
            outcome = await carried_out(ear, command)
            assert (outcome.ending, outcome.why) == ("refused", why)
    async with listening(house, house.assistant.user_token) as ear:
        outcome = await carried_out(ear, SetCode(lock, 7, Secret(PIN)))
        assert (outcome.ending, outcome.why) == ("refused", "denied")
    assert house.code(YALE, 7) is None
    assert PIN not in (house.assistant.config / "home-assistant.log").read_text()
