"""Names that factories give to routers and Wi-Fi networks, names that tell what a zone is for, a router's keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from nightlatch.model.evidence import Ref, Same
from nightlatch.reading.local import inside

Role = Literal["main", "iot", "guest", "wan", "other"]

# Seen on the makers' labels and in their manuals; what follows a dash is usually part of the MAC address.
_FACTORY = re.compile(
    r"""(?ix) ^(?:
      openwrt | lede | immortalwrt | dd-?wrt | turris | freshtomato | tomato(?:24|50)? | gargoyle
    | mikrotik(?:-[0-9a-f]{6})? | opnsense | pfsense | (?:ubnt|unifi|edgerouter.*)
    | gl-[a-z0-9]+(?:-[0-9a-z]+)* | tp-?link[-_ ].* | archer[-_ ].* | deco[-_ ]?[0-9a-f]* | netgear.* | orbi\d*
    | linksys.* | d-?link.* | dir-\d+.* | asus(?:[-_ ].*)? | rt-a[cx]\d+.* | zyxel.* | tenda[-_].* | xiaomi[-_].*
    | huawei[-_].* | fritz!?box.* | speedport.* | easybox.* | vodafone-?[0-9a-f]*.* | o2-wlan.* | wlan-[0-9a-f]{6}
    | bthub.* | bt-[0-9a-z]{6} | sky[0-9a-f]{5} | virgin\ ?media.* | vm\d{7} | talktalk.* | plusnet.* | ee-[0-9a-z]{6}
    | livebox-.* | freebox-.* | sfr[-_].* | bbox-.* | upc\d+ | ziggo.* | kpn[0-9a-f]{6} | telenet-.* | movistar_.*
    | xfinity.* | home-[0-9a-f]{4} | att[0-9a-z]{6,} | verizon.* | fios-.* | spectrumsetup-.* | mysp?ectrumwifi.*
    | centurylink.* | telstra[0-9a-f]+ | nbn.* | default | wireless | wifi | wlan
    )$"""
)


def is_factory_name(name: str) -> bool:
    """Whether a host name or SSID is one that a maker or provider gives."""
    return _FACTORY.match(name.strip()[:64]) is not None


def role_by_name(name: str) -> Role | None:
    """What a zone is for, where its name says so plainly; None where it does not."""
    words = set(re.split(r"[^a-z0-9]+|(?<=[a-z])(?=\d)", name.lower()[:64]))
    if words & {"iot", "things", "smarthome", "domotics", "domotica", "nolot"}:
        return "iot"
    if words & {"guest", "guests", "gast", "gaeste", "invite", "invites", "visitors"}:
        return "guest"
    if words & {"wan", "wwan", "internet"}:
        return "wan"
    if words & {"lan", "main", "private", "trusted"}:
        return "main"
    return None


def known_by(router: Ref, addresses: Iterable[str]) -> Iterator[Same]:
    """The keys of a router by its own addresses inside the home, by which what asks it live joins it."""
    for text in addresses:
        address = inside(text.partition("/")[0])
        if address is not None and not (address.is_loopback or address.is_link_local):
            yield Same(router, f"ip:{address}")
