"""The Z-Wave JS ecosystem against the real driver and server with four simulated locks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nightlatch.ecosystems._zwavejs import server as wire
from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.errors import SourceError
from nightlatch.model.evidence import Claim, Gap, Grade, Item, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.model.thing import Field
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter
from rigs.zwave.client import connect
from rigs.zwave.rig import ZwaveRig
from tests.rigs.zwave import (
    DEFAULT_OF_KWIKSET,
    KWIKSET,
    OTHER_PIN,
    SCHLAGE,
    UNSECURED,
    YALE,
    holds,
    planted,
    set_at_the_lock,
)

pytestmark = pytest.mark.rig

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def read(rig: ZwaveRig) -> list[Item]:
    context = Context("zwavejs", "zwavejs", NOW, Fingerprinter())
    return [item async for item in ZwaveJs(ZwaveJs.Settings(url=rig.url), context).collect()]


def told(items: list[Item], field: Field[Any]) -> dict[str, Any]:
    """What is claimed of a field, by the thing's key."""
    return {claim.about.key: claim.value for claim in claims(items, field)}


def claims(items: list[Item], field: Field[Any]) -> list[Claim]:
    return [
        item for item in items if isinstance(item, Claim) and (item.about.kind, item.fact) == (field.kind, field.name)
    ]


async def test_four_locks_have_four_securities_all_observed(zwave_rig: ZwaveRig) -> None:
    items = await read(zwave_rig)
    assert told(items, Lock.security) == {
        "zwavejs:2": "s2_access_control",
        "zwavejs:3": "s2_authenticated",
        "zwavejs:4": "s0",
        "zwavejs:5": "none",
    }
    assert {claim.grade or ZwaveJs.grade for claim in claims(items, Lock.security)} == {Grade.OBSERVED}
    assert Same(Ref("lock", "zwavejs:3"), "zwave:0x7e570001/3") in items
    assert not [item for item in items if isinstance(item, Gap)]


@pytest.mark.parametrize("schema", [wire.OLDEST_SCHEMA, 31, 46])
async def test_older_api_schemas_tell_the_same_of_the_locks(
    zwave_rig: ZwaveRig, monkeypatch: pytest.MonkeyPatch, schema: int
) -> None:
    newest = await read(zwave_rig)
    monkeypatch.setattr(wire, "NEWEST_SCHEMA", schema)
    older = await read(zwave_rig)
    # When a lock last spoke came with schema 30, the device database's version with 47.
    for field in ZwaveJs.gives:
        if field in (Lock.last_heard, Hub.parts):
            continue
        assert told(older, field) == told(newest, field)


async def test_the_hub_and_its_door_to_other_programs_are_told(zwave_rig: ZwaveRig) -> None:
    items = await read(zwave_rig)
    hub = "zwavejs:controller"
    assert told(items, Hub.version) == {hub: "15.29.0"}
    assert "server 3.10.2" in told(items, Hub.parts)[hub]
    assert told(items, Hub.asks_sign_in) == {hub: False}
    assert told(items, Hub.listens) == {hub: "loopback"}
    assert told(items, Hub.permit_join) == {hub: False}
    assert told(items, Hub.analytics) == {hub: False}


async def test_every_field_that_is_claimed_is_one_that_the_ecosystem_says_it_gives(zwave_rig: ZwaveRig) -> None:
    with planted(zwave_rig, YALE, 1, OTHER_PIN):
        items = await read(zwave_rig)
    given = {field.path for field in ZwaveJs.gives}
    assert {f"{item.about.kind}.{item.fact}" for item in items if isinstance(item, Claim)} <= given


async def test_the_wrong_code_lockout_is_read_from_the_lock_and_not_from_the_cache(zwave_rig: ZwaveRig) -> None:
    with set_at_the_lock(zwave_rig, YALE, 4, 9), set_at_the_lock(zwave_rig, YALE, 7, 45):
        items = await read(zwave_rig)
    limit = next(claim for claim in claims(items, Lock.wrong_code_limit) if claim.about.key == "zwavejs:3")
    assert (limit.value, limit.grade, limit.where) == (9, None, "node 3, parameter 4 (Wrong Code Limit)")
    assert told(items, Lock.wrong_code_lockout_s) == {"zwavejs:3": 45, "zwavejs:5": 60}


