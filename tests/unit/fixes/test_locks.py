from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nightlatch.catalogue import Catalogue, Role
from nightlatch.catalogue.structs import ZwaveModel
from nightlatch.fixes import _lock, locks
from nightlatch.model.command import SetParameter
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.values import KnownVulnerability
from tests.unit.practices.builder import home, make

FixOfLock = Callable[[Lock, Home], Fix]
EVERY: tuple[FixOfLock, ...] = (
    locks.include_securely,
    locks.update_firmware,
    locks.mitigate_vulnerability,
    locks.ask_maker,
    locks.use_local_path,
    locks.choose_open_lock,
    locks.require_pin_for_remote,
    locks.limit_wrong_codes,
    locks.enable_tamper_alarm,
    locks.enable_auto_relock,
    locks.hide_pins,
)
YALE = "0x0129:0x8104:0x45d5"
SCHLAGE = "0x003b:0x6341:0x5044"


def zwave(ids: str, **facts: Any) -> Lock:
    return make(Lock, "zwavejs:3", name="Front", zwave_id=ids, **facts)


def fix(maker: FixOfLock, lock: Lock, *others: Any) -> Fix:
    return maker(lock, home(lock, *others))


def test_a_zwave_parameter_is_named_by_number_and_value_and_set_by_nightlatch() -> None:
    found = fix(locks.limit_wrong_codes, zwave(YALE))
    assert found.automatic
    assert found.steps == (
        "Z-Wave JS: node 3, configuration: set parameter 4 (Wrong Code Limit) to 5.",
        "Z-Wave JS: node 3, configuration: set parameter 7 (Wrong Code Lockout Time) to 60 seconds.",
    )


def test_what_nightlatch_does_itself_is_what_the_steps_say() -> None:
    lock = zwave(YALE)
    limits = (("wrong_code_limit", 5), ("wrong_code_lockout_s", 60))
    assert fix(locks.limit_wrong_codes, lock).does == tuple(SetParameter(lock.ref, *one) for one in limits)
    assert fix(locks.enable_auto_relock, lock).does == (SetParameter(lock.ref, "auto_relock_s", 30),)
    matter = make(Lock, "matter:1/5")
    assert fix(locks.require_pin_for_remote, matter).does == (SetParameter(matter.ref, "pin_for_remote", 1),)


def test_an_option_is_named_by_its_number_and_label() -> None:
    found = fix(locks.enable_tamper_alarm, zwave(SCHLAGE))
    assert found.automatic and found.steps == (
        "Z-Wave JS: node 3, configuration: set parameter 7 (Lock Specific Alarm Mode) to 2 (Tamper).",
    )


def test_a_lock_in_home_assistant_is_set_by_its_menus_and_not_by_nightlatch() -> None:
    lock = make(Lock, "homeassistant:lock.front", name="Front", zwave_id=YALE)
    found = fix(locks.limit_wrong_codes, lock)
    assert not found.automatic
    assert found.steps[0].startswith("Home Assistant: Settings > Devices & services > Z-Wave > Front > Configure")


def test_a_hub_tells_how_a_lock_is_commanded_when_its_own_keys_do_not() -> None:
    hub = make(Hub, "h", software="zigbee2mqtt")
    lock = make(Lock, "front", name="Front", hub=hub)
    assert _lock.way_to(lock, home(lock, hub)) == "zigbee2mqtt"
    assert _lock.way_to(lock, home(lock)) == ""


def _setting(found: Fix) -> str:
    return next(step for step in found.steps if "Matter server: " in step)


@pytest.mark.parametrize(
    ("maker", "path", "value"),
    [
        (locks.limit_wrong_codes, "1/257/48", 5),
        (locks.enable_auto_relock, "1/257/35", 30),
        (locks.require_pin_for_remote, "1/257/51", True),
        (locks.hide_pins, "1/257/50", False),
    ],
)
def test_a_matter_attribute_is_written_by_a_message_that_the_server_takes(
    maker: FixOfLock, path: str, value: Any
) -> None:
    found = fix(maker, make(Lock, "matter:1/5"))
    message = json.loads(_setting(found).partition("Matter server: ")[2])
    assert found.automatic
    assert message["command"] == "write_attribute"
    assert message["args"] == {"node_id": 5, "attribute_path": path, "value": value}


