"""The matter ecosystem against the real Matter server and a commissioned lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightlatch.ecosystems.matter import Matter
from nightlatch.errors import SourceError
from nightlatch.model.evidence import Claim, Grade, Item, Same
from nightlatch.model.finding import Finding, Verdict
from rigs.launch import free_port
from rigs.matter.rig import MatterRig
from tests.rigs.judging import findings
from tests.unit.ecosystems.asking import ask, context

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

PIN = "471109"


async def read(url: str) -> list[Item]:
    items, error = await ask(Matter(Matter.Settings(url=url), context("matter")))
    assert error is None
    return items


def pin_for_remote(url: str) -> Finding:
    found = findings("matter", lambda context: Matter(Matter.Settings(url=url), context))
    return found["unused-features/pin-for-remote", "matter:1"]


def facts(items: list[Item], kind: str) -> dict[str, Any]:
    return {item.fact: item.value for item in items if isinstance(item, Claim) and item.about.kind == kind}


@pytest.fixture
def ana(matter_rig: MatterRig) -> Iterator[None]:
    matter_rig.server.add_user(1, "Ana", PIN)
    yield
    matter_rig.server.remove_user(1)


def test_a_remote_unlock_without_a_pin_fails_and_passes_once_it_is_required(matter_rig: MatterRig) -> None:
    before = pin_for_remote(matter_rig.url)
    matter_rig.server.write(0x33, True)
    try:
        after = pin_for_remote(matter_rig.url)
    finally:
        matter_rig.server.write(0x33, False)

    assert (before.verdict, after.verdict) == (Verdict.FAIL, Verdict.PASS)
    (fact,) = before.evidence
    assert (fact.grade, fact.where) == (Grade.OBSERVED, "1/257/51 (RequirePINforRemoteOperation)")


async def test_make_firmware_and_battery_are_read_from_the_lock_now(matter_rig: MatterRig) -> None:
    matter_rig.act({"act": "battery", "percent": 9})
    try:
        items = await read(matter_rig.url)
    finally:
        matter_rig.act({"act": "battery", "percent": 87})
    lock = facts(items, "lock")

    assert {name: lock[name] for name in ("maker", "model", "matter_id", "serial", "firmware")} == {
        "maker": "Acme Locks",
        "model": "Virtual Deadbolt 1",
        "matter_id": "0xfff1:0x8001",
        "serial": "VL-0001",
        "firmware": "1.2.3",
    }
    assert (lock["battery_percent"], lock["battery_low"], lock["battery_type"]) == (9, True, "4×AA")
    assert {item.grade for item in items if isinstance(item, Claim)} == {None}  # observed, the default


async def test_settings_and_state_are_read(matter_rig: MatterRig) -> None:
    matter_rig.act({"act": "door", "open": True})
    try:
        lock = facts(await read(matter_rig.url), "lock")
    finally:
        matter_rig.act({"act": "door", "open": False})

    assert (lock["bolt"], lock["door_open"], lock["reachable"]) == ("thrown", True, True)
    assert (lock["wrong_code_limit"], lock["wrong_code_lockout_s"], lock["auto_relock_s"]) == (3, 5, 0)
    assert (lock["local_programming"], lock["one_touch"], lock["pin_over_air"]) == (False, True, False)
    assert (lock["code_slots"], lock["code_length_min"], lock["code_length_max"]) == (20, 4, 8)
    assert len(lock["controllers"]) == 1


@pytest.mark.usefixtures("ana")
async def test_the_user_list_is_read_and_no_pin_with_it(matter_rig: MatterRig) -> None:
    items = await read(matter_rig.url)
    credential = facts(items, "credential")

    assert {name: credential[name] for name in ("name", "slot", "form", "enabled", "foreign_creator")} == {
        "name": "Ana",
        "slot": 1,
        "form": "pin",
        "enabled": True,
        "foreign_creator": False,
    }
    assert facts(items, "lock")["codes_read"] is True
    assert PIN not in repr(items)


async def test_the_lock_is_known_by_fabric_and_by_serial_number(matter_rig: MatterRig) -> None:
    info = matter_rig.server.client.info()
    assert info is not None
    keys = [item.key for item in await read(matter_rig.url) if isinstance(item, Same)]

    assert keys == [f"matter:{info['compressed_fabric_id']:016x}/{matter_rig.server.node}", "serial:VL-0001"]


async def test_a_user_that_another_home_left_is_told_apart(tmp_path: Path) -> None:
    rig = MatterRig(tmp_path)  # one of its own: the second home stays on the lock
    try:
        rig.pair_another_home().add_user(5, "Stranger", "926481")
        items = await read(rig.url)
    finally:
        rig.stop()
    credential = facts(items, "credential")

    assert (credential["name"], credential["foreign_creator"]) == ("Stranger", True)
    assert credential["created_by"] == "a controller (vendor 0xfff1, fabric 2)"
    assert len(facts(items, "lock")["controllers"]) == 2


async def test_a_server_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(SourceError, match="the Matter server cannot be reached"):
        async for _ in Matter(Matter.Settings(url=f"ws://127.0.0.1:{free_port()}/ws"), context("matter")).collect():
            pass


async def test_the_server_s_own_copy_is_recorded_evidence_once_the_lock_is_gone(tmp_path: Path) -> None:
    rig = MatterRig(tmp_path)
    try:
        rig.unplug()
        items = await read(rig.url)
    finally:
        rig.stop()
    firmware = next(item for item in items if isinstance(item, Claim) and item.fact == "firmware")

    assert (firmware.value, firmware.grade) == ("1.2.3", Grade.RECORDED)
    assert facts(items, "lock")["reachable"] is False
