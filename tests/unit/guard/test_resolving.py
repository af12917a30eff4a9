"""A hub's names for things, and the owner's."""

from __future__ import annotations

from datetime import UTC, datetime

from nightlatch.audit.merge import merge
from nightlatch.guard.resolving import Resolver
from nightlatch.model.door import Door
from nightlatch.model.evidence import Claim, Grade, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FRONT = Ref("lock", "front")


def claim(about: Ref, fact: str, value: object) -> Claim:
    return Claim(about, fact, value, "test", NOW, Grade.DECLARED, "declared")


RESOLVER = Resolver.of(
    merge(
        [
            claim(FRONT, Lock.door.name, Ref("door", "main")),
            Same(FRONT, "zwavejs:3"),
            Same(FRONT, "homeassistant:ha/lock.front"),
            claim(Ref("door", "main"), Door.name.name, "Main door"),
            Same(Ref("door", "main"), "zigbee2mqtt:0x01"),
            claim(Ref("hub", "attic"), Hub.name.name, "Attic"),
            Same(Ref("hub", "attic"), "zwavejs:controller"),
            claim(Ref("lock", "zwavejs:7"), Lock.name.name, "nobody's"),
        ],
        now=NOW,
    )
)


def test_every_name_of_a_thing_becomes_the_owner_s() -> None:
    for told in ("lock:front", "lock:zwavejs:3", "lock:homeassistant:ha/lock.front"):
        assert RESOLVER.owner(told) == "lock:front"
    assert RESOLVER.owner("door:zigbee2mqtt:0x01") == "door:main"


def test_what_nobody_named_keeps_its_name() -> None:
    assert RESOLVER.owner("lock:zwavejs:7") == "lock:zwavejs:7"
    assert RESOLVER.owner("lock:zwavejs:9") == "lock:zwavejs:9"


def test_an_ecosystem_s_name_for_the_owner_s_thing_is_found_by_its_prefix() -> None:
    assert RESOLVER.told("lock:front", "zwavejs") == "lock:zwavejs:3"
    assert RESOLVER.told("lock:front", "homeassistant:ha") == "lock:homeassistant:ha/lock.front"
    assert RESOLVER.told("lock:front", "matter") == ""
    assert RESOLVER.told("lock:zwavejs:9", "zwavejs") == "lock:zwavejs:9"


def test_a_door_s_locks_and_an_ecosystem_s_hub_are_found() -> None:
    assert RESOLVER.locks_at("door:main") == ("lock:front",)
    assert RESOLVER.locks_at("door:cellar") == ()
    assert RESOLVER.hub("zwavejs") == "hub:attic"
    assert RESOLVER.hub("matter") == "hub:matter"
