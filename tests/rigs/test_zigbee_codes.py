"""Codes of a lock behind the real Zigbee2MQTT: what is told of them, held against the lock's own memory."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pytest

from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.model.command import ClearCode, CloseJoin, Command, Outcome, ReadCodes, SetCode, YearDay
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.secrets import Secret
from rigs.zigbee.rig import LOCK, ZigbeeRig
from tests.rigs.fixtures_zigbee import Changed, held
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.hearing import hearing

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

PIN, OTHER = "264813", "0972"


def plug(rig: ZigbeeRig) -> Zigbee2Mqtt:
    return Zigbee2Mqtt(Zigbee2Mqtt.Settings(url=rig.mqtt_url), context("zigbee2mqtt"))


REF = Zigbee2Mqtt(Zigbee2Mqtt.Settings(url="mqtt://127.0.0.1"), context("zigbee2mqtt")).ref(Lock, LOCK)


async def carried_out(rig: ZigbeeRig, *commands: Command, mood: str = "well") -> Outcome:
    """How the last of these commands ended; the lock is in that mood."""
    rig.do(f"mood {mood}")
    async with hearing(plug(rig)) as ear:
        for command in commands:
            before, begin = int(rig.do("frames")), time.perf_counter()
            outcome = await ear.link.command(command)
            took, frames = time.perf_counter() - begin, int(rig.do("frames")) - before
            sys.stdout.write(
                f"\n  {type(command).__name__}, lock {mood}: {outcome.ending} {outcome.why}, {outcome.what};"
                f" {outcome.sent} messages, {frames} frames, {took:.3f} s"
            )
        heard: Any = (ear.all, outcome)
        assert not any(pin in repr(heard) for pin in (PIN, OTHER))
    return outcome


def set_code(pin: str = PIN, slot: int = 7) -> SetCode:
    return SetCode(REF, slot, Secret(pin))


async def test_a_code_is_set_read_back_opens_the_door_and_is_removed(zigbee_rig: ZigbeeRig) -> None:
    outcome = await carried_out(zigbee_rig, set_code())
    (slot,) = outcome.slots
    assert (outcome.ending, slot.status, slot.proof, outcome.sent) == ("evidence", "used", "presence", 3)
    assert held(zigbee_rig) == {"7": PIN}
    assert zigbee_rig.do(f"type {PIN}") == "opened"
    outcome = await carried_out(zigbee_rig, ClearCode(REF, 7))
    (slot,) = outcome.slots
    assert (outcome.ending, slot.status, slot.proof, outcome.sent) == ("evidence", "empty", "value", 2)
    assert held(zigbee_rig) == {}
    assert zigbee_rig.do(f"type {PIN}") == "wrong code"


async def test_a_code_keeps_its_leading_zero_and_takes_the_place_of_another(zigbee_rig: ZigbeeRig) -> None:
    outcome = await carried_out(zigbee_rig, set_code(), set_code(OTHER))
    assert outcome.ending == "evidence"
    assert held(zigbee_rig) == {"7": OTHER}


async def test_where_pins_are_exposed_the_lock_s_own_word_is_the_proof(
    zigbee_rig: ZigbeeRig, changed_zigbee: Changed
) -> None:
    with changed_zigbee(device_options={"expose_pin": True}):
        outcome = await carried_out(zigbee_rig, set_code())
        (slot,) = outcome.slots
        assert (outcome.ending, slot.proof, slot.code == Secret(PIN)) == ("evidence", "value", True)
        again = await carried_out(zigbee_rig, set_code())
        assert (again.ending, again.sent) == ("evidence", 1)
        other = await carried_out(zigbee_rig, set_code(OTHER))
        assert (other.ending, other.slots[0].proof) == ("evidence", "value")
        refused = await carried_out(zigbee_rig, set_code(), mood="refusing")
        assert (refused.ending, refused.why, refused.what) == (
            "refused",
            "unheeded",
            "the lock answered and did not do it: slot 7 holds another code",
        )
        zigbee_rig.do("mood well")
        zigbee_rig.do("masked")  # what Zigbee2MQTT remembers of the slot is no proof of what is in it now
        masked = await carried_out(zigbee_rig, ClearCode(REF, 7), set_code(OTHER))
        assert (masked.ending, masked.slots[0].proof, masked.slots[0].code) == ("evidence", "presence", None)


@pytest.mark.parametrize(
    ("mood", "why", "what"),
    [
        ("refusing", "unheeded", "the lock answered and did not do it: slot 7 is empty"),
        ("full", "unheeded", "the lock answered and did not do it: slot 7 is empty"),
        ("forgetful", "unheeded", "the lock answered and did not do it: slot 7 is empty"),
        ("declining", "denied", "the lock declined (status NOT_AUTHORIZED): slot 7 is empty"),
    ],
)
async def test_a_lock_that_does_not_take_a_code_is_seen_through(
    zigbee_rig: ZigbeeRig, mood: str, why: str, what: str
) -> None:
    outcome = await carried_out(zigbee_rig, set_code(), mood=mood)
    assert (outcome.ending, outcome.why, outcome.what) == ("refused", why, what)
    assert [one.status for one in outcome.slots] == ["empty"]
    assert held(zigbee_rig) == {}


@pytest.mark.parametrize(("mood", "why"), [("refusing", "unheeded"), ("declining", "denied")])
async def test_a_code_that_stays_is_never_called_gone(zigbee_rig: ZigbeeRig, mood: str, why: str) -> None:
    await carried_out(zigbee_rig, set_code())
    outcome = await carried_out(zigbee_rig, ClearCode(REF, 7), mood=mood)
    assert (outcome.ending, outcome.why, outcome.slots[0].status) == ("refused", why, "used")
    assert held(zigbee_rig) == {"7": PIN}


async def test_a_code_that_another_slot_has_is_not_taken(zigbee_rig: ZigbeeRig) -> None:
    outcome = await carried_out(zigbee_rig, set_code(slot=6), set_code(slot=7))
    assert (outcome.ending, outcome.why) == ("refused", "unheeded")
    assert held(zigbee_rig) == {"6": PIN}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("mood", ["dropping", "silent"])
async def test_a_write_that_does_not_reach_the_lock_is_no_refusal(
    zigbee_rig: ZigbeeRig, mood: str, restarted: bool
) -> None:
    if restarted:  # from then on Zigbee2MQTT would send again what this lock does not answer, for a day
        zigbee_rig.restart_zigbee2mqtt()
    outcome = await carried_out(zigbee_rig, set_code(), mood=mood)
    assert (outcome.ending, outcome.why) == ("unknown", "")
    zigbee_rig.do("mood well")
    zigbee_rig.do("keypad 3")
    await asyncio.sleep(2)
    assert held(zigbee_rig) == {}
    # A lock that does not even answer a question is not given the code.
    assert outcome.sent == (1 if mood == "silent" else 3)
    assert PIN not in (zigbee_rig.folder / "zigbee2mqtt.log").read_text()


async def test_codes_that_others_added_and_removed_are_read(zigbee_rig: ZigbeeRig) -> None:
    read = ReadCodes(REF, (7, 8, 9))
    outcome = await carried_out(zigbee_rig, set_code(), read)
    assert [one.status for one in outcome.slots] == ["used", "empty", "empty"]
    zigbee_rig.do("add 9 5831 quiet")
    zigbee_rig.do("remove 7 quiet")
    outcome = await carried_out(zigbee_rig, read)
    assert (outcome.ending, outcome.sent) == ("evidence", 3)
    assert [(one.status, one.proof) for one in outcome.slots] == [
        ("empty", "value"),
        ("empty", "value"),
        ("used", "presence"),
    ]


async def test_a_change_at_the_keypad_is_heard_when_the_lock_tells_of_it(zigbee_rig: ZigbeeRig) -> None:
    async with hearing(plug(zigbee_rig)) as ear:
        zigbee_rig.do("add 9 5831")
        assert (await ear.event("code_added")).slot == 9
        zigbee_rig.do("remove 9")
        assert (await ear.event("code_removed")).slot == 9


async def test_the_rules_are_the_lock_s_own_and_hold_before_anything_is_sent(zigbee_rig: ZigbeeRig) -> None:
    # That a lock tells of changes is known once it has.
    outcome = await carried_out(zigbee_rig, set_code(), ReadCodes(REF))
    rules = outcome.rules
    assert rules is not None
    assert (outcome.ending, outcome.slots, outcome.sent) == ("evidence", (), 1)
    assert (rules.slots, rules.shortest, rules.longest, rules.gives_codes) == (249, 4, 8, False)
    assert (rules.reports_changes, rules.reports_use, rules.year_days, rules.week_days) == (True, True, 0, 0)
    for command, why in (
        (set_code("123"), "invalid"),
        (set_code("123456789"), "invalid"),
        (set_code(slot=250), "slot"),
        (SetCode(REF, 7, Secret(PIN), (YearDay(0, 1),)), "limits"),
    ):
        refused = await carried_out(zigbee_rig, ReadCodes(REF), command)
        assert (refused.ending, refused.why, refused.sent) == ("refused", why, 0)


async def test_without_the_log_only_a_change_is_proven(zigbee_rig: ZigbeeRig, changed_zigbee: Changed) -> None:
    with changed_zigbee(log_level="warning"):
        outcome = await carried_out(zigbee_rig, set_code(slot=11))
        assert outcome.ending == "evidence"
        assert (await carried_out(zigbee_rig, ClearCode(REF, 11))).ending == "evidence"
        again = await carried_out(zigbee_rig, ReadCodes(REF, (11,)))
        assert (again.ending, again.slots[0].proof) == ("unknown", "assumed")


async def test_thirty_codes_cost_three_messages_each(zigbee_rig: ZigbeeRig) -> None:
    begin = time.perf_counter()
    async with hearing(plug(zigbee_rig)) as ear:
        outcomes = [await ear.link.command(set_code(f"{4000 + 37 * slot}", slot)) for slot in range(1, 31)]
    took = time.perf_counter() - begin
    assert {one.ending for one in outcomes} == {"evidence"}
    sys.stdout.write(f"\n  30 codes: {sum(one.sent for one in outcomes)} messages, {took:.2f} s")
    assert len(held(zigbee_rig)) == 30
    assert sum(one.sent for one in outcomes) == 90


async def test_the_network_is_closed_and_says_so(zigbee_rig: ZigbeeRig) -> None:
    hub = plug(zigbee_rig).ref(Hub, "bridge")
    await asyncio.to_thread(zigbee_rig.permit_join, True)
    for _ in range(2):
        since = zigbee_rig.traffic.mark()
        outcome = await carried_out(zigbee_rig, CloseJoin(hub))
        assert (outcome.ending, outcome.what) == ("evidence", "no new device may join")
        zigbee_rig.traffic.wait("bridge/info", lambda info: not info["permit_join"], since=since)
