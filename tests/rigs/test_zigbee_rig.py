"""The zigbee rig itself: what the tests of the Zigbee2MQTT ecosystem stand on."""

from __future__ import annotations

import json
import stat

import pytest
import yaml

from rigs.launch import RigError
from rigs.zigbee.rig import LOCK, Settings, ZigbeeRig
from rigs.zigbee.traffic import Traffic

pytestmark = pytest.mark.rig


def test_the_lock_joins_and_is_identified_by_its_model(zigbee_rig: ZigbeeRig) -> None:
    devices = {device["ieee_address"]: device for device in zigbee_rig.traffic.last("bridge/devices")}
    lock = devices[LOCK]
    assert (lock["definition"]["vendor"], lock["definition"]["model"]) == ("Yale", "YRD226HA2619")
    assert (lock["model_id"], lock["software_build_id"]) == ("YRD226 TSDB", "0x30680030")
    assert lock["interview_state"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("keypad 3", {"action": "unlock", "action_source_name": "keypad", "action_user": 3, "state": "UNLOCK"}),
        ("badpin", {"action": "unlock_failure_invalid_pin_or_id", "action_source_name": "keypad"}),
        ("manual lock", {"action": "manual_lock", "action_source_name": "manual", "lock_state": "locked"}),
        ("batt 12", {"battery": 12}),
    ],
)
def test_what_happens_at_the_door_arrives_over_mqtt(zigbee_rig: ZigbeeRig, order: str, says: dict[str, object]) -> None:
    since = zigbee_rig.traffic.mark()
    assert zigbee_rig.do(order) == "ok"
    zigbee_rig.traffic.wait(LOCK, lambda message: says.items() <= message.items(), since=since)


def test_an_order_that_the_lock_does_not_know_is_refused(zigbee_rig: ZigbeeRig) -> None:
    with pytest.raises(ValueError, match="unknown order 'dance'"):
        zigbee_rig.do("dance")


def test_permit_join_is_seen_in_the_bridge_info(zigbee_rig: ZigbeeRig) -> None:
    zigbee_rig.permit_join(True)
    assert zigbee_rig.traffic.last("bridge/info")["permit_join"] is True
    zigbee_rig.permit_join(False)
    assert zigbee_rig.traffic.last("bridge/info")["permit_join"] is False


def test_a_pin_is_set_on_the_lock_read_back_and_cleared(zigbee_rig: ZigbeeRig) -> None:
    traffic = zigbee_rig.traffic

    def read_back(status: str) -> None:
        since = traffic.mark()
        traffic.publish(f"{LOCK}/get", {"pin_code": {"user": 7}})
        # A message that was on its way may still tell of the slot as it was.
        traffic.wait(LOCK, lambda said: said.get("users", {}).get("7", {}).get("status") == status, since=since)

    since = traffic.mark()
    traffic.publish(f"{LOCK}/set", {"pin_code": {"user": 7, "pin_code": 264813}})
    traffic.wait(LOCK, lambda message: message.get("action") == "pin_code_added", since=since)
    read_back("enabled")
    assert json.loads(zigbee_rig.do("memory"))["codes"]["7"] == {"status": 1, "pin": "264813"}

    since = traffic.mark()
    traffic.publish(f"{LOCK}/set", {"pin_code": {"user": 7, "pin_code": None}})
    traffic.wait(LOCK, lambda message: message.get("action") == "pin_code_deleted", since=since)
    read_back("available")
    assert "7" not in json.loads(zigbee_rig.do("memory"))["codes"]


def test_the_data_folder_is_as_zigbee2mqtt_leaves_it(zigbee_rig: ZigbeeRig) -> None:
    names = {file.name for file in zigbee_rig.data.iterdir()}
    assert {"configuration.yaml", "database.db", "coordinator_backup.json"} <= names
    assert stat.S_IMODE((zigbee_rig.data / "configuration.yaml").stat().st_mode) == 0o644
    assert "auth_token" not in yaml.safe_load((zigbee_rig.data / "configuration.yaml").read_text())["frontend"]


def test_a_restart_changes_what_was_asked_and_keeps_the_lock(zigbee_rig: ZigbeeRig) -> None:
    before = zigbee_rig.settings
    zigbee_rig.restart(network_key="published", auth_token="correct horse", accounts=("hub", "guest"))
    try:
        key = json.loads((zigbee_rig.data / "coordinator_backup.json").read_text())["network_key"]["key"]
        assert key == "01030507090b0d0f00020406080a0c0d"
        configuration = yaml.safe_load((zigbee_rig.data / "configuration.yaml").read_text())
        assert configuration["frontend"]["auth_token"] == "correct horse"
        assert [d["ieee_address"] for d in zigbee_rig.traffic.last("bridge/devices")][1:] == [LOCK]
        with pytest.raises(RigError, match="does not let an anonymous client subscribe"):
            Traffic(int(zigbee_rig.mqtt_url.rpartition(":")[2]), zigbee_rig.base_topic, None, None)
    finally:
        zigbee_rig.restart(**{name: getattr(before, name) for name in Settings.__dataclass_fields__})
    assert zigbee_rig.user is None
