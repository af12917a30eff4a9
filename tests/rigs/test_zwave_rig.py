"""The `zwave` rig gives what the tests of the ecosystem build on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rigs.zwave.client import Refused, Server, connect
from rigs.zwave.rig import ZwaveRig

pytestmark = pytest.mark.rig

SCHLAGE, YALE, KWIKSET, UNSECURED = 2, 3, 4, 5
DOOR_LOCK, USER_CODE, CONFIGURATION = 98, 99, 112
AVAILABLE, ENABLED = 0, 1
FAIL, SUCCESS_UNSUPERVISED = 2, 254


async def call(server: Server, node: int, command_class: int, method: str, *args: Any) -> Any:
    answer = await server.ask(
        "endpoint.invoke_cc_api",
        nodeId=node,
        endpoint=0,
        commandClass=command_class,
        methodName=method,
        args=list(args),
    )
    return answer.get("response")


@contextmanager
def fault(rig: ZwaveRig, node: int, name: str) -> Iterator[None]:
    rig.do("fault", node=node, fault=name, value=True)
    try:
        yield
    finally:
        rig.do("fault", node=node, fault=name, value=False)


@contextmanager
def planted(rig: ZwaveRig, node: int, slot: int, code: str) -> Iterator[None]:
    rig.do("plant", node=node, slot=slot, code=code)
    try:
        yield
    finally:
        rig.do("plant", node=node, slot=slot, code=None)


async def test_the_newest_schema_is_agreed_on(zwave_rig: ZwaveRig) -> None:
    async with connect(zwave_rig.url) as server:
        assert server.schema == server.version["maxSchemaVersion"] == 50
        assert (server.version["driverVersion"], server.version["serverVersion"]) == ("15.29.0", "3.10.2")


async def test_the_four_locks_have_four_security_classes(zwave_rig: ZwaveRig) -> None:
    async with connect(zwave_rig.url) as server:
        state = (await server.ask("start_listening"))["state"]
    found = {
        node["nodeId"]: (node["deviceConfig"]["label"], node["highestSecurityClass"], node["firmwareVersion"])
        for node in state["nodes"]
        if not node["isControllerNode"]
    }
    assert found == {
        SCHLAGE: ("BE469ZP", 2, "0.11"),
        YALE: ("YRD450-ZW3", 1, "1.50"),
        KWIKSET: ("916", 7, "4.20"),
        UNSECURED: ("YRD110", -1, "1.0"),
    }
    assert state["controller"]["inclusionState"] == 0
    assert state["driver"]["allNodesReady"]


@pytest.mark.parametrize("node", [SCHLAGE, YALE, KWIKSET, UNSECURED])
async def test_a_code_typed_at_the_keypad_is_an_event_that_names_the_slot(zwave_rig: ZwaveRig, node: int) -> None:
    async with connect(zwave_rig.url) as server:
        await server.ask("start_listening")
        zwave_rig.do("keypad", node=node, user=4)
        event = await server.event(lambda e: e["event"] == "notification")
    assert event["nodeId"] == node
    assert event["args"] == {
        "type": 6,
        "event": 6,
        "label": "Access Control",
        "eventLabel": "Keypad unlock operation",
        "parameters": {"userId": 4},
    }


async def test_schlage_reports_success_for_a_code_that_it_refused(zwave_rig: ZwaveRig) -> None:
    value_id = {"commandClass": USER_CODE, "property": "userCode", "propertyKey": 6}
    async with connect(zwave_rig.url) as server:
        with fault(zwave_rig, SCHLAGE, "refuseCodes"):
            set_result = await server.ask("node.set_value", nodeId=SCHLAGE, valueId=value_id, value="5829")
        assert set_result["result"]["status"] == SUCCESS_UNSUPERVISED
        assert (await call(server, SCHLAGE, USER_CODE, "get", 6))["userIdStatus"] == AVAILABLE
    assert "UserCode_userCode_6" not in zwave_rig.state(SCHLAGE)


async def test_yale_reports_failure_for_a_code_that_it_refused(zwave_rig: ZwaveRig) -> None:
    async with connect(zwave_rig.url) as server:
        with fault(zwave_rig, YALE, "refuseCodes"):
            result = await call(server, YALE, USER_CODE, "set", 6, ENABLED, "5829")
    assert result["status"] == FAIL
    assert "UserCode_userCode_6" not in zwave_rig.state(YALE)


async def test_an_accepted_code_is_in_the_memory_of_the_lock(zwave_rig: ZwaveRig) -> None:
    async with connect(zwave_rig.url) as server:
        await call(server, KWIKSET, USER_CODE, "set", 2, ENABLED, "5829")
        assert zwave_rig.state(KWIKSET)["UserCode_userCode_2"] == "5829"
        await call(server, KWIKSET, USER_CODE, "clear", 2)
    assert zwave_rig.state(KWIKSET).get("UserCode_userCode_2") is None


async def test_a_planted_code_is_read_back_from_the_lock_and_not_from_the_cache(zwave_rig: ZwaveRig) -> None:
    value_id = {"commandClass": USER_CODE, "property": "userIdStatus", "propertyKey": 5}
    async with connect(zwave_rig.url) as server:
        with planted(zwave_rig, UNSECURED, 5, "1234"):
            cached = await server.ask("node.get_value", nodeId=UNSECURED, valueId=value_id)
            read = await call(server, UNSECURED, USER_CODE, "get", 5)
        assert cached["value"] == AVAILABLE
        assert read == {"userIdStatus": ENABLED, "userCode": "1234"}


@pytest.mark.parametrize(("node", "parameter", "factory"), [(SCHLAGE, 16, 4), (YALE, 4, 5), (KWIKSET, 31, 2)])
async def test_configuration_is_read_from_the_lock(
    zwave_rig: ZwaveRig, node: int, parameter: int, factory: int
) -> None:
    async with connect(zwave_rig.url) as server:
        assert await call(server, node, CONFIGURATION, "get", parameter) == factory
        zwave_rig.do("parameter", node=node, parameter=parameter, value=factory + 1)
        assert await call(server, node, CONFIGURATION, "get", parameter) == factory + 1
        zwave_rig.do("parameter", node=node, parameter=parameter, value=None)


async def test_a_jammed_bolt_stays_where_it_is_while_the_mode_says_locked(zwave_rig: ZwaveRig) -> None:
    value_id = {"commandClass": DOOR_LOCK, "property": "targetMode"}
    zwave_rig.do("mode", node=YALE, mode=0)
    async with connect(zwave_rig.url) as server:
        await server.ask("start_listening")
        with fault(zwave_rig, YALE, "jam"):
            assert (await server.ask("node.set_value", nodeId=YALE, valueId=value_id, value=255))["result"]
            await server.event(lambda e: e.get("args", {}).get("propertyKey") == "Lock state")
        assert (await call(server, YALE, DOOR_LOCK, "get"))["boltStatus"] == "unlocked"


async def test_several_houses_run_at_once_with_the_locks_asked_for(
    zwave_rig: ZwaveRig, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    own = fresh_zwave_rig(UNSECURED)
    async with connect(own.url) as server:
        nodes = (await server.ask("start_listening"))["state"]["nodes"]
        assert [node["nodeId"] for node in nodes] == [1, UNSECURED]
        own.do("silent", node=UNSECURED, value=True)
        with pytest.raises(Refused, match="did not acknowledge"):
            await call(server, UNSECURED, USER_CODE, "get", 1)
    async with connect(zwave_rig.url) as server:
        assert (await call(server, UNSECURED, USER_CODE, "get", 1))["userIdStatus"] == AVAILABLE


def test_the_driver_keeps_a_code_that_it_read_in_plain_text_on_disk(zwave_rig: ZwaveRig) -> None:
    async def read_slot_1() -> Any:
        async with connect(zwave_rig.url) as server:
            return await call(server, UNSECURED, USER_CODE, "get", 1)

    with planted(zwave_rig, UNSECURED, 1, "73519"):
        assert asyncio.run(read_slot_1())["userCode"] == "73519"
    deadline = time.monotonic() + 20
    while not any('"73519"' in file.read_text() for file in zwave_rig.cache.glob("*.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_an_action_that_does_not_exist_is_refused_by_name(zwave_rig: ZwaveRig) -> None:
    with pytest.raises(ValueError, match="there is no action explode"):
        zwave_rig.do("explode", node=YALE)
