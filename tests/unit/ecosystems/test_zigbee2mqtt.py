from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems import _mqtt
from nightlatch.ecosystems._zigbee2mqtt import live
from nightlatch.ecosystems._zigbee2mqtt import settings as z2m
from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Claim, Item, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.secrets import Secret
from tests.unit.ecosystems import fake_mqtt
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values
from tests.unit.ecosystems.fake_mqtt import FakeBroker, Handler, listening

DATA = Path(__file__).parent / "data/zigbee2mqtt"
LOCK = "0x000d6f0011223344"
STATE = {"battery": 82, "state": "LOCK", "lock_state": "locked", "users": {"3": {"status": "enabled"}}}

Change = Callable[[dict[str, Any]], object]


def retained(change: Change | None = None, **topics: object) -> dict[str, bytes]:
    """What a bridge keeps on its broker; `change` edits bridge/info, `topics` replace messages."""
    info = json.loads((DATA / "bridge-info.json").read_text())
    if change:
        change(info)
    messages: dict[str, object] = {
        "state": {"state": "online"},
        "info": info,
        "devices": json.loads((DATA / "bridge-devices.json").read_text()),
    } | topics
    return {
        f"zigbee2mqtt/bridge/{name}": one if isinstance(one, bytes) else json.dumps(one).encode()
        for name, one in messages.items()
        if one is not None
    }


def answering(state: object = STATE) -> dict[str, tuple[str, bytes]]:
    payload = state if isinstance(state, bytes) else json.dumps(state).encode()
    return {"zigbee2mqtt/front_door/get": ("zigbee2mqtt/front_door", payload)}


def bridge(change: Change | None = None, **topics: object) -> FakeBroker:
    return FakeBroker(retained(change, **topics), answering())


async def read(broker: FakeBroker | Handler, **more: Any) -> tuple[list[Item], NightlatchError | None]:
    serve = broker.serve if isinstance(broker, FakeBroker) else broker
    async with listening(serve) as url:
        return await ask(Zigbee2Mqtt(Zigbee2Mqtt.Settings(url=url, **more), context("zigbee2mqtt")))


async def facts(broker: FakeBroker, **more: Any) -> list[Item]:
    items, error = await read(broker, **more)
    assert error is None
    return items


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mqtt, "ANSWER_SECONDS", 0.5)
    for name in ("BRIDGE_SECONDS", "LOCK_SECONDS", "PROBE_SECONDS"):
        monkeypatch.setattr(live, name, 0.3)


async def test_the_bridge_tells_its_version_and_its_parts() -> None:
    items = await facts(bridge())
    assert values(items, Hub.software) == ["zigbee2mqtt"]
    assert values(items, Hub.version) == ["2.14.1"]
    assert values(items, Hub.parts) == [
        (
            "coordinator ZStack3x0 20240710",
            "zigbee-herdsman 10.9.2",
            "zigbee-herdsman-converters 26.105.0",
            "node 24.19.0",
        )
    ]
    assert [one.key for one in items if isinstance(one, Same) and one.about.kind == "hub"] == [
        "ieee:0x00124b0001020304"
    ]


@pytest.mark.parametrize("is_open", [True, False])
async def test_permit_join_is_told_with_its_topic(is_open: bool) -> None:
    [claim] = claims(await facts(bridge(lambda info: info.update(permit_join=is_open))), Hub.permit_join)
    assert (claim.value, claim.where) == (is_open, "zigbee2mqtt/bridge/info (permit_join)")


async def test_a_lock_is_told_with_model_firmware_battery_bolt_and_users() -> None:
    items = await facts(bridge())
    assert values(items, Lock.name, LOCK) == ["front_door"]
    assert values(items, Lock.zigbee_model, LOCK) == ["YRD226HA2619"]
    assert values(items, Lock.firmware, LOCK) == ["0x30680030"]
    assert values(items, Lock.battery_percent, LOCK) == [82]
    assert values(items, Lock.bolt, LOCK) == ["thrown"]
    assert values(items, Lock.reachable, LOCK) == [True]
    assert values(items, Lock.can_report_wrong_code) == [True]
    assert values(items, Lock.can_report_tamper) == [False]
    assert values(items, Lock.codes_read) == [False]
    assert values(items, Credential.enabled, f"{LOCK}/3") == [True]
    assert [[ref.key for ref in refs] for refs in values(items, Hub.locks)] == [[f"zigbee2mqtt:{LOCK}"]]


