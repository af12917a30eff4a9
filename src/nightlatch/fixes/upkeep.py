"""Next steps that keep locks, hubs and routers current, and replace what their makers gave up.

Each is `(lock, home) -> Fix`, `(hub, home) -> Fix` or `(router, home) -> Fix` as its name says.
"""

from __future__ import annotations

from nightlatch.fixes.keyholes import model
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router

_HUB_UPDATES = {
    "zwave-js": "Let the add-on or container of Z-Wave JS follow the newest release, and restart it weekly.",
    "zigbee2mqtt": "Let the add-on or container of Zigbee2MQTT follow the newest release; read its changelog monthly.",
    "matter-server": "Switch automatic updates of the Matter server on where Home Assistant lists it.",
    "homeassistant": "In Home Assistant open Settings > System > Updates and switch automatic backups before updates "
    "on; switch on `Auto update` in the page of each add-on.",
}


def update_lock_by_itself(lock: Lock, home: Home) -> Fix:
    """Switch a lock's automatic updates on, or do them on fixed days."""
    radio = lock.radio.value if lock.radio is not None else ""
    steps: tuple[str, ...]
    if radio in ("zwave", "zigbee", "matter"):
        steps = (
            f"A hub never updates the {model(lock)} unasked: put the first day of each month in your calendar and "
            "install what the hub offers.",
            "Charge or change the batteries first: an update that stops halfway can leave the lock dead.",
        )
    else:
        steps = (f"Open the maker's app, the settings of the {model(lock)}, and switch automatic firmware updates on.",)
    return Fix(
        f"Let the {model(lock)} update itself, or update it on a fixed day each month.",
        (*steps, f"Tell Nightlatch: nightlatch answer {lock.ref} auto_update true"),
    )


def update_hub_by_itself(hub: Hub, home: Home) -> Fix:
    """Switch a hub's automatic updates on."""
    software = hub.software.value if hub.software is not None else ""
    step = _HUB_UPDATES.get(software, f"Open the settings of {hub.label} and switch automatic updates on.")
    return Fix(
        f"Let {hub.label} update itself.",
        (step, f"Tell Nightlatch: nightlatch answer {hub.ref} auto_update true"),
    )


def replace_lock(lock: Lock, home: Home) -> Fix:
    """Plan for a lock without security updates."""
    contact = lock.disclosure_contact
    ask = f" ({contact.value})" if contact is not None else ""
    return Fix(
        f"Plan to replace the {model(lock)}, or get its maker's word that updates go on.",
        (
            f"Ask the maker{ask} until when the {model(lock)} gets security updates; sellers in the United Kingdom "
            "must publish that day (PSTI Schedule 1 §3).",
            "Until it is replaced, keep its remote access off and its hub on a network of its own.",
            "Choose a successor with a stated end of support of five years or more.",
            f"Tell Nightlatch what you learn: nightlatch answer {lock.ref} support_until YYYY-MM-DD",
        ),
    )


def replace_hub(hub: Hub, home: Home) -> Fix:
    """Plan for a hub without security updates."""
    version = f" {hub.version.value}" if hub.version is not None else ""
    return Fix(
        f"Move {hub.label}{version} to software that still gets security updates.",
        (
            "Back the hub up, its radio network and keys included, so that the locks need not be paired again.",
            "Install a release that is still supported, or move to another hub that reads that backup.",
            f"Tell Nightlatch what you learn: nightlatch answer {hub.ref} support_until YYYY-MM-DD",
        ),
    )


def replace_router(router: Router, home: Home) -> Fix:
    """Plan for a router without security updates."""
    named = " ".join(fact.value for fact in (router.maker, router.model) if fact is not None) or router.label
    software = router.software.value if router.software is not None else ""
    free = (
        f"Move the {named} to a release of {software} that is still supported, if there is one for its hardware."
        if software in ("openwrt", "routeros", "opnsense", "pfsense")
        else f"See whether OpenWrt supports the {named} (its table of hardware tells): it brings updates back."
    )
    return Fix(
        f"Replace the {named}, or give it software that still gets security updates.",
        (
            free,
            "Otherwise buy a router whose maker states a day until which it gets updates.",
            f"Tell Nightlatch what you learn: nightlatch answer {router.ref} support_until YYYY-MM-DD",
        ),
    )