def test_a_zigbee_lock_is_set_by_topic_and_payload_where_its_model_can() -> None:
    lock = make(Lock, "front", zigbee_model="YRD226HA2619")
    bound = Lock("front", lock.facts(), keys=("ieee:0x000d6f0011223344", "zigbee2mqtt:0x000d6f0011223344"))
    found = fix(locks.enable_auto_relock, bound)
    assert found.steps[1:] == (
        'MQTT: publish to zigbee2mqtt/0x000d6f0011223344/set the payload {"auto_relock_time":30}',
    )
    assert "everybody has a code or carries a key" in found.steps[0]
    assert found.automatic
    named = make(Lock, "zigbee2mqtt:1", name="Side", zigbee_model="EasyCodeTouch")
    assert fix(locks.enable_auto_relock, named).steps[1:] == (
        'MQTT: publish to zigbee2mqtt/Side/set the payload {"auto_relock":true}',
    )
    unable = make(Lock, "zigbee2mqtt:0x1", zigbee_model="A6121")
    assert not fix(locks.enable_auto_relock, unable).automatic


def test_pins_that_zigbee2mqtt_publishes_are_hidden_by_its_own_option() -> None:
    step = fix(locks.hide_pins, make(Lock, "zigbee2mqtt:0x000d6f0011223344")).steps[0]
    payload = json.loads(step.partition("the payload ")[2])
    assert payload == {"id": "0x000d6f0011223344", "options": {"expose_pin": False}}


@pytest.mark.parametrize("maker", EVERY)
def test_a_lock_of_which_nothing_is_known_gets_steps_by_hand(maker: FixOfLock) -> None:
    found = fix(maker, make(Lock, "front"))
    assert found.summary and found.steps and not found.automatic


def test_no_advice_ever_names_a_parameter_that_resets_a_lock() -> None:
    """Every Z-Wave model of the catalogue, every fix: what is advised is one of its settable parameters."""
    advised = 0
    for model in Catalogue().entries():
        if not isinstance(model, ZwaveModel):
            continue
        kind, number = model.ids[0]
        lock = zwave(f"0x{model.manufacturer_id:04x}:0x{kind:04x}:0x{number:04x}")
        resets = {one.number for one in model.parameters if one.role is Role.RESET_DANGER}
        for maker in (locks.limit_wrong_codes, locks.enable_tamper_alarm, locks.enable_auto_relock):
            for step in fix(maker, lock).steps:
                _, found, rest = step.partition("set parameter ")
                if found:
                    advised += 1
                    assert int(rest.split(" ")[0].split("[")[0]) not in resets, f"{model.key}: {step}"
    assert advised > 100


def test_a_value_stays_within_what_the_parameter_takes() -> None:
    for model in Catalogue().entries():
        if not isinstance(model, ZwaveModel):
            continue
        kind, number = model.ids[0]
        lock = zwave(f"0x{model.manufacturer_id:04x}:0x{kind:04x}:0x{number:04x}")
        setting = _lock.zwave_setting(lock, home(lock), Role.WRONG_CODE_LIMIT, 50)
        if setting is not None:
            value = int(setting.step.rpartition(" to ")[2].rstrip(".").split(" ")[0])
            assert value <= 20, setting.step


def test_a_number_moves_to_the_nearest_of_a_parameters_options() -> None:
    lock = zwave("0x0090:0x0003:0x0541")
    setting = _lock.zwave_setting(lock, home(lock), Role.AUTO_RELOCK_TIME, 50)
    assert setting is not None
    assert setting.step.endswith("set parameter 36[0xff00] (Auto Relock Timing) to 60.")


def test_a_model_that_speaks_zwave_is_to_be_joined_to_a_hub_at_home() -> None:
    assert "speaks Z-Wave: join it to a Z-Wave hub" in fix(locks.use_local_path, zwave(YALE)).steps[0]


def test_an_integration_that_works_locally_is_named() -> None:
    nuki = make(Lock, "nuki", maker="Nuki", model="Smart Lock 3.0 Pro")
    assert "integration nuki, which works locally" in fix(locks.use_local_path, nuki).steps[0]


def test_a_maker_that_takes_reports_is_told_by_its_own_address() -> None:
    assert "https://" in fix(locks.ask_maker, zwave(YALE)).steps[0]


def test_a_vulnerability_without_a_known_fixed_version_gives_the_catalogues_advice() -> None:
    flaw = KnownVulnerability(
        "CVE-1", "yes", "opens", "radio", "high", fix="disable Bluetooth", sources=("example.org",)
    )
    found = fix(locks.mitigate_vulnerability, zwave(YALE, vulnerabilities=(flaw,)))
    assert found.summary == "Close CVE-1."
    assert "Disable Bluetooth" in found.steps and found.steps[-1] == "Read more: example.org"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("zigbee2mqtt:0x1", "ota_update/update"),
        ("matter:1/5", "update_node"),
        ("zwavejs:3", "Firmware update (OTA)"),
        ("yale:1", "the maker's app"),
    ],
)
def test_firmware_is_installed_by_what_commands_the_lock(key: str, words: str) -> None:
    lock = make(Lock, key, update_version="2.1.0")
    found = fix(locks.update_firmware, lock)
    assert "2.1.0" in found.summary
    assert any(words in step for step in found.steps)
