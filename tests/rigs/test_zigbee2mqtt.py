"""What Nightlatch reads of the real Zigbee2MQTT behind a real Mosquitto."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from nightlatch.audit.collect import collect as collect_all
from nightlatch.audit.merge import merge
from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.model.evidence import GRADE_RANK, Claim, Grade, Item, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.model.thing import Field
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter, Secret
from rigs.zigbee.rig import LOCK, ZigbeeRig
from tests.rigs.fixtures_zigbee import Changed
from tests.unit.ecosystems.asking import ask, claims, reasons, values

pytestmark = pytest.mark.rig

PIN = "264813"


def collect(rig: ZigbeeRig, *, data: bool = True, **account: Any) -> list[Item]:
    """What the plug says of the rig, with Zigbee2MQTT's own account of the broker unless told otherwise."""
    if rig.user and not account:
        account = {"username": rig.user, "password": Secret(rig.passwords[rig.user])}
    settings = Zigbee2Mqtt.Settings(url=rig.mqtt_url, data=rig.data if data else None, **account)
    now = datetime.now(UTC)
    context = Context(id="zigbee2mqtt", prefix="zigbee2mqtt", now=now, fingerprint=Fingerprinter())
    items, error = asyncio.run(ask(Zigbee2Mqtt(settings, context)))
    assert error is None
    return items


def audited(rig: ZigbeeRig) -> Home:
    """The home that an audit of the rig sees, of an owner who needs none of the optional features."""
    now = datetime.now(UTC)
    context = Context(id="zigbee2mqtt", prefix="zigbee2mqtt", now=now, fingerprint=Fingerprinter())
    plug = Zigbee2Mqtt(Zigbee2Mqtt.Settings(url=rig.mqtt_url, data=rig.data), context)
    [collected] = asyncio.run(collect_all([plug]))
    needs = Claim(Ref("home", "home"), Home.needs.name, (), "nightlatch.toml", now, Grade.DECLARED, "declared")
    return merge([needs, *collected.items], now=now, sources=[collected.state])


def best(items: list[Item], field: Field[Any]) -> Any:
    """The value that an audit believes: the better grade, then the newer claim."""
    now = datetime.now(UTC)
    found = claims(items, field)
    return max(found, key=lambda one: (GRADE_RANK[one.grade or Grade.OBSERVED], one.at or now)).value


def test_permit_join_left_open_is_seen_and_turns_when_closed(zigbee_rig: ZigbeeRig) -> None:
    zigbee_rig.permit_join(True)
    assert values(collect(zigbee_rig), Hub.permit_join) == [True]
    zigbee_rig.permit_join(False)
    assert values(collect(zigbee_rig), Hub.permit_join) == [False]


def test_a_missing_auth_token_is_seen_and_turns_when_set(zigbee_rig: ZigbeeRig, changed_zigbee: Changed) -> None:
    assert best(collect(zigbee_rig), Hub.frontend_sign_in) is False
    with changed_zigbee(auth_token="correct horse battery"):
        items = collect(zigbee_rig)
        assert best(items, Hub.frontend_sign_in) is True
        assert "correct horse" not in repr(items)


def test_the_published_network_key_is_seen_and_turns_when_replaced(
    zigbee_rig: ZigbeeRig, changed_zigbee: Changed
) -> None:
    assert set(values(collect(zigbee_rig), Hub.network_key)) == {"private"}
    with changed_zigbee(network_key="published"):
        items = collect(zigbee_rig)
        assert set(values(items, Hub.network_key)) == {"published_default"}
        wheres = " ".join(claim.where for claim in claims(items, Hub.network_key))
        assert "coordinator_backup.json (network_key.key)" in wheres
        assert "(advanced.network_key)" in wheres
    assert set(values(collect(zigbee_rig), Hub.network_key)) == {"private"}


def test_a_key_that_was_never_set_is_found_to_be_the_published_one(
    zigbee_rig: ZigbeeRig, changed_zigbee: Changed
) -> None:
    with changed_zigbee(network_key="absent"):
        assert set(values(collect(zigbee_rig), Hub.network_key)) == {"published_default"}


