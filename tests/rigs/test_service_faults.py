"""Faults of hubs, brokers, radio and network under a running `nightlatch run`: said, journalled, recovered from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from nightlatch.model.event import Event
from rigs.matter.rig import MatterRig
from rigs.zigbee.rig import ZigbeeRig
from rigs.zwave.rig import ZwaveRig
from tests.rigs.guard import Guard, guarding, say
from tests.rigs.owner import Owner
from tests.rigs.proxy import Proxy
from tests.rigs.zwave import YALE

pytestmark = [pytest.mark.rig, pytest.mark.timeout(240)]

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["{bind}"]

[[sources]]
kind = "{kind}"
url = "{url}"

[detections.offline]
hub_after_s = 2
"""
SECURED, OPENED = 255, 0


def hub(guard: Guard) -> bool:
    """Whether the hub is connected, as status says."""
    (one,) = guard.status().ecosystems
    return one.connected


def outage(
    guard: Guard,
    fault: str,
    begin: Callable[[], Any],
    meanwhile: Callable[[], Any],
    end: Callable[[], Any],
    *,
    after: tuple[Callable[[], Any], str],
    resynced: str = "",
) -> None:
    """What is said, journalled and told of an outage in which a lock moved, and that all is well after it."""
    before = len(guard.events())
    begun = time.time()
    begin()
    guard.until(lambda: not hub(guard), 90)
    said = time.time() - begun
    assert guard.status().troubles
    guard.message("has not been connected for", 30, begun)
    told = time.time() - begun
    meanwhile()
    # A rig's own wait for its server may end after Nightlatch is back and has said so.
    ending = time.time()
    end()
    ended = time.time()
    guard.until(lambda: hub(guard), 60)
    back = time.time() - ended

    def journalled(fits: Callable[[Event], bool]) -> Event:
        return guard.event(lambda event: event.at >= begun * 1e6 and fits(event), 30)

    gap = journalled(lambda event: event.kind == "gap")
    assert gap.since < gap.at
    assert gap.since / 1e6 < begun + said + 1
    if resynced:
        event = journalled(lambda event: event.kind == resynced and event.about == "lock:front")
        assert event.resync
        assert event.since <= event.at
    guard.message("Over: A lock or hub does not answer", 20, ending)
    act, kind = after
    acted = time.time()
    act()
    event = journalled(lambda event: event.kind == kind and event.about == "lock:front" and event.at > acted * 1e6)
    assert not event.resync
    guard.until(lambda: not guard.status().troubles, 30)
    kinds = [event.kind for event in guard.events(before)]
    assert kinds.count("disconnected") == kinds.count("connected") == kinds.count("gap") == 1, kinds
    say(f"{fault}: said after {said:.1f} s, told after {told:.1f} s, back {back:.1f} s after its end")


def zwave_house(url: str) -> str:
    return HOUSE.format(bind="zwavejs:3", kind="zwavejs", url=url)


def test_a_restart_of_the_zwave_server_is_a_gap_and_what_moved_meanwhile_is_found_out(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig = fresh_zwave_rig(YALE)
    rig.do("mode", node=YALE, mode=SECURED)
    with guarding(owner, zwave_house(rig.url)) as guard:
        outage(
            guard,
            "zwave server restart",
            rig.stop_server,
            lambda: rig.do("mode", node=YALE, mode=OPENED),
            rig.start_server,
            after=(lambda: rig.do("mode", node=YALE, mode=SECURED), "locked"),
            resynced="unlocked",
        )
        outage(
            guard,
            "zwave stick pulled",
            rig.pull_stick,
            lambda: None,
            rig.plug_stick_in,
            after=(lambda: rig.do("notification", node=YALE, type=7, event=3), "tamper"),
        )


def test_a_restart_of_the_broker_is_a_gap(owner: Owner, zigbee_rig: ZigbeeRig) -> None:
    for order in ("manual lock", "batt 82"):
        zigbee_rig.do(order)
    house = HOUSE.format(bind="zigbee2mqtt:0x000d6f0011223344", kind="zigbee2mqtt", url=zigbee_rig.mqtt_url)
    with guarding(owner, house) as guard:
        outage(
            guard,
            "broker restart",
            lambda: zigbee_rig._halt("mosquitto"),
            lambda: zigbee_rig.do("manual"),
            zigbee_rig.restart_broker,
            after=(lambda: zigbee_rig.do("manual lock"), "locked"),
            resynced="unlocked",
        )
    # The new broker remembers nothing, and Zigbee2MQTT tells most things once: put both back for others.
    zigbee_rig.restart()


def test_a_restart_of_the_matter_server_is_a_gap(owner: Owner, matter_rig: MatterRig) -> None:
    house = HOUSE.format(bind=f"matter:{matter_rig.server.node}", kind="matter", url=matter_rig.url)
    matter_rig.act({"act": "turn", "to": "locked"})
    with guarding(owner, house) as guard:
        outage(
            guard,
            "matter server restart",
            matter_rig.server.stop,
            lambda: matter_rig.act({"act": "turn", "to": "unlocked"}),
            matter_rig.server._start,
            after=(lambda: matter_rig.act({"act": "turn", "to": "locked"}), "locked"),
            resynced="unlocked",
        )


@contextmanager
def half_open(owner: Owner, rig: ZwaveRig) -> Iterator[tuple[Guard, Proxy]]:
    rig.do("mode", node=YALE, mode=SECURED)
    with Proxy(int(rig.url.rpartition(":")[2])) as proxy, guarding(owner, zwave_house(proxy.url("ws"))) as guard:
        yield guard, proxy


def test_a_half_open_connection_is_found_out_said_and_left_once_it_forwards_again(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig = fresh_zwave_rig(YALE)
    with half_open(owner, rig) as (guard, proxy):
        outage(
            guard,
            "half-open",
            proxy.swallow,
            lambda: rig.do("mode", node=YALE, mode=OPENED),
            proxy.forward,
            after=(lambda: rig.do("mode", node=YALE, mode=SECURED), "locked"),
            resynced="unlocked",
        )
        proxy.delay(1.5)
        begun = time.time()
        rig.do("keypad", node=YALE, user=4)
        event = guard.event(lambda event: event.kind == "unlocked" and event.at > begun * 1e6)
        assert event.slot == 4
        say(f"1.5 s of delay: event after {event.at / 1e6 - begun:.1f} s")
        time.sleep(5)
        assert hub(guard)
        assert not guard.status().troubles
