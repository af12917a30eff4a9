"""The `homeassistant` rig gives what the tests of the source build on."""

from __future__ import annotations

import json

import pytest

from rigs.homeassistant.client import totp
from rigs.homeassistant.mqtt import ADDRESS
from rigs.homeassistant.rig import OWNER, HomeAssistantRig

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]


def test_the_codes_of_the_authenticator_app_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", the RFC's test key

    assert [totp(secret, at) for at in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]


def test_the_owner_sees_five_locks_and_two_people(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    states = rig.client.command(rig.token, type="get_states")
    people = rig.client.command(rig.token, type="config/auth/list")

    assert {each["entity_id"] for each in states if each["entity_id"].startswith("lock.")} == {
        "lock.back_door",
        "lock.front_door",
        "lock.kitchen_door",
        "lock.openable_lock",
        "lock.poorly_installed_door",
    }
    assert {each["name"]: each["is_owner"] for each in people if not each["system_generated"]} == {
        "olivia": True,
        "rob": False,
    }


def test_the_resident_is_refused_what_only_an_administrator_may_see(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    for command in ("config/auth/list", "homeassistant/expose_entity/list", "analytics"):
        answer = rig.client.ask(rig.user_token, type=command)

        assert answer["error"] == {"code": "unauthorized", "message": "Unauthorized"}


def test_a_lock_can_be_hidden_from_voice_and_shown_to_it(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig

    def exposed() -> object:
        answer = rig.client.command(rig.token, type="homeassistant/expose_entity/list")
        return answer["exposed_entities"]["lock.kitchen_door"]

    rig.expose("lock.kitchen_door", exposed=False)
    assert exposed() == {"conversation": False}
    rig.expose("lock.kitchen_door")
    assert exposed() == {"conversation": True}


def test_an_authenticator_app_appears_in_the_configuration_folder(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    rig.enable_totp(rig.token)
    try:
        stored = json.loads((rig.config / ".storage" / "auth_module.totp").read_text())
        assert list(stored["data"]["users"]) == [rig.users[OWNER]]
    finally:
        rig.disable_totp(rig.token)


def test_nothing_inside_reaches_a_network(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    network = rig.client.command(rig.token, type="network")

    assert [each["name"] for each in network["adapters"]] == ["lo"]


def test_the_lock_over_mqtt_is_a_device_with_its_zigbee_address(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    entities = rig.client.command(rig.token, type="config/entity_registry/list")
    device_id = next(each["device_id"] for each in entities if each["entity_id"] == "lock.back_door")
    devices = rig.client.command(rig.token, type="config/device_registry/list")

    assert next(each["identifiers"] for each in devices if each["id"] == device_id) == [
        ["mqtt", f"zigbee2mqtt_{ADDRESS}"]
    ]