async def test_every_fact_that_is_told_was_announced() -> None:
    announced = {field.path for field in Zigbee2Mqtt.gives}
    told = {f"{one.about.kind}.{one.fact}" for one in await facts(bridge()) if isinstance(one, Claim)}
    assert told <= announced


async def test_each_lock_is_asked_for_its_state_once_and_nothing_else_is_published() -> None:
    broker = bridge()
    await facts(broker)
    assert broker.published == [("zigbee2mqtt/front_door/get", b'{"state": ""}')]


async def test_a_lock_that_does_not_answer_is_unknown_and_not_dead() -> None:
    items = await facts(FakeBroker(retained()))
    assert not values(items, Lock.reachable)
    assert not values(items, Lock.bolt)
    assert reasons(items, Lock.bolt) == ["the lock did not answer within 6 s"]


async def test_a_retained_state_is_used_but_is_no_answer() -> None:
    kept = {"zigbee2mqtt/front_door": json.dumps(STATE).encode(), "zigbee2mqtt/front_door/availability": b"offline"}
    items = await facts(FakeBroker(retained() | kept))
    assert values(items, Lock.battery_percent) == [82]
    assert "retained" in claims(items, Lock.battery_percent)[0].where
    assert values(items, Lock.reachable) == [False]


@pytest.mark.parametrize("payload", [b"LOCK", b"[]", b'{"battery": 8', b"\xff\xff"])
async def test_a_state_that_is_no_state_leaves_the_lock_unknown_and_the_rest_told(payload: bytes) -> None:
    items, error = await read(FakeBroker(retained(), answering(payload)))
    assert error is None
    assert values(items, Lock.battery_percent) == []
    assert values(items, Lock.firmware) == ["0x30680030"]


async def test_an_update_that_is_offered_is_told_with_its_version() -> None:
    update = {"update": {"state": "available", "installed_version": 16_777_216, "latest_version": 33_554_432}}
    items = await facts(FakeBroker(retained(), answering(STATE | update)))
    assert (values(items, Lock.update_available), values(items, Lock.update_version)) == ([True], ["33554432"])


async def test_a_model_that_zigbee2mqtt_cannot_update_has_a_reason() -> None:
    assert "cannot update this model" in reasons(await facts(bridge()), Lock.update_available)[0]


async def test_no_pin_leaves_even_when_the_hub_publishes_it() -> None:
    state = STATE | {"users": {"3": {"status": "enabled", "pin_code": "264813"}}}
    change: Change = lambda info: info["config"]["devices"][LOCK].update(expose_pin=True)  # noqa: E731
    items = await facts(FakeBroker(retained(change), answering(state)))
    assert "264813" not in repr(items)
    assert values(items, Credential.length) == [6]
    assert values(items, Lock.pin_over_air) == [True]


async def test_without_the_data_folder_what_only_it_tells_is_unknown_with_a_reason() -> None:
    items = await facts(bridge())
    for field in (Hub.network_key, Hub.frontend_sign_in, Hub.plain_pins, Hub.open_files):
        assert not claims(items, field)
        assert "does not tell" in reasons(items, field)[0]


async def test_the_frontend_and_the_broker_are_judged_by_the_bridges_own_settings() -> None:
    items = await facts(bridge(lambda info: info["config"]["frontend"].pop("host")))
    assert values(items, Hub.listens) == ["network"]
    assert values(items, Hub.mqtt_off_host) == [False]
    assert values(items, Hub.mqtt_tls) == [False]