async def test_settings_of_every_make_are_understood(zwave_rig: ZwaveRig) -> None:
    with set_at_the_lock(zwave_rig, YALE, 2, -1), set_at_the_lock(zwave_rig, SCHLAGE, 7, 2):
        items = await read(zwave_rig)
    assert told(items, Lock.auto_relock_s) == {"zwavejs:2": 0, "zwavejs:3": 30, "zwavejs:5": 0}
    assert told(items, Lock.auto_lock_by) == {"zwavejs:3": "lock", "zwavejs:4": "lock"}
    assert told(items, Lock.tamper_alarm) == {"zwavejs:2": True}
    assert told(items, Lock.code_length_max) == {"zwavejs:2": 4}
    assert told(items, Lock.one_touch) == {"zwavejs:2": False, "zwavejs:3": True}


async def test_a_planted_default_code_is_found_and_its_digits_are_in_no_claim(zwave_rig: ZwaveRig) -> None:
    with planted(zwave_rig, KWIKSET, 2, DEFAULT_OF_KWIKSET), planted(zwave_rig, YALE, 7, OTHER_PIN):
        items = await read(zwave_rig)
    assert told(items, Credential.default) == {"zwavejs:4/2": True, "zwavejs:3/7": False}
    assert told(items, Credential.lock)["zwavejs:4/2"] == Ref("lock", "zwavejs:4")
    assert set(told(items, Lock.codes_read).values()) == {True}
    assert told(items, Lock.code_slots) == {"zwavejs:2": 30, "zwavejs:3": 30, "zwavejs:4": 8, "zwavejs:5": 8}
    assert told(items, Hub.plain_pins)["zwavejs:controller"]
    for item in items:
        said = repr(item) + msgspec.json.encode(item).decode()
        assert not holds(said, DEFAULT_OF_KWIKSET)
        assert not holds(said, OTHER_PIN)


async def test_a_code_that_the_lock_lost_is_not_told_though_the_driver_still_lists_it(zwave_rig: ZwaveRig) -> None:
    with planted(zwave_rig, UNSECURED, 3, OTHER_PIN):
        assert told(await read(zwave_rig), Credential.slot) == {"zwavejs:5/3": 3}
    assert told(await read(zwave_rig), Credential.slot) == {}


async def test_bolt_and_battery_are_the_locks_own_words(zwave_rig: ZwaveRig) -> None:
    zwave_rig.do("mode", node=YALE, mode=255)
    zwave_rig.do("door", node=YALE, door="open")
    zwave_rig.do("battery", node=YALE, level=12)
    items = await read(zwave_rig)
    zwave_rig.do("door", node=YALE, door="closed")
    zwave_rig.do("battery", node=YALE, level=87)
    assert told(items, Lock.bolt)["zwavejs:3"] == "thrown"
    assert told(items, Lock.door_open) == {"zwavejs:3": True}
    assert told(items, Lock.battery_percent)["zwavejs:3"] == 12


@asynccontextmanager
async def inclusion(rig: ZwaveRig) -> AsyncIterator[None]:
    async with connect(rig.url) as server:
        await server.ask("controller.begin_inclusion", options={"strategy": 0})
        try:
            yield
        finally:
            await server.ask("controller.stop_inclusion")


async def test_a_network_left_open_for_new_devices_is_told(zwave_rig: ZwaveRig) -> None:
    async with inclusion(zwave_rig):
        assert told(await read(zwave_rig), Hub.permit_join) == {"zwavejs:controller": True}


async def test_a_dead_lock_is_told_from_the_cache_and_says_so(fresh_zwave_rig: Callable[..., ZwaveRig]) -> None:
    rig = fresh_zwave_rig(UNSECURED)
    rig.do("plant", node=UNSECURED, slot=1, code=OTHER_PIN)
    before = await read(rig)
    assert told(before, Lock.reachable) == {"zwavejs:5": True}
    rig.do("silent", node=UNSECURED, value=True)
    items = await read(rig)
    assert told(items, Lock.reachable) == {"zwavejs:5": False}
    assert told(items, Lock.codes_read) == {"zwavejs:5": False}
    assert told(items, Lock.bolt) == {}
    for field, value in ((Lock.wrong_code_limit, 5), (Credential.length, 6), (Lock.battery_percent, 87)):
        [claim] = claims(items, field)
        assert (claim.value, claim.grade) == (value, Grade.RECORDED)
    [gap] = [item for item in items if isinstance(item, Gap)]
    assert gap.reason == "Node 5 does not acknowledge what it is sent (Controller_CallbackNOK)."


async def test_a_server_that_is_stopped_is_one_clear_error(fresh_zwave_rig: Callable[..., ZwaveRig]) -> None:
    rig = fresh_zwave_rig(UNSECURED)
    rig.stop()
    with pytest.raises(SourceError, match=r"cannot be reached \(Connection refused\)\. Is it running"):
        await read(rig)
