"""What Home Assistant is told of Nightlatch."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.guard.entities.showing import MOST_DOORS, DoorStanding, Names, OpenAlerts, Picture, Posture, render
from nightlatch.model.event import micros
from nightlatch.model.finding import Severity
from tests.unit.ecosystems.asking import NOW

# components/mqtt/discovery.py of Home Assistant 2024.3.3
DISCOVERABLE = re.compile(r"(?P<component>\w+)/(?:(?P<node>[a-zA-Z0-9_-]+)/)?(?P<object>[a-zA-Z0-9_-]+)/config")

DOOR = DoorStanding("front", "Front door", "secured", 61, "locked", micros(NOW))
PICTURE = Picture(
    Posture(81.5, 0.6421, Severity.CRITICAL, "Keep UPnP and NAT-PMP off"), OpenAlerts(2, "Tamper"), "intact", (DOOR,)
)


def told(picture: Picture, names: Names | None = None) -> dict[str, Any]:
    return {topic: json.loads(payload) for topic, payload in render(picture, names or Names(), "0.1").items()}


def configurations(messages: dict[str, Any]) -> dict[str, Any]:
    return {topic: content for topic, content in messages.items() if topic.endswith("/config")}


def test_the_states_are_as_they_are() -> None:
    messages = told(PICTURE)

    assert messages["nightlatch/home"] == {
        "score": 81.5,
        "coverage": 64.2,
        "finding": "Keep UPnP and NAT-PMP off",
        "severity": "critical",
        "alerts": 2,
        "newest": "Tamper",
        "journal": "OFF",
    }
    assert messages["nightlatch/doors/front"] == {
        "security": "secured",
        "battery": 61,
        "event": "locked",
        "at": "2026-11-22T12:00:00+00:00",
    }


def test_what_is_not_known_is_null_and_nothing_open_is_said() -> None:
    empty, judged = told(Picture())["nightlatch/home"], told(Picture(Posture(100.0, 1.0)))["nightlatch/home"]

    assert [name for name, value in empty.items() if value is None] == [
        *("score", "coverage", "finding", "severity", "journal")
    ]
    assert (judged["finding"], judged["severity"], judged["newest"]) == ("none", None, "none")
    assert told(Picture(journal="damaged"))["nightlatch/home"]["journal"] == "ON"
    assert told(Picture(doors=(DoorStanding("a"),)))["nightlatch/doors/a"] == {
        "security": "unknown",
        "battery": None,
        "event": None,
        "at": None,
    }


def test_every_entity_takes_no_command_and_is_unavailable_with_us() -> None:
    found = configurations(told(PICTURE))

    assert len(found) == 9
    for topic, content in found.items():
        assert not [name for name in content if "command" in name]
        assert content["availability_topic"] == "nightlatch/status"
        assert topic.split("/")[1] in ("sensor", "binary_sensor")


def test_every_value_that_is_shown_is_in_the_state_that_it_is_taken_from() -> None:
    messages = told(PICTURE)

    for content in configurations(messages).values():
        state = messages[content["state_topic"]]
        names = re.findall(
            r"value_json\.(\w+)", content["value_template"] + content.get("json_attributes_template", "")
        )
        assert names
        assert set(names) <= set(state)


def test_each_door_is_a_device_by_way_of_ours() -> None:
    devices = {content["device"]["name"]: content["device"] for content in configurations(told(PICTURE)).values()}

    assert devices["Nightlatch Front door"]["via_device"] in devices["Nightlatch"]["identifiers"]


def test_two_nightlatches_at_one_broker_share_nothing() -> None:
    one, other = (told(PICTURE, Names(topic=topic)) for topic in ("nightlatch", "cabin/nightlatch"))
    ids = [{each["unique_id"] for each in configurations(messages).values()} for messages in (one, other)]

    assert not one.keys() & other.keys()
    assert not ids[0] & ids[1]


IDS = st.text(min_size=1, max_size=20)
DOORS = st.builds(DoorStanding, IDS, st.text(max_size=300), st.sampled_from(["secured", "open"]), st.integers(0, 100))


@given(st.lists(DOORS, max_size=6, unique_by=lambda door: door.id), st.text(max_size=400))
def test_any_id_and_name_gives_topics_that_home_assistant_discovers(doors: list[DoorStanding], title: str) -> None:
    picture = Picture(Posture(1.0, 1.0, None, title), OpenAlerts(1, title), "intact", tuple(doors))
    messages = told(picture)
    found = configurations(messages)

    assert len(found) == 6 + 3 * len(doors)
    assert len({content["unique_id"] for content in found.values()}) == len(found)
    for topic in messages:
        assert not set(topic) & set("+#\0")
        if topic.endswith("/config"):
            assert DISCOVERABLE.fullmatch(topic.removeprefix("homeassistant/"))
    for state in messages.values():
        assert all(len(value) <= 255 for value in state.values() if isinstance(value, str))


@pytest.mark.parametrize(
    ("securities", "shown"),
    [
        (("secured", "secured"), "secured"),
        (("secured", "unknown"), "unknown"),
        (("unlocked", "secured"), "unlocked"),
        (("unlocked", "open"), "open"),
    ],
)
def test_a_door_is_as_secure_as_the_least_secure_of_its_locks(securities: tuple[Any, Any], shown: str) -> None:
    first, second = securities
    doors = (DoorStanding("a", "A", first, 80, "locked", 9), DoorStanding("a", "A", second, 20, "unlocked", 5))
    messages = told(Picture(doors=doors))

    assert len(messages) == 6 + 1 + 4
    state = messages["nightlatch/doors/a"]
    assert (state["security"], state["battery"], state["event"]) == (shown, 20, "locked")


def test_no_more_doors_are_shown_than_can_be() -> None:
    doors = tuple(DoorStanding(str(number)) for number in range(MOST_DOORS + 1))

    assert len(told(Picture(doors=doors))) == 6 + 1 + 4 * MOST_DOORS