@pytest.mark.parametrize(
    ("frontend", "server", "reached_at", "is_at"),
    [
        ("192.168.1.5", "mqtt://192.168.1.9", "192.168.1.9", "192.168.1.5"),
        ("0.0.0.0", "mqtt://localhost", "192.168.1.9", "192.168.1.9"),
        ("127.0.0.1", "mqtt://127.0.0.1", "192.168.1.9", "192.168.1.9"),
        ("127.0.0.1", "mqtt://192.168.1.9", "192.168.1.9", ""),
        ("", "mqtt://localhost", "127.0.0.1", ""),
    ],
)
def test_the_hubs_address_is_its_frontends_or_that_of_the_broker_beside_it(
    frontend: str, server: str, reached_at: str, is_at: str
) -> None:
    config = {"version": 5, "frontend": {"enabled": True, "host": frontend}, "mqtt": {"server": server}}
    assert z2m.address(config, reached_at) == is_at


# The broker, seen by a client without user and password


async def test_a_broker_that_lets_anybody_in_is_found_by_coming_in() -> None:
    items = await facts(bridge())
    assert values(items, Hub.mqtt_anonymous) == [True]
    [claim] = claims(items, Hub.mqtt_acl)
    assert claim.value is False
    assert claim.where.endswith("(a client without user and password received zigbee2mqtt/front_door/get)")


async def test_strangers_who_come_in_and_see_nothing_do_not_show_a_missing_access_list() -> None:
    broker = FakeBroker(retained(), answering(), {"guest": "pa55", "": ""}, strangers_see_nothing=True)
    items = await facts(broker, username="guest", password=Secret("pa55"))
    assert values(items, Hub.mqtt_anonymous) == [True]
    assert values(items, Hub.mqtt_acl) == []


async def test_a_broker_that_asks_for_a_password_is_found_by_being_refused() -> None:
    broker = FakeBroker(retained(), answering(), accounts={"guest": "pa55"})
    items = await facts(broker, username="guest", password=Secret("pa55"))
    assert values(items, Hub.mqtt_anonymous) == [False]
    assert values(items, Hub.mqtt_acl) == []
    assert "other accounts" in reasons(items, Hub.mqtt_acl)[0]


async def test_being_refused_ourselves_shows_that_the_broker_asks_for_a_password() -> None:
    items, error = await read(FakeBroker(retained(), accounts={"guest": "pa55"}))
    assert values(items, Hub.mqtt_anonymous) == [False]
    assert error is not None
    assert 'Set "username" and "password"' in str(error)


async def test_a_wrong_password_says_nothing_of_anonymous_clients_and_is_not_repeated() -> None:
    broker = FakeBroker(retained(), accounts={"guest": "pa55"})
    items, error = await read(broker, username="guest", password=Secret("correct-horse"))
    assert values(items, Hub.mqtt_anonymous) == []
    assert error is not None
    assert "correct-horse" not in repr(items) + repr(error) + str(error)


# What fails


@pytest.mark.parametrize(
    ("broker", "says"),
    [
        (fake_mqtt.silent, "no MQTT broker answered within"),
        (fake_mqtt.closing, "no MQTT broker answered within"),
        (fake_mqtt.speaking_http, "no MQTT broker answered within"),
        (fake_mqtt.admitting_then_silent, "no MQTT broker answered within"),
        (fake_mqtt.sending_a_huge_message, "sent a message of more than 8 MiB"),
        (FakeBroker({}).serve, "nothing was published on zigbee2mqtt/bridge/info"),
        (bridge(info=b"\xff{").serve, "zigbee2mqtt/bridge/info: is not valid JSON"),
        (bridge(info=b"[" * 100_000).serve, "nests deeper than 64 levels"),
        (bridge(info={"version": 2}).serve, "zigbee2mqtt/bridge/info: is not what was expected"),
        (bridge(devices=b"").serve, "zigbee2mqtt/bridge/devices: is not valid JSON"),
        (bridge(devices={"a": 1}).serve, "zigbee2mqtt/bridge/devices: is not what was expected"),
        (bridge(state={"state": "offline"}).serve, "zigbee2mqtt/bridge/state: Zigbee2MQTT is not running"),
        (bridge(state=b"offline").serve, "zigbee2mqtt/bridge/state: Zigbee2MQTT is not running"),
    ],
)
async def test_a_broken_broker_or_bridge_is_one_clear_error_in_bounded_time(broker: Handler, says: str) -> None:
    started = time.monotonic()
    items, error = await read(broker)
    assert error is not None
    assert says in str(error)
    assert values(items, Hub.version) == []
    assert time.monotonic() - started < 5


