"""Codes on locks behind the real Z-Wave driver and server: set, proven, held to their limits, and gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from nightlatch.model.command import ClearCode, CloseJoin, Limit, Outcome, ReadCodes, Rules, SetCode, Slot
from nightlatch.model.evidence import Ref
from nightlatch.secrets import Secret
from rigs.zwave.client import connect
from rigs.zwave.rig import ZwaveRig
from tests.rigs.test_zwave_live import heard, ref
from tests.rigs.zwave import KWIKSET, SCHLAGE, YALE, holds
from tests.unit.ecosystems.hearing import Ear

pytestmark = pytest.mark.rig

HOME_CONNECT, NEWEST = 6, 7
ALL = (SCHLAGE, YALE, KWIKSET, HOME_CONNECT, NEWEST)
ZONE = "Europe/Berlin"
PINS = ("482917", "610385", "7729", "904412")
FAULTS = (
    *("refuseCodes", "ignoreCodes", "loseCodes", "hideCodes", "busyKeypad"),
    *("refuseSchedules", "forgetSchedules", "refuseClock"),
)
HUB = Ref("hub", "zwavejs:controller")


@pytest.fixture(scope="module")
def house() -> Iterator[ZwaveRig]:
    with ZwaveRig(ALL, zone=ZONE) as rig:
        yield rig


@pytest.fixture
def rig(house: ZwaveRig) -> ZwaveRig:
    """The house with no code on any lock and every lock well."""
    for node in ALL:
        house.do("silent", node=node, value=False)
        house.do("drop", node=node)
        house.do("slow", node=node, milliseconds=0)
        house.do("forget_codes", node=node)
        for fault in FAULTS:
            house.do("fault", node=node, fault=fault, value=False)
    return house


class Hub:
    """A link to the house, and what it sends to a lock."""

    def __init__(self, rig: ZwaveRig, ear: Ear) -> None:
        self.rig = rig
        self.ear = ear

    async def do(self, command: SetCode | ClearCode | ReadCodes, *, counted: bool = True) -> Outcome:
        """The outcome; what it says that it sent is what the lock was sent."""
        node = int(command.about.key.partition(":")[2])
        await asyncio.to_thread(self.rig.do, "sent", node=node, forget=True)
        outcome = await self.ear.link.command(command)
        if counted:
            sent = await asyncio.to_thread(self.rig.do, "sent", node=node)
            assert outcome.sent == sum(sent["commands"].values()), sent
        return outcome

    async def set(self, node: int, slot: int, pin: str, *limits: Limit, counted: bool = True) -> Outcome:
        return await self.do(SetCode(ref(node), slot, Secret(pin), limits, ZONE), counted=counted)

    async def clear(self, node: int, slot: int, *, counted: bool = True) -> Outcome:
        return await self.do(ClearCode(ref(node), slot), counted=counted)

    async def read(self, node: int, *slots: int) -> Outcome:
        return await self.do(ReadCodes(ref(node), slots))


@asynccontextmanager
async def hub(rig: ZwaveRig) -> AsyncIterator[Hub]:
    async with heard(rig) as ear:
        yield Hub(rig, ear)


@contextmanager
def fault(rig: ZwaveRig, node: int, name: str) -> Iterator[None]:
    rig.do("fault", node=node, fault=name, value=True)
    try:
        yield
    finally:
        rig.do("fault", node=node, fault=name, value=False)


def memory(rig: ZwaveRig, node: int) -> dict[int, str]:
    """The codes that the lock itself keeps, by slot."""
    return {held["slot"]: held["code"] for held in rig.do("memory", node=node)}


def opens(rig: ZwaveRig, node: int, pin: str, at: str | None = None) -> bool:
    return rig.do("type", node=node, code=pin, **({"at": at} if at else {}))["slot"] is not None


def only(outcome: Outcome) -> Slot:
    [slot] = outcome.slots
    return slot


# Set, read, clear


@pytest.mark.parametrize("node", ALL)
async def test_a_code_is_set_opens_is_changed_and_is_gone_from_the_locks_own_memory(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        outcome = await house.set(node, 3, PINS[0])
        assert (outcome.ending, outcome.what, outcome.why) == ("evidence", "the code was read back", "")
        assert outcome.where == f"node {node}, code slot 3"
        assert outcome.at > 0
        assert (only(outcome).status, only(outcome).proof, only(outcome).code) == ("used", "value", Secret(PINS[0]))
        assert memory(rig, node) == {3: PINS[0]}
        assert opens(rig, node, PINS[0])
        assert (await house.ear.event("unlocked")).slot == 3
        assert (await house.set(node, 3, PINS[1])).ending == "evidence"
        assert memory(rig, node) == {3: PINS[1]}
        outcome = await house.clear(node, 3)
        assert (outcome.ending, only(outcome).status, only(outcome).proof) == ("evidence", "empty", "value")
        assert memory(rig, node) == {}
        assert not opens(rig, node, PINS[1])
        for one in (*house.ear.all, outcome):
            for pin in PINS:
                assert not holds(repr(one), pin)
        for event in house.ear.all:
            assert not any(holds(msgspec.json.encode(event).decode(), pin) for pin in PINS)


@pytest.mark.parametrize(
    ("node", "rules"),
    [
        (SCHLAGE, Rules(30)),
        (YALE, Rules(30, year_days=1, week_days=1, days_together=True, master=True)),
        (KWIKSET, Rules(8)),
        (HOME_CONNECT, Rules(30, year_days=2, week_days=7, master=True)),
        (NEWEST, Rules(30, shortest=4, longest=8, master=True)),
    ],
)
async def test_a_lock_tells_what_it_keeps_to(rig: ZwaveRig, node: int, rules: Rules) -> None:
    async with hub(rig) as house:
        found = (await house.read(node)).rules
    assert found == replace(rules, gives_codes=True, reports_changes=True, reports_use=True)


@pytest.mark.parametrize("node", ALL)
async def test_what_is_read_is_what_the_lock_holds_now_and_not_what_the_hub_remembers(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        await house.set(node, 3, PINS[0])
        await asyncio.to_thread(rig.do, "plant", node=node, slot=3, code=None)
        await asyncio.to_thread(rig.do, "plant", node=node, slot=4, code=PINS[1])
        outcome = await house.read(node, 3, 4, 5)
    assert [(slot.slot, slot.status, slot.code) for slot in outcome.slots] == [
        (3, "empty", None),
        (4, "used", Secret(PINS[1])),
        (5, "empty", None),
    ]


@pytest.mark.parametrize("node", ALL)
async def test_slots_that_are_not_there_and_codes_that_are_none_are_refused_and_nothing_is_written(
    rig: ZwaveRig, node: int
) -> None:
    async with hub(rig) as house:
        for slot in (-1, 0, 31, 251, 1_000_000):
            for command in (SetCode(ref(node), slot, Secret(PINS[0])), ClearCode(ref(node), slot)):
                outcome = await house.do(command)
                assert (outcome.ending, outcome.why) == ("refused", "slot"), (command, outcome)
        for pin in ("123", "12345678901", "12a4", "", "١٢٣٤"):
            assert (await house.set(node, 3, pin)).why == "invalid"
    assert memory(rig, node) == {}


async def test_emptying_slot_0_empties_no_other(rig: ZwaveRig) -> None:
    async with hub(rig) as house:
        for node in ALL:
            await house.set(node, 3, PINS[0])
            await house.clear(node, 0)
            assert memory(rig, node) == {3: PINS[0]}


async def test_a_master_code_is_seen_and_never_written(rig: ZwaveRig) -> None:
    rig.do("plant", node=YALE, slot=251, code=PINS[3])
    async with hub(rig) as house:
        async with connect(rig.url) as other:
            await other.ask("endpoint.access_control.set_admin_code", nodeId=HOME_CONNECT, endpoint=0, code=PINS[2])
        for node, slot, pin in ((YALE, 251, PINS[3]), (HOME_CONNECT, 0, PINS[2])):
            [master] = (await house.read(node)).slots
            assert (master.slot, master.form, master.status, master.code) == (slot, "master", "used", Secret(pin))
            assert (await house.set(node, slot, PINS[0])).why == "slot"
            assert (await house.clear(node, slot)).why == "slot"
            assert memory(rig, node) == {slot: pin}


# Locks that do not do it


@pytest.mark.parametrize(
    ("node", "name", "why"),
    [
        (SCHLAGE, "refuseCodes", "unheeded"),  # it cannot say no: "Success Unsupervised"
        (SCHLAGE, "ignoreCodes", "unheeded"),
        (YALE, "refuseCodes", ""),
        (YALE, "ignoreCodes", "unheeded"),
        (YALE, "loseCodes", "unheeded"),
        (NEWEST, "ignoreCodes", "unheeded"),
    ],
)
async def test_a_lock_that_does_not_store_or_remove_a_code_is_seen_through(
    rig: ZwaveRig, node: int, name: str, why: str
) -> None:
    async with hub(rig) as house:
        await house.set(node, 3, PINS[0])
        with fault(rig, node, name):
            outcome = await house.set(node, 4, PINS[1])
            assert (outcome.ending, outcome.why, only(outcome).status) == ("refused", why, "empty")
            outcome = await house.clear(node, 3)
            assert (outcome.ending, outcome.why, only(outcome).status) == ("refused", why, "used")
    assert memory(rig, node) == {3: PINS[0]}


@pytest.mark.parametrize("node", ALL)
async def test_a_code_that_the_lock_has_already_is_a_duplicate(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        await house.set(node, 3, PINS[0])
        outcome = await house.set(node, 4, PINS[0])
        assert (outcome.ending, outcome.why) == ("refused", "duplicate")
        assert (await house.set(node, 4, PINS[1])).ending == "evidence"
    assert memory(rig, node) == {3: PINS[0], 4: PINS[1]}


async def test_a_busy_keypad_is_no_refusal(rig: ZwaveRig) -> None:
    async with hub(rig) as house:
        with fault(rig, YALE, "busyKeypad"):
            outcome = await house.set(YALE, 3, PINS[0])
    assert (outcome.ending, outcome.what) == ("unknown", "somebody is at the lock's keypad")


async def test_a_lock_that_hides_its_codes_proves_presence_only_in_a_slot_that_was_empty(rig: ZwaveRig) -> None:
    async with hub(rig) as house:
        with fault(rig, YALE, "hideCodes"):
            await house.read(YALE, 3)
            rig.do("plant", node=YALE, slot=3, code=PINS[0])
            assert only(await house.read(YALE, 3)).proof == "presence"
            outcome = await house.set(YALE, 3, PINS[1])
            assert (outcome.ending, only(outcome).proof, only(outcome).code) == ("evidence", "presence", None)
            assert memory(rig, YALE) == {3: PINS[1]}
            with fault(rig, YALE, "ignoreCodes"):
                # It cannot be emptied first, so what is in it cannot be told.
                assert (await house.set(YALE, 3, PINS[2])).ending != "evidence"


# Links that lose


@pytest.mark.parametrize("node", ALL)
async def test_a_dead_lock_is_unknown_costs_few_messages_and_works_when_it_is_back(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        await house.set(node, 3, PINS[0])
        rig.do("silent", node=node, value=True)
        begun = time.monotonic()
        outcomes = [
            await house.clear(node, 3, counted=False),
            await house.set(node, 4, PINS[1], counted=False),
            await house.ear.link.command(ReadCodes(ref(node), (3, 4))),
        ]
        assert time.monotonic() - begun < 15
        assert {outcome.ending for outcome in outcomes} == {"unknown"}
        assert all(outcome.sent == 1 for outcome in outcomes)
        assert rig.do("sent", node=node)["frames"] <= 10
        rig.do("silent", node=node, value=False)
        assert (await house.clear(node, 3)).ending == "evidence"
    assert memory(rig, node) == {}


@pytest.mark.parametrize("node", [SCHLAGE, YALE, NEWEST])
async def test_a_link_that_drops_a_write_is_told_apart_from_a_lock_that_refuses(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        rig.do("drop", node=node, to=100)
        outcome = await house.set(node, 3, PINS[0], counted=False)
        assert (outcome.ending, outcome.why) == ("unknown", "")
        assert "not reached" in outcome.what
        rig.do("drop", node=node)
        assert (await house.set(node, 3, PINS[0], counted=False)).ending == "evidence"
    assert memory(rig, node) == {3: PINS[0]}


@pytest.mark.parametrize("node", [SCHLAGE, YALE, NEWEST])
async def test_a_write_whose_answers_are_lost_is_unknown_and_never_called_done(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        await house.read(node, 3)
        rig.do("drop", node=node, **{"from": 100})
        outcome = await house.set(node, 3, PINS[0], counted=False)
        assert outcome.ending == "unknown"
        rig.do("drop", node=node)
        found = only(await house.ear.link.command(ReadCodes(ref(node), (3,))))
        assert found.status == ("used" if 3 in memory(rig, node) else "empty")


async def test_a_slow_lock_is_waited_for(rig: ZwaveRig) -> None:
    rig.do("slow", node=YALE, milliseconds=600)
    async with hub(rig) as house:
        outcome = await house.set(YALE, 3, PINS[0])
        assert outcome.ending == "evidence"
        many = await house.read(YALE, *range(1, 31), *range(1, 31))
        assert (many.ending, "there was time for" in many.what) == ("unknown", True)
        assert len(many.slots) > 20


# By keypad


@pytest.mark.parametrize("node", ALL)
async def test_a_code_added_or_deleted_at_the_keypad_is_told_where_the_lock_reports_it(
    rig: ZwaveRig, node: int
) -> None:
    async with hub(rig) as house:
        await asyncio.to_thread(rig.do, "plant", node=node, slot=5, code=PINS[0], report=True)
        assert (await house.ear.event("code_added")).slot == 5
        assert only(await house.read(node, 5)).code == Secret(PINS[0])
        await asyncio.to_thread(rig.do, "plant", node=node, slot=5, code=None, report=True)
        assert (await house.ear.event("code_removed")).slot == 5
        assert only(await house.read(node, 5)).status == "empty"


async def test_tags_and_who_made_a_credential_are_told_by_a_lock_of_users(rig: ZwaveRig) -> None:
    rig.do("plant", node=NEWEST, slot=6, code=PINS[1])
    rig.do("plant", node=NEWEST, slot=2, code="11223344", type=3)
    async with hub(rig) as house:
        await house.set(NEWEST, 3, PINS[0])
        found = {slot.slot: slot for slot in (await house.read(NEWEST)).slots}
        assert (found[3].creator, found[3].foreign) == ("this hub", False)
        assert (found[6].creator, found[6].foreign, found[6].code) == ("somebody at the lock", True, Secret(PINS[1]))
        assert (found[300_002].form, found[300_002].proof, found[300_002].foreign) == ("tag", "presence", True)
        assert (await house.set(NEWEST, 2, PINS[2])).why == "slot"  # its user has a tag, and is somebody else's
        assert (await house.clear(NEWEST, 300_002)).ending == "evidence"
    assert memory(rig, NEWEST) == {3: PINS[0], 6: PINS[1]}


# The hub


@pytest.mark.parametrize("way", ["inclusion", "exclusion"])
async def test_a_network_that_was_left_open_is_closed_and_read_back(rig: ZwaveRig, way: str) -> None:
    async with heard(rig) as ear, connect(rig.url) as other:
        options: dict[str, Any] = {"options": {"strategy": 0}}
        await other.ask(f"controller.begin_{way}", **options)
        outcome = await ear.link.command(CloseJoin(HUB))
        assert (outcome.ending, outcome.what) == ("evidence", "no device can join")
        assert (await other.ask("controller.get_state"))["state"]["inclusionState"] == 0
        assert (await ear.link.command(CloseJoin(HUB))).ending == "evidence"
        assert (await ear.link.command(CloseJoin(ref(YALE)))).ending == "refused"


async def test_many_codes_cost_two_messages_each(rig: ZwaveRig) -> None:
    async with hub(rig) as house:
        outcomes = [await house.set(SCHLAGE, slot, str(482_900 + 7 * slot)) for slot in range(1, 31)]
    assert {outcome.ending for outcome in outcomes} == {"evidence"}
    assert sum(outcome.sent for outcome in outcomes) <= 2 * 30 + 1
    assert len(memory(rig, SCHLAGE)) == 30
