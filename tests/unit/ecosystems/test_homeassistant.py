"""The homeassistant ecosystem against servers that behave, and servers that do not."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems._homeassistant import live
from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Claim, Gap, Grade, Item, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account
from nightlatch.model.thing import Field
from nightlatch.secrets import Secret
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values
from tests.unit.ecosystems.fake_homeassistant import (
    ANSWERS,
    DEVICE,
    ENTITIES,
    OWNER,
    PIN,
    REFUSED,
    RESIDENT,
    STATES,
    TOKEN,
    UNKNOWN,
    UPDATE,
    ZWAVE_LOCK,
    FakeHomeAssistant,
    serve,
    state,
    write_folder,
)
from tests.unit.ecosystems.fake_matter import talking


def plug(url: str, token: str = TOKEN, config: Path | None = None) -> HomeAssistant:
    return HomeAssistant(HomeAssistant.Settings(url=url, token=Secret(token), config=config), context("homeassistant"))


async def read(answers: dict[str, Any] | None = None, *, config: Path | None = None, **fake: Any) -> list[Item]:
    async with serve(FakeHomeAssistant(answers, **fake)) as url:
        items, error = await ask(plug(url, config=config))
    assert error is None
    return items


async def fails(talk: Any) -> str:
    async with talking(talk, "/api/websocket") as url:
        items, error = await ask(plug(url.replace("ws://", "http://").removesuffix("/api/websocket")))
    assert error is not None
    assert values(items, Lock.bolt) == []
    assert TOKEN not in str(error)
    return str(error).replace(url, "URL")


def about(user: dict[str, Any]) -> str:
    return str(user["id"])[:8]


@pytest.mark.parametrize("given_settings", [{}, {"url": "http://h:8123"}, {"token": Secret("t")}])
def test_settings_that_cannot_work_are_refused(given_settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="token"):
        HomeAssistant.Settings(**given_settings)


async def test_every_claim_is_of_a_field_that_the_ecosystem_says_it_gives(tmp_path: Path) -> None:
    items = await read(config=write_folder(tmp_path))
    fields = {field.path for field in HomeAssistant.gives}

    assert {f"{one.about.kind}.{one.fact}" for one in items if isinstance(one, Claim)} <= fields


async def test_only_reading_commands_are_sent() -> None:
    fake = FakeHomeAssistant()
    async with serve(fake) as url:
        await ask(plug(url))

    assert set(fake.asked) == {key.partition(" ")[0] for key in ANSWERS}


async def test_accounts_are_people_who_can_sign_in_and_administrators_are_counted() -> None:
    items = await read()

    assert (values(items, Hub.users), values(items, Hub.admins)) == ([3], [1])
    assert values(items, Account.opens_door, about(RESIDENT)) == [True]
    assert values(items, Account.local_only, about(RESIDENT)) == [True]
    assert values(items, Account.opens_door, "cccccccc") == [False]  # a group that only looks


async def test_without_a_lock_no_account_opens_a_door() -> None:
    items = await read({"get_states": [state("light.a", "on")]})

    assert set(values(items, Account.opens_door)) == {False}


async def test_the_second_factor_of_the_token_s_user_is_told_and_no_other() -> None:
    items = await read()

    assert values(items, Account.two_factor, about(OWNER)) == ["app"]
    assert values(items, Account.two_factor, about(RESIDENT)) == []
    assert len(reasons(items, Account.two_factor)) == 2  # of the two others


async def test_a_code_by_notification_is_not_taken_for_no_second_factor() -> None:
    me = {**ANSWERS["auth/current_user"], "mfa_modules": [{"id": "notify", "enabled": True}]}
    items = await read({"auth/current_user": me})

    assert values(items, Account.two_factor) == []


async def test_with_the_folder_the_second_factors_of_all_are_known(tmp_path: Path) -> None:
    items = await read(config=write_folder(tmp_path))

    assert values(items, Account.two_factor, about(RESIDENT)) == ["none"]
    assert reasons(items, Account.two_factor) == []


async def test_locks_of_registry_and_of_none_are_told_and_disabled_ones_are_not() -> None:
    items = await read()

    assert values(items, Lock.name) == ["Front", "Gate"]
    assert values(items, Lock.bolt) == ["thrown", "retracted"]
    assert values(items, Lock.iot_class) == ["local_push", "cloud_polling"]


async def test_a_state_is_recorded_evidence_of_the_time_it_was_heard() -> None:
    (fact,) = claims(await read(), Lock.bolt, "lock.front")

    assert (fact.grade, fact.at) == (Grade.RECORDED, datetime(2026, 11, 20, 8, 30, tzinfo=UTC))


async def test_firmware_battery_and_update_of_a_lock_come_from_its_device() -> None:
    items = await read()

    assert values(items, Lock.firmware) == ["1.70"]
    assert values(items, Lock.battery_percent) == [61]
    assert values(items, Lock.update_available) == [True]
    assert values(items, Lock.update_version) == ["1.78"]
    assert values(items, Lock.update_since) == [date(2026, 11, 20)]


@pytest.mark.parametrize(
    ("value", "changes", "offered"),
    [
        ("off", {"latest_version": "1.70"}, [False]),
        ("off", {"skipped_version": "1.78"}, [True]),
        ("unavailable", {}, []),
    ],
)
async def test_an_update_that_was_skipped_is_still_offered(
    value: str, changes: dict[str, Any], offered: list[bool]
) -> None:
    states = [*STATES[:2], state("update.front", value, **{**UPDATE, **changes})]

    assert values(await read({"get_states": states}), Lock.update_available) == offered


async def test_the_update_of_home_assistant_itself_is_told_where_it_has_one() -> None:
    assert values(await read(), Hub.update_available) == [False]
    assert values(await read({"config/entity_registry/list": ENTITIES[:3]}), Hub.update_available) == []


@pytest.mark.parametrize(
    ("platform", "device", "key"),
    [
        ("zwave_js", {"identifiers": [["zwave_js", "3245146787-12"]]}, "zwave:0xc16d02a3/12"),
        ("mqtt", {"identifiers": [["mqtt", "zigbee2mqtt_0x000D6F00B1E55ED0"]]}, "ieee:0x000d6f00b1e55ed0"),
        ("zha", {"identifiers": [["zha", "00:0d:6f:00:b1:e5:5e:d0"]]}, "ieee:0x000d6f00b1e55ed0"),
        ("zha", {"connections": [["zigbee", "00:0d:6f:00:b1:e5:5e:d0"]]}, "ieee:0x000d6f00b1e55ed0"),
        (
            "matter",
            {"identifiers": [["matter", "deviceid_9AF4751A7C421196-000000000000000C-MatterNodeDevice"]]},
            "matter:9af4751a7c421196/12",
        ),
        (
            "matter",
            {"identifiers": [["matter", "deviceid_9AF4751A7C421196-000000000000000C-3"]]},
            "matter:9af4751a7c421196/12/3",
        ),
        ("wifi", {"connections": [["mac", "AA:BB:CC:00:11:22"]]}, "mac:aa:bb:cc:00:11:22"),
        ("wifi", {"serial_number": "SN-4711"}, "serial:SN-4711"),
        ("wifi", {"serial_number": "0000"}, None),
        ("mqtt", {"identifiers": [["mqtt", "tasmota_1"], ["mqtt"], [5, 6], []]}, None),
    ],
)
async def test_the_registry_s_identifiers_are_the_keys_of_other_sources(
    platform: str, device: dict[str, Any], key: str | None
) -> None:
    plain = {**DEVICE, "identifiers": [], "connections": [], "serial_number": None, **device}
    items = await read(
        {
            "config/entity_registry/list": [{**ZWAVE_LOCK, "platform": platform}],
            "config/device_registry/list": [plain],
        }
    )

    assert [one.key for one in items if isinstance(one, Same)] == ([key] if key else [])


async def test_two_locks_of_one_device_are_not_made_one() -> None:
    second = {**ZWAVE_LOCK, "entity_id": "lock.back"}
    items = await read({"config/entity_registry/list": [ZWAVE_LOCK, second]})

    assert [one for one in items if isinstance(one, Same)] == []


async def test_a_default_code_in_the_registry_is_told_without_the_code() -> None:
    lock = {**ZWAVE_LOCK, "options": {"lock": {"default_code": PIN}}}
    items = await read({"config/entity_registry/list": [lock]})

    assert values(items, Hub.plain_pins) == [("lock.front (default code)",)]
    assert PIN not in repr(items)


@pytest.mark.parametrize(
    ("cloud", "exposed"),
    [
        ({"logged_in": True, "prefs": {"alexa_enabled": True}}, ("lock.front (Alexa)", "lock.front (Assist)")),
        ({"logged_in": True, "prefs": {"alexa_enabled": False}}, ("lock.front (Assist)",)),
        ({"logged_in": False}, ("lock.front (Assist)",)),
        (UNKNOWN, ("lock.front (Alexa)", "lock.front (Assist)")),
    ],
)
async def test_what_is_set_for_a_cloud_that_is_off_is_offered_to_nobody(cloud: Any, exposed: tuple[str, ...]) -> None:
    assert values(await read({"cloud/status": cloud}), Hub.voice_exposed) == [exposed]


async def test_remote_access_through_the_cloud_is_told_and_its_absence_proves_nothing() -> None:
    assert values(await read(), Hub.remote_access) == [True]
    assert values(await read({"cloud/status": {"logged_in": False}}), Hub.remote_access) == []


async def test_an_integration_that_is_not_there_does_nothing() -> None:
    items = await read({"cloud/status": UNKNOWN, "analytics": UNKNOWN})

    assert (values(items, Hub.cloud_connected), values(items, Hub.analytics)) == ([False], [False])


@pytest.mark.parametrize(
    ("config", "url"), [("https://own.example", "https://own.example"), (None, "https://abc.ui.nabu.casa")]
)
async def test_the_external_url_is_the_one_that_was_set_or_the_one_in_use(config: str | None, url: str) -> None:
    items = await read({"get_config": {**ANSWERS["get_config"], "external_url": config}})

    assert values(items, Hub.external_url) == [url]


async def test_being_let_in_without_a_password_is_noticed() -> None:
    items = await read(providers=("homeassistant", "trusted_networks"))

    assert values(items, Hub.trusted_networks) == [("the network of this machine",)]


async def test_the_folder_s_own_words_on_trusted_networks_are_kept(tmp_path: Path) -> None:
    items = await read(config=write_folder(tmp_path), providers=("homeassistant", "trusted_networks"))

    assert values(items, Hub.trusted_networks) == [("192.168.66.0/24", "fd00::/8")]


async def test_refusals_name_the_command_the_user_and_the_permission() -> None:
    refusals = dict.fromkeys(("config/auth/list", "homeassistant/expose_entity/list", "analytics"), REFUSED)
    me = {"id": RESIDENT["id"], "name": "rob", "is_admin": False}
    items = await read({**refusals, "auth/current_user": me})
    refused: tuple[tuple[Field[Any], str], ...] = (
        (Hub.admins, "config/auth/list"),
        (Hub.voice_exposed, "homeassistant/expose_entity/list"),
        (Hub.analytics, "analytics"),
    )

    for field, command in refused:
        assert values(items, field) == []
        assert reasons(items, field) == [
            f"Home Assistant refused {command} (unauthorized): the token is rob's, who is not an administrator"
        ]


async def test_accounts_that_may_not_be_seen_stand_as_one_whose_second_factor_is_unknown() -> None:
    items = await read({"config/auth/list": REFUSED})
    (gap,) = [one for one in items if isinstance(one, Gap) and Account.two_factor.path in one.facts]

    assert gap.about == Ref("account", "homeassistant:others")
    assert values(items, Account.name, "others") == ["Home Assistant: all other accounts"]


async def test_every_gap_is_about_a_thing_of_this_home_assistant() -> None:
    refusals = dict.fromkeys(("config/auth/list", "homeassistant/expose_entity/list", "analytics"), REFUSED)
    items = await read(refusals)
    things = {one.about for one in items if isinstance(one, Claim)}

    assert {one.about for one in items if isinstance(one, Gap)} <= things


async def test_what_the_folder_tells_is_no_gap_though_the_server_refuses_it(tmp_path: Path) -> None:
    items = await read({"config/auth/list": REFUSED, "analytics": REFUSED}, config=write_folder(tmp_path))

    assert reasons(items, Hub.admins) == []
    assert reasons(items, Hub.analytics) == []


async def test_a_refused_token_is_one_clear_error_without_the_token() -> None:
    async with serve(FakeHomeAssistant()) as url:
        items, error = await ask(plug(url, token="wrong-secret"))

    assert items == []
    assert "Home Assistant refused the token. Make a new long-lived access token" in str(error)
    assert "wrong-secret" not in repr((str(error), items))


@pytest.mark.parametrize("url", ["homeassistant.local:8123", "ftp://h", "http://", "http://u:p@h:8123", "http://[::1"])
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    items, error = await ask(plug(url))

    assert items == []
    assert error is not None
    assert error.where == "url"


async def test_something_else_at_the_address_is_named() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json({"schema_version": 11})

    assert await fails(talk) == "URL: does not speak as Home Assistant does. Is this Home Assistant's address?"


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ANSWER_S", 0.1)

    async def talk(socket: web.WebSocketResponse) -> None:
        await asyncio.sleep(1)

    assert "did not answer in time" in await fails(talk)


async def test_what_was_read_before_the_connection_broke_is_kept() -> None:
    class Breaking(FakeHomeAssistant):
        def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
            if asked["type"] == "cloud/status":
                raise ConnectionError
            return super()._answer(asked)

    async with serve(Breaking()) as url:
        items, error = await ask(plug(url))

    assert "closed the connection" in str(error)
    assert values(items, Hub.users) == [3]
    assert values(items, Lock.bolt) == ["thrown", "retracted"]


async def test_of_a_server_that_is_slow_what_it_told_in_time_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TOTAL_S", 1.0)

    class Slow(FakeHomeAssistant):
        def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
            if asked["type"] == "cloud/status":
                time.sleep(1.5)  # the fake has no pause of its own between the question and the answer
            return super()._answer(asked)

    async with serve(Slow()) as url:
        items, error = await ask(plug(url))

    assert "did not answer everything within 1 s" in str(error)
    assert values(items, Hub.users) == [3]


async def test_a_server_that_only_sends_events_is_given_up() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json({"type": "auth_required", "ha_version": "1"})
        await socket.receive()
        await socket.send_json({"type": "auth_ok"})
        while not socket.closed:
            await socket.send_json({"type": "event"})
            await asyncio.sleep(0)

    assert "sent 1000 messages but no answer to auth/current_user" in await fails(talk)


async def test_an_answer_of_the_wrong_shape_names_the_command() -> None:
    async with serve(FakeHomeAssistant({"get_states": {"no": "list"}})) as url:
        _, error = await ask(plug(url))

    assert "(get_states): is not what was expected: Expected `array`, got `object`" in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(sorted(ANSWERS)), json_values, min_size=1, max_size=5))
async def test_no_answer_breaks_it(changes: dict[str, Any]) -> None:
    async with serve(FakeHomeAssistant(changes)) as url:
        items, _ = await ask(plug(url))  # any other exception than a NightlatchError fails the test

    assert values(items, Hub.version) == ["2024.3.3"]


@settings(max_examples=60, deadline=None)
@given(
    identifiers=st.lists(st.lists(json_values, max_size=3), max_size=3),
    attributes=st.dictionaries(st.sampled_from([*UPDATE, "device_class", "friendly_name"]), json_values),
    options=st.dictionaries(st.sampled_from(["lock", "conversation"]), json_values),
)
async def test_no_identifier_attribute_or_option_breaks_it(
    identifiers: list[Any], attributes: dict[str, Any], options: dict[str, Any]
) -> None:
    answers = {
        "config/device_registry/list": [{**DEVICE, "identifiers": identifiers, "connections": identifiers}],
        "config/entity_registry/list": [{**ZWAVE_LOCK, "options": options}, *ENTITIES[1:]],
        "get_states": [state(one["entity_id"], one["state"], **attributes) for one in STATES],
    }
    async with serve(FakeHomeAssistant(answers)) as url:
        items, error = await ask(plug(url))

    assert error is None
    assert len(values(items, Lock.bolt)) == 2


@settings(max_examples=60, deadline=None)
@given(messages=st.lists(json_values.map(json.dumps) | st.text(max_size=20), min_size=1, max_size=4))
async def test_no_first_message_breaks_it(messages: list[str]) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        for message in messages:
            await socket.send_str(message)

    async with talking(talk, "/api/websocket") as url:
        _, error = await ask(plug(url.replace("ws://", "http://").removesuffix("/api/websocket")))

    assert isinstance(error, NightlatchError)