async def test_another_base_topic_is_suggested() -> None:
    _items, error = await read(bridge(), base_topic="zigbee2mqt")
    assert error is not None
    assert 'Did you mean "zigbee2mqtt"?' in str(error)


async def test_what_the_data_folder_tells_is_kept_when_the_broker_fails(tmp_path: Path) -> None:
    (tmp_path / "configuration.yaml").write_text("frontend:\n  enabled: true\n")
    items, error = await read(fake_mqtt.closing, data=tmp_path)
    assert values(items, Hub.frontend_sign_in) == [False]
    assert error is not None


async def test_an_access_list_beside_the_data_folder_leaves_no_gap(tmp_path: Path) -> None:
    (tmp_path / "configuration.yaml").write_text("version: 5\n")
    (tmp_path / "mosquitto.conf").write_text("listener 1883\nacl_file acl\n")
    (tmp_path / "acl").write_text("user guest\ntopic #\n")
    broker = FakeBroker(retained(), answering(), accounts={"guest": "pa55"})
    items = await facts(broker, username="guest", password=Secret("pa55"), data=tmp_path)
    assert values(items, Hub.mqtt_acl) == [True]
    assert reasons(items, Hub.mqtt_acl) == []


async def test_what_the_broker_tells_is_kept_when_the_data_folder_fails(tmp_path: Path) -> None:
    items, error = await read(bridge(), data=tmp_path)
    assert values(items, Hub.permit_join) == [False]
    assert error is not None
    assert "configuration.yaml: does not exist" in str(error)


@pytest.mark.parametrize("name", ["#", "a/+/b", "", "x" * 2000, "a\0b"])
async def test_a_device_name_that_is_no_topic_is_not_asked(name: str) -> None:
    devices = json.loads((DATA / "bridge-devices.json").read_text())
    devices[1]["friendly_name"] = name
    broker = bridge(devices=devices)
    items = await facts(broker)
    assert broker.published == []
    assert values(items, Lock.firmware) == ["0x30680030"]


def json_values() -> st.SearchStrategy[Any]:
    plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=10))
    keys = st.sampled_from(
        ["config", "frontend", "mqtt", "server", "host", "version", "permit_join", "devices", "users"]
    )
    return st.recursive(
        plain, lambda one: st.lists(one, max_size=3) | st.dictionaries(keys, one, max_size=4), max_leaves=10
    )


@settings(max_examples=40, deadline=None)
@given(json_values(), json_values(), json_values())
async def test_any_messages_are_either_read_or_refused(info: Any, devices: Any, state: Any) -> None:
    whole = json.loads((DATA / "bridge-info.json").read_text())
    one = json.loads((DATA / "bridge-devices.json").read_text())[1]
    sent = whole | info if isinstance(info, dict) else info
    listed = [one, one | devices] if isinstance(devices, dict) else devices
    broker = FakeBroker(retained(info=json.dumps(sent).encode(), devices=json.dumps(listed).encode()), answering(state))
    items, error = await read(broker)
    assert error is not None or values(items, Hub.version)


# Its settings


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({}, 'set "url" (the MQTT broker), "data" (the data folder) or both'),
        ({"url": "http://hub"}, "the url must look like"),
        ({"url": "mqtt://hub:opensesame@host"}, "may not hold a user or password"),
        ({"url": "mqtt://hub", "base_topic": "zigbee2mqtt/#"}, '"base_topic" must be a topic'),
    ],
)
def test_settings_that_cannot_work_are_refused(written: dict[str, str], says: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(written, Zigbee2Mqtt.Settings)
    assert says in str(raised.value)
    assert "opensesame" not in str(raised.value)