def test_the_lock_is_told_with_what_the_bridge_and_the_lock_itself_say(zigbee_rig: ZigbeeRig) -> None:
    zigbee_rig.do("batt 34")
    zigbee_rig.do("manual lock")
    items = collect(zigbee_rig, data=False)
    told = (Lock.maker, Lock.zigbee_model, Lock.firmware, Lock.bolt, Lock.reachable)
    assert [claims(items, field)[0].value for field in told] == ["Yale", "YRD226HA2619", "0x30680030", "thrown", True]
    assert values(items, Lock.battery_percent) == [34]
    assert values(items, Hub.version) == ["2.14.1"]
    assert reasons(items, Hub.network_key)


def test_users_are_told_and_their_pins_are_not(zigbee_rig: ZigbeeRig) -> None:
    traffic = zigbee_rig.traffic
    since = traffic.mark()
    traffic.publish(f"{LOCK}/set", {"pin_code": {"user": 5, "pin_code": PIN}})
    traffic.wait(LOCK, lambda message: message.get("action") == "pin_code_added", since=since)
    traffic.publish(f"{LOCK}/get", {"pin_code": {"user": 5}})
    traffic.wait(LOCK, lambda message: message.get("users", {}).get("5", {}).get("status") == "enabled", since=since)
    assert json.loads(zigbee_rig.do("memory"))["codes"]["5"]["pin"] == PIN
    items = collect(zigbee_rig)
    assert values(items, Credential.enabled, f"{LOCK}/5")[-1] is True
    assert PIN not in repr(items)


def test_asking_does_not_change_the_lock(zigbee_rig: ZigbeeRig) -> None:
    before = zigbee_rig.do("memory")
    collect(zigbee_rig)
    assert zigbee_rig.do("memory") == before


def test_an_open_broker_is_found_by_a_client_that_only_listens(zigbee_rig: ZigbeeRig) -> None:
    since = zigbee_rig.traffic.mark()
    items = collect(zigbee_rig, data=False)
    assert values(items, Hub.mqtt_anonymous) == [True]
    assert values(items, Hub.mqtt_acl) == [False]
    assert f"received zigbee2mqtt/{LOCK}/get" in claims(items, Hub.mqtt_acl)[0].where
    assert zigbee_rig.traffic.sent(since) == [f"{LOCK}/get"]


def test_passwords_and_an_access_list_are_seen_to_guard_the_locks(
    zigbee_rig: ZigbeeRig, changed_zigbee: Changed
) -> None:
    # The second account has no more than what the page on this source says it needs.
    acl = """
user hub
topic readwrite #

user nightlatch
topic read zigbee2mqtt/#
topic write zigbee2mqtt/+/get
"""
    with changed_zigbee(accounts=("hub", "nightlatch"), acl=acl):
        password = Secret(zigbee_rig.passwords["nightlatch"])
        items = collect(zigbee_rig, username="nightlatch", password=password)
        assert set(values(items, Hub.mqtt_anonymous)) == {False}
        assert values(items, Hub.mqtt_acl) == [True]
        assert claims(items, Hub.mqtt_acl)[0].where == "acl (besides the hub: nightlatch)"
        assert values(items, Lock.reachable) == [True]
        assert not any(password in repr(items) for password in zigbee_rig.passwords.values())


def test_the_facts_merge_into_one_hub_and_one_lock(zigbee_rig: ZigbeeRig) -> None:
    home = audited(zigbee_rig)
    [hub], [lock] = home.all(Hub), home.all(Lock)
    assert lock.hub is not None
    assert lock.hub.value == hub.ref
    assert f"ieee:{LOCK}" in lock.keys
    assert hub.permit_join is not None
    assert (hub.permit_join.grade, hub.permit_join.where) == (
        Grade.OBSERVED,
        "zigbee2mqtt/bridge/info (permit_join)",
    )
