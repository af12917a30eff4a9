"""The `matter` rig gives what the tests of the source build on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rigs.launch import RigError
from rigs.matter.rig import MatterRig

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]


@pytest.fixture
def ana(matter_rig: MatterRig) -> Iterator[None]:
    matter_rig.server.add_user(1, "Ana", "471109")
    yield
    matter_rig.server.remove_user(1)


def read(rig: MatterRig, path: str) -> Any:
    return rig.server.client.command("read_attribute", node_id=rig.server.node, attribute_path=path)[path]


def test_the_server_names_its_fabric_and_schema(matter_rig: MatterRig) -> None:
    info = matter_rig.server.client.info()

    assert info is not None
    assert info["schema_version"] == 11
    assert info["compressed_fabric_id"] > 0


def test_the_lock_is_commissioned_and_tells_its_make_and_firmware(matter_rig: MatterRig) -> None:
    (node,) = matter_rig.server.client.command("get_nodes")

    assert node["available"]
    assert [node["attributes"][f"0/40/{each}"] for each in (1, 3, 10, 15)] == [
        "Acme Locks",
        "Virtual Deadbolt 1",
        "1.2.3",
        "VL-0001",
    ]


@pytest.mark.usefixtures("ana")
def test_a_user_is_read_back_from_the_lock_and_is_in_its_memory(matter_rig: MatterRig) -> None:
    user = matter_rig.server.lock_command("GetUser", userIndex=1)

    assert (user["userName"], user["creatorFabricIndex"]) == ("Ana", 1)
    assert user["credentials"] == [{"credentialType": 1, "credentialIndex": 1}]
    assert [each["userName"] for each in matter_rig.act({"act": "memory"})["users"]] == ["Ana"]


def test_what_happens_at_the_door_reaches_the_server(matter_rig: MatterRig) -> None:
    for action, path, value in (
        ({"act": "turn", "to": "unlocked"}, "1/257/0", 2),
        ({"act": "turn", "to": "locked"}, "1/257/0", 1),
        ({"act": "door", "open": True}, "1/257/3", 0),
        ({"act": "door", "open": False}, "1/257/3", 1),
        ({"act": "battery", "percent": 9}, "1/47/12", 18),
        ({"act": "battery", "percent": 87}, "1/47/12", 174),
    ):
        matter_rig.act(action)
        assert read(matter_rig, path) == value


def test_a_setting_can_be_written_and_read_back(matter_rig: MatterRig) -> None:
    assert read(matter_rig, "1/257/51") is False
    matter_rig.server.write(51, True)
    try:
        assert read(matter_rig, "1/257/51") is True
    finally:
        matter_rig.server.write(51, False)


def test_an_act_the_lock_does_not_know_is_refused(matter_rig: MatterRig) -> None:
    with pytest.raises(RigError, match="a lock cannot fly"):
        matter_rig.act({"act": "fly"})
