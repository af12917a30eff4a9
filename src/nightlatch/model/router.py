"""A router: the home's door to the internet."""

from __future__ import annotations

from datetime import date

from nightlatch.model.thing import Field, Thing
from nightlatch.model.values import PortMapping


class Router(Thing, kind="router"):
    """The router or firewall that joins the home's zones and the internet."""

    name = Field[str]("its host name")
    software = Field[str](
        "its software: openwrt, routeros, opnsense, pfsense, or the vendor's",
        ask="What runs on the router: openwrt, routeros, opnsense, pfsense, or the maker's own software?",
    )
    maker = Field[str]("the maker's name")
    model = Field[str]("the maker's model", ask="Which maker and model is the router?")
    address = Field[str]("its address inside the home")
    version = Field[str]("which firmware it runs", ask="Which firmware version does the router run?")
    version_released = Field[date]("the day its firmware was released", ask="When was the router's firmware released?")
    latest_version = Field[str]("which firmware is the newest", ask="Which is the newest firmware for the router?")
    auto_update = Field[bool]("it updates itself", ask="Does the router update itself?")
    support_until = Field[date](
        "the day its security support ends", ask="Until when does the maker promise security updates for the router?"
    )
    last_release_on = Field[date](
        "the day of the newest firmware the maker released",
        ask="When did the maker release the newest firmware for the router?",
    )
    wan_admin = Field[bool](
        "its administration can be reached from the internet", ask="Is remote administration switched on?"
    )
    admin_password_set = Field[bool](
        "its administrator has a password", ask="Does the router ask its administrator for a password that you chose?"
    )
    default_name = Field[bool](
        "its name is the factory's and gives the model away",
        ask="Does the router still have the network name that it came with?",
    )
    upnp = Field[bool]("UPnP-IGD is on", ask="Is UPnP switched on in the router?")
    natpmp = Field[bool]("NAT-PMP or PCP is on", ask="Is NAT-PMP or PCP switched on in the router?")
    upnp_mappings = Field[tuple[PortMapping, ...]](
        "which ports UPnP or NAT-PMP opened",
        ask="Which ports does the router's UPnP page list, as tcp 8123 -> 192.168.1.5:8123? (a list; [] if none)",
    )
    port_forwards = Field[tuple[PortMapping, ...]](
        "which ports are forwarded",
        ask="Which ports does the router forward, as tcp 8123 -> 192.168.1.5:8123? (a list; [] if none)",
    )
    on_ups = Field[bool]("a battery keeps it running in a power cut", ask="Is the router on a UPS?")
