"""What the Z-Wave JS ecosystem makes of a server's words and of locks' answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nightlatch.ecosystems._zwavejs import server as wire
from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Grade, Item, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values
from tests.unit.ecosystems.fake_zwavejs import (
    KWIKSET,
    NO_ACK,
    NO_ANSWER,
    NOBODY_KNOWS,
    SCHLAGE,
    YALE,
    YALE_WITH_RESET,
    FakeServer,
    code_values,
    lock,
    served,
)

PIN = "1234"
DEFAULT_OF_KWIKSET = "1234"
OTHER_PIN = "580391"


async def heard(server: FakeServer) -> tuple[list[Item], NightlatchError | None]:
    async with served(server) as url:
        return await ask(ZwaveJs(ZwaveJs.Settings(url=url), context("zwavejs")))


async def items_of(server: FakeServer) -> list[Item]:
    items, error = await heard(server)
    assert error is None
    return items


@pytest.mark.parametrize(
    ("number", "security"),
    [(2, "s2_access_control"), (1, "s2_authenticated"), (0, "s2_unauthenticated"), (7, "s0"), (-1, "none")],
)
async def test_every_security_class_has_its_own_word(number: int, security: str) -> None:
    items = await items_of(FakeServer(lock(highestSecurityClass=number)))
    assert values(items, Lock.security) == [security]


@pytest.mark.parametrize("number", [None, 99])
async def test_a_security_class_that_is_not_known_is_a_gap_and_no_claim(number: int | None) -> None:
    items = await items_of(FakeServer(lock(highestSecurityClass=number)))
    assert values(items, Lock.security) == []
    assert reasons(items, Lock.security) == ["The driver has not found out the security class of node 3."]


async def test_what_a_lock_is_comes_with_its_place() -> None:
    items = await items_of(FakeServer(lock(name="Front door lock")))
    assert values(items, Lock.name) == ["Front door lock"]
    assert values(items, Lock.zwave_id) == ["0x0129:0x8104:0x45d5"]
    assert values(items, Lock.maker) == ["Yale"]
    assert values(items, Lock.last_heard) == [datetime(2026, 11, 21, 8, tzinfo=UTC)]
    [firmware] = claims(items, Lock.firmware)
    assert (firmware.value, firmware.where) == ("1.50", "node 3, firmwareVersion")
    assert Same(Ref("lock", "zwavejs:3"), "zwave:0x7e570001/3") in items


async def test_a_model_number_is_not_taken_for_a_name() -> None:
    items = await items_of(FakeServer(lock(label="YRD450-ZW3")))
    assert values(items, Lock.name) == []


async def test_only_locks_are_told_of() -> None:
    bulb = {"nodeId": 9, "endpoints": [{"index": 0, "commandClasses": [{"id": 38, "version": 4}]}]}
    half_interviewed = {"nodeId": 8, "deviceClass": {"generic": {"key": 64}, "specific": {"key": 3}}}
    items = await items_of(FakeServer(bulb, half_interviewed, lock()))
    assert values(items, Hub.locks) == [(Ref("lock", "zwavejs:8"), Ref("lock", "zwavejs:3"))]


async def test_the_hub_is_told_of() -> None:
    server = FakeServer(lock())
    server.state["controller"]["inclusionState"] = 1
    server.state["driver"]["statisticsEnabled"] = True
    items = await items_of(server)
    assert values(items, Hub.permit_join) == [True]
    assert values(items, Hub.analytics) == [True]
    assert values(items, Hub.asks_sign_in) == [False]
    assert values(items, Hub.tls) == [False]
    assert values(items, Hub.listens) == ["loopback"]
    assert values(items, Hub.version) == ["15.29.0"]
    assert values(items, Hub.parts) == [
        ("server 3.10.2", "device database 15.29.0", "controller firmware 1.0", "controller SDK 7.17.99")
    ]


@pytest.mark.parametrize(("newest", "agreed"), [(38, 38), (50, 50), (73, 50)])
async def test_the_newest_schema_that_both_speak_is_used(newest: int, agreed: int) -> None:
    server = FakeServer(lock())
    server.version["maxSchemaVersion"] = newest
    await items_of(server)
    assert server.commands[0]["schemaVersion"] == agreed


@pytest.mark.parametrize(("oldest", "newest"), [(0, 14), (51, 60)])
async def test_a_server_without_a_common_schema_is_one_clear_error(oldest: int, newest: int) -> None:
    server = FakeServer(lock())
    server.version |= {"minSchemaVersion": oldest, "maxSchemaVersion": newest}
    _, error = await heard(server)
    assert error is not None
    assert error.what == f"the Z-Wave JS server speaks API schema {oldest} to {newest}, Nightlatch 15 to 50"
    assert error.todo == "Update whichever is older."


async def test_settings_are_read_from_the_lock_by_the_map_of_its_model() -> None:
    server = FakeServer(lock())
    server.parameters = {2: 255, 3: 30, 4: 5, 7: 60, 8: 2, 11: -1}
    items = await items_of(server)
    [limit] = claims(items, Lock.wrong_code_limit)
    assert (limit.value, limit.grade, limit.where) == (5, None, "node 3, parameter 4 (Wrong Code Limit)")
    assert values(items, Lock.wrong_code_lockout_s) == [60]
    assert values(items, Lock.auto_relock_s) == [30]
    assert values(items, Lock.auto_lock_by) == ["lock"]
    assert values(items, Lock.operating_mode) == ["privacy"]
    assert values(items, Lock.one_touch) == [True]


async def test_a_switched_off_auto_relock_is_never_whatever_its_time() -> None:
    server = FakeServer(lock())
    server.parameters = {2: 0, 3: 30}
    items = await items_of(server)
    assert values(items, Lock.auto_relock_s) == [0]
    assert values(items, Lock.auto_lock_by) == []


@pytest.mark.parametrize(("mode", "on"), [(0, False), (1, False), (2, True), (3, False)])
async def test_an_alarm_set_to_another_kind_is_no_tamper_alarm(mode: int, on: bool) -> None:
    server = FakeServer(lock(ids=SCHLAGE))
    server.parameters = {7: mode, 5: 0, 15: 255, 16: 6, 4: 0}
    items = await items_of(server)
    assert values(items, Lock.tamper_alarm) == [on]
    assert values(items, Lock.code_length_max) == [6]
    assert values(items, Lock.auto_relock_s) == []
    assert values(items, Lock.auto_lock_by) == ["lock"]


@pytest.mark.parametrize(("switches", "by"), [(0b0010, ["lock"]), (0b1101, [])])
async def test_one_bit_of_a_parameter_is_told_from_the_others(switches: int, by: list[str]) -> None:
    server = FakeServer(lock(ids=KWIKSET))
    server.parameters = {31: switches}
    assert values(await items_of(server), Lock.auto_lock_by) == by


async def test_a_parameter_that_resets_the_lock_is_not_even_read() -> None:
    server = FakeServer(lock(ids=YALE_WITH_RESET))
    server.parameters = dict.fromkeys(range(1, 41), 1)
    await items_of(server)
    read = {args[0] for _, command_class, _, args in server.asked if command_class == 112}
    assert read == {2, 3, 4, 7, 8, 11}


async def test_nothing_is_ever_set_started_or_asked_of_the_internet() -> None:
    server = FakeServer(lock(), lock(5, KWIKSET))
    await items_of(server)
    assert {command["command"] for command in server.commands} == {
        "set_api_schema",
        "start_listening",
        "node.get_supported_notification_events",
        "node.get_value",
        "endpoint.invoke_cc_api",
    }
    assert {method for _, _, method, _ in server.asked} == {"get"}


async def test_a_model_that_the_catalogue_does_not_know_is_a_gap() -> None:
    items = await items_of(FakeServer(lock(ids=NOBODY_KNOWS)))
    [reason] = reasons(items, Lock.wrong_code_limit)
    assert reason == "The catalogue does not know what the parameters of this model mean (node 3)."


def sensors(*names: str) -> tuple[dict[str, Any], ...]:
    return tuple({"commandClass": 98, "endpoint": 0, "property": name, "value": "x"} for name in names)


@pytest.mark.parametrize(
    ("has", "operation", "bolt", "door_open"),
    [
        (("boltStatus", "doorStatus"), {"boltStatus": "unlocked", "doorStatus": "open"}, "retracted", [True]),
        (("boltStatus",), {"currentMode": 0, "boltStatus": "locked", "doorStatus": "open"}, "thrown", []),
        ((), {"currentMode": 255, "boltStatus": "unlocked", "doorStatus": "open"}, "thrown", []),
        ((), {"currentMode": 0}, "retracted", []),
    ],
)
async def test_bolt_and_door_are_told_only_by_sensors_that_the_lock_has(
    has: tuple[str, ...], operation: dict[str, Any], bolt: str, door_open: list[bool]
) -> None:
    server = FakeServer(lock(values=sensors(*has)))
    server.operation = operation
    items = await items_of(server)
    assert values(items, Lock.bolt) == [bolt]
    assert values(items, Lock.door_open) == door_open


async def test_a_bolt_that_did_not_move_after_a_jam_is_jammed() -> None:
    jam = {"commandClass": 113, "endpoint": 0, "property": "Access Control", "propertyKey": "Lock state", "value": 11}
    server = FakeServer(lock(values=(*sensors("boltStatus"), jam)))
    server.operation = {"currentMode": 255, "boltStatus": "unlocked"}
    assert values(await items_of(server), Lock.bolt) == ["jammed"]


async def test_what_a_lock_can_report_is_told_by_its_notifications() -> None:
    cover = {
        "commandClass": 113,
        "endpoint": 0,
        "property": "Home Security",
        "propertyKey": "Cover status",
        "metadata": {"states": {"0": "idle", "3": "Tampering, product cover removed"}},
        "value": 0,
    }
    server = FakeServer(lock(values=(cover,)))
    server.notifications = {"events": [{"supportedNotificationTypes": {"7": {"supportedEvents": {"4": "…"}}}}]}
    items = await items_of(server)
    assert values(items, Lock.can_report_tamper) == [True]
    assert values(items, Lock.can_report_wrong_code) == [True]


async def test_a_lock_that_lists_other_notifications_only_cannot_report_tampering() -> None:
    server = FakeServer(lock())
    server.notifications = {"events": [{"supportedNotificationTypes": {"6": {"supportedEvents": {"1": "…"}}}}]}
    items = await items_of(server)
    assert values(items, Lock.can_report_tamper) == [False]
    assert values(items, Lock.can_report_wrong_code) == [False]


async def test_a_lock_too_old_to_list_its_notifications_proves_nothing() -> None:
    items = await items_of(FakeServer(lock()))
    assert values(items, Lock.can_report_tamper) == []
    assert values(items, Lock.can_report_wrong_code) == []


async def test_a_default_code_is_found_and_its_digits_are_in_nothing_that_is_said() -> None:
    server = FakeServer(lock(4, KWIKSET), lock(3, YALE))
    server.codes = {2: DEFAULT_OF_KWIKSET, 3: OTHER_PIN}
    items = await items_of(server)
    assert values(items, Credential.default, "zwavejs:4/2") == [True]
    assert values(items, Credential.default, "zwavejs:4/3") == [False]
    assert values(items, Credential.length, "zwavejs:4/3") == [6]
    assert values(items, Credential.lock, "zwavejs:4/2") == [Ref("lock", "zwavejs:4")]
    assert values(items, Credential.fingerprint, "zwavejs:4/3") == values(items, Credential.fingerprint, "zwavejs:3/3")
    assert values(items, Lock.codes_read) == [True, True]
    for item in items:
        said = repr(item) + msgspec.json.encode(item).decode()
        assert not re.search(rf"(?<![0-9a-f])({DEFAULT_OF_KWIKSET}|{OTHER_PIN})(?![0-9a-f])", said)


async def test_codes_in_the_drivers_values_are_told_as_plain_text_on_its_disk() -> None:
    server = FakeServer(lock())
    assert values(await items_of(server), Hub.plain_pins) == [()]
    server.codes = {1: OTHER_PIN}
    assert values(await items_of(server), Hub.plain_pins) == [("7e570001.values.jsonl in the driver's cache folder",)]


async def test_a_lock_that_lost_its_codes_is_believed_before_the_cache() -> None:
    items = await items_of(FakeServer(lock(values=tuple(code_values({2: OTHER_PIN})))))
    assert values(items, Credential.enabled) == []
    assert values(items, Lock.codes_read) == [True]


async def test_codes_of_a_lock_that_does_not_answer_are_recorded_from_the_cache() -> None:
    limit = {"commandClass": 112, "endpoint": 0, "property": 4, "value": 5}
    server = FakeServer(lock(values=(*code_values({2: OTHER_PIN}), limit)))
    server.fail = {3: NO_ACK}
    items = await items_of(server)
    for field, value in ((Credential.enabled, True), (Credential.length, 6), (Lock.wrong_code_limit, 5)):
        [claim] = claims(items, field)
        assert (claim.value, claim.grade, claim.at) == (value, Grade.RECORDED, datetime(2026, 11, 21, 8, tzinfo=UTC))
    assert values(items, Lock.codes_read) == [False]
    assert values(items, Lock.reachable) == [False]


@pytest.mark.parametrize(("failure", "messages"), [(NO_ACK, 1), (NO_ANSWER, 2)])
async def test_a_dead_lock_is_not_hammered_and_costs_the_others_nothing(failure: dict[str, Any], messages: int) -> None:
    server = FakeServer(lock(3), lock(4))
    server.fail = {3: failure}
    items = await items_of(server)
    assert sum(node == 3 for node, *_ in server.asked) == messages
    assert values(items, Lock.reachable, "zwavejs:3") == [False]
    assert values(items, Lock.reachable, "zwavejs:4") == [True]
    assert values(items, Lock.codes_read, "zwavejs:4") == [True]
    [reason] = reasons(items, Lock.bolt)
    assert reason.startswith("Node 3 does not")


async def test_a_lock_with_many_slots_is_asked_so_often_only_and_for_used_slots_first() -> None:
    server = FakeServer(lock(values=tuple(code_values({200: OTHER_PIN}))), slots=250)
    server.codes = {200: OTHER_PIN}
    items = await items_of(server)
    assert len(server.asked) == wire.READS_PER_LOCK
    slots = [args[0] for _, command_class, method, args in server.asked if (command_class, method) == (99, "get")]
    assert slots[:2] == [200, 1]
    assert claims(items, Credential.length)[0].grade is None
    assert values(items, Lock.codes_read) == [False]
    [reason] = reasons(items, Lock.codes_read)
    assert reason == "Node 3 was asked 64 times, the most that one audit asks of a lock."


async def test_a_lock_that_lacks_its_models_parameters_is_still_asked_for_its_codes() -> None:
    server = FakeServer(lock())
    server.parameters = None
    server.codes = {1: OTHER_PIN}
    items = await items_of(server)
    assert sum(command_class == 112 for _, command_class, *_ in server.asked) == wire.SILENT
    assert values(items, Lock.wrong_code_limit) == []
    assert values(items, Lock.codes_read) == [True]
    assert values(items, Lock.reachable) == [True]


async def test_a_server_that_cannot_count_slots_lets_the_lock_count() -> None:
    server = FakeServer(lock(), slots=None)
    server.codes = {1: OTHER_PIN, 2: PIN}
    items = await items_of(server)
    assert values(items, Lock.code_slots) == [2]
    assert values(items, Lock.codes_read) == [True]


async def test_hidden_digits_are_a_gap_and_the_code_is_still_there() -> None:
    server = FakeServer(lock())
    server.codes = {1: "******"}
    items = await items_of(server)
    assert values(items, Credential.slot) == [1]
    assert values(items, Credential.default) == []
    assert reasons(items, Credential.default) == ["The lock hides the digits of its codes (node 3)."]


async def test_the_administrators_code_is_read_where_the_lock_has_one() -> None:
    node = lock()
    node["endpoints"][0]["commandClasses"] = [{"id": 99, "version": 2}]
    server = FakeServer(node)
    server.admin_code = DEFAULT_OF_KWIKSET
    items = await items_of(server)
    assert values(items, Credential.form, "zwavejs:3/master") == ["master"]
    assert values(items, Credential.default, "zwavejs:3/master") == [True]
    assert values(items, Credential.slot, "zwavejs:3/master") == []


async def test_two_servers_keep_their_locks_apart() -> None:
    plug_context = msgspec.structs.replace(context("zwavejs"), prefix="zwavejs:attic")
    async with served(FakeServer(lock())) as url:
        items, _ = await ask(ZwaveJs(ZwaveJs.Settings(url=url), plug_context))
    assert {claim.about.key for claim in claims(items, Lock.security)} == {"zwavejs:attic/3"}


@pytest.mark.parametrize("commands", range(2, 16))
async def test_what_was_said_before_the_connection_broke_is_kept(commands: int) -> None:
    server = FakeServer(lock(3), lock(4))
    server.codes = {1: OTHER_PIN}
    server.hang_up_after = commands
    items, error = await heard(server)
    assert error is not None
    assert error.what == "the Z-Wave JS server closed the connection"
    assert values(items, Hub.asks_sign_in) == [False]
    assert len(values(items, Credential.slot)) == len(values(items, Credential.length))
    if commands >= 15:
        assert values(items, Credential.length, "zwavejs:3/1") == [6]
