from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems import _mosquitto
from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.errors import ReadError
from nightlatch.model.evidence import Claim, Gap, Grade, Item, Ref
from nightlatch.model.hub import Hub
from tests.unit.ecosystems.asking import context

HUB = Ref("hub", "zigbee2mqtt:bridge")
TOPICS = ("zigbee2mqtt/front/set", "zigbee2mqtt/front/get")


def look(data: Path) -> list[Item]:
    plug = Zigbee2Mqtt(Zigbee2Mqtt.Settings(data=data), context("zigbee2mqtt"))
    return list(_mosquitto.items(plug, HUB, data, TOPICS, "hub"))


def told(data: Path) -> dict[str, Any]:
    return {one.fact: one.value for one in look(data) if isinstance(one, Claim)}


def place(items: list[Item], name: str) -> str:
    return next(one.where for one in items if isinstance(one, Claim) and one.fact == name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("text", "anonymous"),
    [
        ("listener 1883\nallow_anonymous true\n", True),
        ("listener 1883\nallow_anonymous false\n", False),
        ("listener 1883\npassword_file /etc/passwords\n", False),
        ("# only this host\npersistence true\n", None),
    ],
)
def test_whether_the_broker_lets_anybody_in_is_read_from_its_configuration(
    data: Path, text: str, anonymous: bool | None
) -> None:
    (data / "mosquitto.conf").write_text(text)
    assert told(data).get("mqtt_anonymous") is anonymous


def test_the_line_of_the_configuration_is_the_evidence(data: Path) -> None:
    (data / "mosquitto.conf").write_text("listener 1883\n\nallow_anonymous true\n")
    items = look(data)
    assert place(items, "mqtt_anonymous") == "mosquitto.conf:3 (allow_anonymous true)"
    assert {one.grade for one in items if isinstance(one, Claim)} == {Grade.RECORDED}


@pytest.mark.parametrize("folder", [".", "..", "mosquitto", "../mosquitto", "../mosquitto/config"])
def test_the_brokers_files_are_found_in_beside_and_above_the_data_folder(data: Path, folder: str) -> None:
    (data / folder).mkdir(parents=True, exist_ok=True)
    (data / folder / "mosquitto.conf").write_text("listener 1883\nallow_anonymous true\n")
    assert told(data)["mqtt_anonymous"] is True


def test_without_the_brokers_files_nothing_is_said(data: Path) -> None:
    assert look(data) == []


def test_parts_that_the_configuration_includes_are_read(data: Path) -> None:
    (data / "mosquitto.conf").write_text("include_dir /etc/mosquitto/conf.d\n")
    (data / "conf.d").mkdir()
    (data / "conf.d" / "own.conf").write_text("listener 1883\nallow_anonymous true\n")
    assert told(data)["mqtt_anonymous"] is True


def test_a_broker_without_an_access_list_keeps_nobody_off_the_locks(data: Path) -> None:
    (data / "mosquitto.conf").write_text("listener 1883\n")
    assert told(data)["mqtt_acl"] is False


def test_a_broker_with_a_plugin_is_not_judged_by_its_files(data: Path) -> None:
    (data / "mosquitto.conf").write_text("listener 1883\nplugin /usr/lib/mosquitto_dynamic_security.so\n")
    assert "mqtt_acl" not in told(data)


def test_an_access_list_that_is_not_there_is_a_gap(data: Path) -> None:
    (data / "mosquitto.conf").write_text("listener 1883\nacl_file /mosquitto/config/acl\n")
    [gap] = [one for one in look(data) if isinstance(one, Gap)]
    assert gap.facts == (Hub.mqtt_acl.path,)
    assert gap.reason == "the access list that mosquitto.conf:2 names is not next to mosquitto.conf"


@pytest.mark.parametrize(
    ("rules", "guarded", "because"),
    [
        ("user hub\ntopic readwrite zigbee2mqtt/#\n", True, "nobody but the hub"),
        ("user hub\ntopic #\nuser ha\ntopic #\nuser cam\ntopic cam/#\n", True, "besides the hub: ha"),
        ("user hub\ntopic #\n\npattern readwrite #\n", False, "acl:4 (every client: readwrite #)"),
        ("pattern write zigbee2mqtt/%u/set\n", False, "every client: write zigbee2mqtt/+/set"),
        ("pattern read zigbee2mqtt/+/get\n", False, "every client"),
        ("pattern readwrite #\npattern deny zigbee2mqtt/#\n", True, "nobody but the hub"),
        ("topic readwrite #\n", True, "nobody but the hub"),
        ("", True, "nobody but the hub"),
    ],
)
def test_an_access_list_guards_the_locks_when_only_named_accounts_reach_them(
    data: Path, rules: str, guarded: bool, because: str
) -> None:
    (data / "mosquitto.conf").write_text("listener 1883\nacl_file /mosquitto/config/acl\n")
    (data / "acl").write_text(rules)
    items = look(data)
    assert told(data)["mqtt_acl"] is guarded
    assert because in place(items, "mqtt_acl")


def test_rules_for_clients_without_a_name_count_when_such_are_let_in(data: Path) -> None:
    (data / "mosquitto.conf").write_text("listener 1883\nallow_anonymous true\nacl_file acl\n")
    (data / "acl").write_text("topic readwrite #\n")
    assert told(data)["mqtt_acl"] is False
    assert "clients without a password" in place(look(data), "mqtt_acl")


def test_an_access_list_that_the_configuration_does_not_name_is_not_in_force(data: Path) -> None:
    (data / "mosquitto.conf").write_text("listener 1883\n")
    (data / "acl").write_text("user hub\ntopic #\n")
    assert told(data)["mqtt_acl"] is False


def test_an_unreadable_list_is_an_error_that_names_it(data: Path) -> None:
    (data / "acl").write_bytes(b"user \xff\n")
    with pytest.raises(ReadError, match="acl:1: is not UTF-8 text"):
        look(data)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_configuration_and_list_are_either_read_or_refused(data: Path, text: str, rules: str) -> None:
    (data / "mosquitto.conf").write_text(f"acl_file acl\n{text}", encoding="utf-8", errors="replace")
    (data / "acl").write_text(f"topic {rules}\npattern {rules}", encoding="utf-8", errors="replace")
    try:
        assert look(data)
    except ReadError as error:
        assert str(data) in str(error)
