"""Zones, Wi-Fi networks and the devices seen on them."""

from __future__ import annotations

from typing import Literal

from nightlatch.model.evidence import Ref
from nightlatch.model.thing import Field, Thing
from nightlatch.model.values import HostContact


class Zone(Thing, kind="zone"):
    """A part of the home's network that a firewall keeps apart from the others."""

    name = Field[str]("what the router calls it")
    role = Field[Literal["main", "iot", "guest", "wan", "other"]](
        "what it is for: main holds phones and laptops",
        ask="What is this zone for: main (phones and laptops), iot, guest, wan or other?",
    )
    router = Field[Ref]("the router that rules it")
    subnets = Field[tuple[str, ...]]("its IPv4 and IPv6 networks, as 192.168.20.0/24")
    opens_to_v4 = Field[tuple[Ref, ...]]("to which zones it may open IPv4 connections")
    opens_to_v6 = Field[tuple[Ref, ...]]("to which zones it may open IPv6 connections")
    client_isolation = Field[bool]("its clients cannot reach each other")


class Wifi(Thing, kind="wifi"):
    """A Wi-Fi network (SSID) of the home."""

    name = Field[str]("the SSID")
    enabled = Field[bool]("it is on the air")
    zone = Field[Ref]("the zone that its clients join")
    security = Field[Literal["open", "owe", "wep", "wpa", "wpa_wpa2", "wpa2", "wpa2_wpa3", "wpa3", "enterprise"]](
        "how it is encrypted; wpa_wpa2 also admits WPA, wpa2_wpa3 is WPA3's transition mode",
        ask="How is this Wi-Fi encrypted: open, owe, wep, wpa, wpa_wpa2, wpa2, wpa2_wpa3, wpa3 or enterprise?",
    )
    tkip = Field[bool]("it admits the broken TKIP cipher", ask="Does this Wi-Fi admit TKIP beside AES?")
    pmf = Field[Literal["off", "optional", "required"]](
        "whether its protected management frames (802.11w) are off, optional or required",
        ask="Are this Wi-Fi's protected management frames (PMF, 802.11w) off, optional or required?",
    )
    phrase_score = Field[int](
        "how hard its phrase is to guess, from 0 (guessed at once) to 4 (strong)",
        ask="How hard is this Wi-Fi's phrase to guess: 0 or 1 (a word, name or number), 2, 3, or 4 (the router's own "
        "random one, or five random words)?",
    )
    phrase_length = Field[int]("characters of its pass phrase")
    default_name = Field[bool](
        "its name is the factory's and gives the model away", ask="Does this Wi-Fi still have the name it came with?"
    )
    wps = Field[bool]("WPS is on", ask="Is WPS switched on?")
    guest = Field[bool]("it is a guest network")


class Device(Thing, kind="device"):
    """A device seen on the network by address: what it asked the DNS for."""

    name = Field[str]("its host name")
    address = Field[str]("its IP address")
    mac = Field[str]("its hardware address, lower case with colons")
    zone = Field[Ref]("the zone it lives on")
    contacts = Field[tuple[HostContact, ...]]("which vendors' servers it asked for")
