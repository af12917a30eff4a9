"""Every feature that is on is a way in; the ones nobody uses are ways in that nobody watches."""

from __future__ import annotations

from typing import Any

from nightlatch.fixes import hubs, locks
from nightlatch.model.evidence import Fact, Grade
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home, Need
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.practices.hubs import RADIO_SERVERS, lacks
from nightlatch.practices.interface import FixMaker, Judgement, Practice, as_set, fails, not_applicable, passes, unknown
from nightlatch.practices.questions import ask
from nightlatch.text import listed

practice = Practice(
    "unused-features",
    number=9,
    section=Section.SETUP,
    severity=Severity.MEDIUM,
    title="Switch off what you do not use",
    why="Remote access, cloud links, voice control and an open radio network each let somebody reach the lock without "
    "standing at the door. What nobody needs should not be there to attack.",
    standards=("ETSI EN 303 645 V3.1.3 5.6-1", "ETSI EN 303 645 V3.1.3 5.6-5"),
)

_NO_JOINING = frozenset(("homeassistant", "matter-server"))
_HUB_ONLY = {"zwave": "Z-Wave", "zigbee": "Zigbee"}


def _switched_on(home: Home, need: Need, *evidence: Fact[Any] | None, found: str, fix: FixMaker) -> Judgement:
    """Judge a feature that is on: the owner needs it, does not, or never said."""
    needed = home.need(need)
    if needed is None:
        return unknown(
            *evidence,
            because=f"{found}, and whether you need that was never said.",
            fix=ask(home, Home.needs),
        )
    if needed:
        return passes(*evidence, home.needs, because=f"{found}, and you listed that as needed.")
    return fails(*evidence, home.needs, because=f"{found}, and you did not list that as needed.", fix=fix)


@practice.check(
    "remote-access",
    per=Hub,
    advice=hubs.close_remote_access,
    title="The hub cannot be reached from the internet, unless that is needed",
    needs=(Hub.remote_access, Hub.external_url, Home.needs),
    settled_by="Home Assistant, asked live with an administrator's token, or your answer; and what you need "
    "(nightlatch answer home needs)",
)
def remote_access(hub: Hub, home: Home) -> Judgement:
    """Judge whether the internet reaches the hub."""
    remote, url = hub.remote_access, hub.external_url
    if remote is not None and remote.value:
        return _switched_on(
            home,
            "remote",
            remote,
            url,
            found="It can be reached from the internet",
            fix=hubs.close_remote_access,
        )
    if url is not None and url.value:
        return _switched_on(
            home,
            "remote",
            url,
            remote,
            found=f"It is offered to the internet at {url.value}",
            fix=hubs.close_remote_access,
        )
    if remote is None:
        return lacks(hub, RADIO_SERVERS, "has no remote access of its own") or unknown(url)
    return passes(remote, url, because="It cannot be reached from the internet.")


@practice.check(
    "lock-remote-access",
    per=Lock,
    advice=locks.close_remote_access,
    title="The lock cannot be opened from afar by its maker's app, unless that is needed",
    needs=(Lock.remote_access, Lock.radio, Home.needs),
    settled_by="your answer from the maker's app; and what you need (nightlatch answer home needs)",
)
def lock_remote_access(lock: Lock, home: Home) -> Judgement:
    """Judge the maker's own way to the lock; a lock that only a hub commands is reached through that hub."""
    remote = lock.remote_access
    if remote is None:
        radio = as_set(lock.radio)
        if radio is None or radio.value not in _HUB_ONLY or radio.grade is Grade.DECLARED:
            return unknown(radio)
        return not_applicable(
            radio, because=f"It is commanded over {_HUB_ONLY[radio.value]}: its hub is judged by itself."
        )
    if not remote.value:
        return passes(remote, because="Its maker's app cannot open it from afar.")
    return _switched_on(
        home,
        "remote",
        remote,
        found="Its maker's app can open it from anywhere",
        fix=locks.close_remote_access,
    )


@practice.check(
    "cloud",
    per=Hub,
    advice=hubs.leave_cloud,
    title="The hub is not signed in to a cloud, unless that is needed",
    needs=(Hub.cloud_connected, Home.needs),
    settled_by="Home Assistant, asked live with an administrator's token, or your answer; and what you need "
    "(nightlatch answer home needs)",
)
def cloud(hub: Hub, home: Home) -> Judgement:
    """Judge whether the hub keeps a line open to its vendor."""
    connected = hub.cloud_connected
    if connected is None:
        return lacks(hub, RADIO_SERVERS, "has no cloud") or unknown()
    if not connected.value:
        return passes(connected, because="It is not signed in to a cloud.")
    return _switched_on(home, "cloud", connected, found="It is signed in to its vendor's cloud", fix=hubs.leave_cloud)


@practice.check(
    "voice",
    per=Hub,
    advice=hubs.hide_from_voice,
    title="No lock is offered to a voice assistant, unless that is needed",
    needs=(Hub.voice_exposed, Home.needs),
    settled_by="Home Assistant, asked live with an administrator's token, or its configuration folder; and what you "
    "need (nightlatch answer home needs)",
)
def voice(hub: Hub, home: Home) -> Judgement:
    """Judge whether a voice through the window could open the door."""
    exposed = hub.voice_exposed
    if exposed is None:
        return lacks(hub, RADIO_SERVERS, "talks to no voice assistant") or unknown()
    if not exposed.value:
        return passes(exposed, because="No lock is offered to a voice assistant.")
    return _switched_on(
        home,
        "voice",
        exposed,
        found=f"It offers {listed(exposed.value)} to voice assistants",
        fix=hubs.hide_from_voice,
    )


@practice.check(
    "joining",
    per=Hub,
    advice=hubs.close_joining,
    title="The radio network is closed to new devices",
    needs=(Hub.permit_join, Home.needs),
    settled_by="a live connection to Zigbee2MQTT or Z-Wave JS; and what you need (nightlatch answer home needs)",
)
def joining(hub: Hub, home: Home) -> Judgement:
    """Judge whether a stranger's device may join now."""
    open_now = hub.permit_join
    if open_now is None:
        return lacks(hub, _NO_JOINING, "admits devices only while somebody is pairing one") or unknown()
    if not open_now.value:
        return passes(open_now, because="Its radio network is closed to new devices.")
    return _switched_on(
        home, "join", open_now, found="Its radio network is open to new devices", fix=hubs.close_joining
    )


@practice.check(
    "pin-for-remote",
    per=Lock,
    advice=locks.ask_pin_for_remote,
    title="A remote unlock asks for a PIN",
    needs=(Lock.pin_for_remote, Lock.radio),
    settled_by="a live Matter server that commands the lock (RequirePINforRemoteOperation)",
)
def pin_for_remote(lock: Lock, home: Home) -> Judgement:
    """Judge whether a command from afar needs more than the hub; only Matter locks have this setting."""
    asks, radio = as_set(lock.pin_for_remote), lock.radio
    if asks is None:
        if radio is not None and radio.value != "matter":
            return not_applicable(radio, because="Only Matter locks can ask for a PIN before a remote unlock.")
        return unknown()
    if asks.value:
        return passes(asks, because="A remote unlock asks for a PIN.")
    return fails(
        asks,
        because="A remote unlock asks for no PIN (RequirePINforRemoteOperation is false).",
        fix=locks.require_pin_for_remote,
    )
