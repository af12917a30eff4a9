"""A hub: the software that commands locks (driver, coordinator, bridge, Home Assistant)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from nightlatch.model.evidence import Ref
from nightlatch.model.thing import MONTH, Field, Thing


class Hub(Thing, kind="hub"):
    """A controller, coordinator, bridge or home automation server."""

    name = Field[str]("what it is called")
    software = Field[str](
        "its software: zwave-js, zigbee2mqtt, matter-server, homeassistant, or the vendor's",
        ask="What is this hub: homeassistant, zwave-js, zigbee2mqtt, matter-server, or the vendor's name for it?",
    )
    version = Field[str]("the version it runs")
    parts = Field[tuple[str, ...]]("versions of its parts, as driver 15.29.0")
    address = Field[str]("the address it is reached at, host or host:port")
    lan_address = Field[str](
        "which IP address its computer has in the home's network",
        ask="Which IP address does this hub's computer have in your home network?",
    )
    zone = Field[Ref]("which network zone it lives on")
    beside_phones = Field[bool](
        "it shares a network with phones and laptops",
        ask="Is this hub on the same Wi-Fi or network as your phones and laptops?",
    )
    locks = Field[tuple[Ref, ...]]("the locks it commands")

    # Who may talk to it
    listens = Field[Literal["loopback", "network"]]("who can reach its port (this host alone, or the network)")
    asks_sign_in = Field[bool](
        "its own port asks for a password or token",
        ask="Does this hub ask every program and person on the network for a password or token?",
    )
    web_page = Field[bool]("it serves a web page")
    frontend_sign_in = Field[bool]("its web page asks for a password or token")
    tls = Field[bool]("its port speaks TLS")
    mqtt_off_host = Field[bool]("PINs and commands travel to an MQTT broker on another host")
    mqtt_tls = Field[bool]("its connection to the MQTT broker is encrypted")
    mqtt_anonymous = Field[bool]("the MQTT broker lets clients in without a password")
    mqtt_acl = Field[bool]("the broker's access list keeps other clients off the locks' topics")
    external_url = Field[str]("the address at which it is offered to the internet")
    users = Field[int]("how many people's accounts it has", ask="How many people have an account on this hub?")
    admins = Field[int]("how many of them are administrators", ask="How many of the hub's accounts are administrators?")
    trusted_networks = Field[tuple[str, ...]]("from which networks it asks no password")
    ip_ban = Field[bool]("it blocks addresses after failed sign-ins")
    login_attempts = Field[int]("failed sign-ins before it blocks an address; 0 means never")
    trusted_proxies = Field[tuple[str, ...]]("proxies whose word on a client's address it takes, as 172.30.33.0/24")

    # What is open
    permit_join = Field[bool](
        "new devices may join its network now",
        ask="May new devices join this hub's radio network now?",
        stale_after=MONTH,
    )
    network_key = Field[Literal["private", "published_default", "weak"]]("how good its radio network's key is")
    remote_access = Field[bool](
        "it can be reached from the internet", ask="Can this hub be reached from outside the home?"
    )
    cloud_connected = Field[bool](
        "it is signed in to its vendor's cloud", ask="Is this hub signed in to its vendor's cloud?"
    )
    voice_exposed = Field[tuple[str, ...]](
        "which locks it offers to voice assistants, as lock.front (alexa)",
        ask="Which locks does this hub offer to voice assistants? (a list; [] if none)",
    )
    default_name = Field[bool](
        "its name or address is the factory's and gives the model away",
        ask="Does this hub still have the network name that it came with?",
    )

    # What it keeps and tells
    analytics = Field[bool]("it sends usage data to its makers", ask="Does this hub send usage data to its makers?")
    plain_pins = Field[tuple[str, ...]](
        "which of its files hold PINs in plain text",
        ask="Which of this hub's files hold PINs in plain text? (a list; [] if none)",
    )
    open_files = Field[tuple[str, ...]](
        "which of its files with secrets other users of the machine can read",
        ask="Which of this hub's files can other users of its machine read? (a list; [] if none)",
    )

    # How it fares
    update_available = Field[bool]("a newer version is offered", ask="Does the hub offer an update?", stale_after=MONTH)
    update_version = Field[str]("the newest version known")
    update_since = Field[date](
        "the day that version was published or first seen",
        ask="Since when is the update offered (the day of its release notes, or when you first saw it)?",
    )
    auto_update = Field[bool]("it updates itself", ask="Are automatic updates switched on for this hub?")
    support_until = Field[date](
        "the day its security support ends", ask="Until when does the maker promise security updates for this hub?"
    )
    last_release_on = Field[date](
        "the day of the newest release", ask="When did the maker release the newest software for this hub?"
    )
    on_ups = Field[bool]("a battery keeps it running in a power cut", ask="Is this hub on a UPS?")
    needed_to_enter = Field[bool](
        "somebody needs it to get in", ask="Does anybody depend on this hub to get in (no key or keypad instead)?"
    )
