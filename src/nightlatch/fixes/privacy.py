"""Next steps that keep data at home, of a hub or lock and of a vendor: each is `(thing, home) -> Fix`."""

from __future__ import annotations

from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.labels import SOFTWARE
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device
from nightlatch.model.people import Vendor
from nightlatch.model.router import Router
from nightlatch.model.values import HostContact
from nightlatch.text import host_of, listed

HARMLESS = frozenset(("update",))
"""Purposes of a vendor's host that need no leave: an update must come from somewhere."""
LEAVE = {
    "cloud": ("cloud", "remote"),
    "push": ("cloud", "remote"),
    "remote_access": ("remote",),
    "voice": ("voice",),
    "telemetry": ("analytics",),
    "analytics": ("analytics",),
}
"""By the purpose of a vendor's host: the needs that explain it, as `Home.needs` lists them."""


def devices_by_name(home: Home) -> dict[str, Device]:
    """The devices that DNS logs show, by address and by `mac:…`; read it with `home.cached(devices_by_name)`."""
    found: dict[str, Device] = {}
    for device in home.all(Device):
        for key in device.keys:
            found[key.removeprefix("ip:")] = device
        if device.address is not None:
            found[device.address.value] = device
        if device.mac is not None:
            found[f"mac:{device.mac.value}"] = device
    return found


def device_of(thing: Hub | Lock, home: Home) -> Device | None:
    """The device on the network that a hub or lock is, by its address or MAC."""
    devices = home.cached(devices_by_name)
    if not devices:
        return None
    for fact in (thing.lan_address if isinstance(thing, Hub) else None, thing.address):
        if fact is not None and (host := host_of(fact.value)) in devices:
            return devices[host]
    names = (key.removeprefix("ip:") for key in thing.keys if key.startswith(("mac:", "ip:")))
    return next((devices[name] for name in names if name in devices), None)


def askers(thing: Hub | Lock, home: Home) -> list[Device]:
    """The devices that asked for the servers of a hub's or lock's maker: it, its bridge, or a phone with the app."""
    if isinstance(thing, Hub):
        names = [_software(thing)] if thing.software is not None else []
    else:
        names = [fact.value.casefold() for fact in (thing.maker, thing.model) if fact is not None]
    return [
        device
        for vendor, devices in home.cached(_devices_by_vendor).items()
        if any(name.startswith(vendor) for name in names)
        for device in devices
    ]


def _software(hub: Hub) -> str:
    """A hub's software as the catalogue names whose hosts it asks for, lower case; empty where it is not known."""
    name = hub.software.value if hub.software is not None else ""
    return SOFTWARE.get(name, name).casefold()


def _devices_by_vendor(home: Home) -> dict[str, list[Device]]:
    found: dict[str, list[Device]] = {}
    for device in home.all(Device):
        contacts = device.contacts.value if device.contacts is not None else ()
        vendors = {one.vendor.casefold() for one in contacts if one.purpose not in HARMLESS}
        for vendor in vendors:
            found.setdefault(vendor, []).append(device)
    return found


def tell_apart(thing: Hub | Lock, home: Home) -> Fix:
    """Find out which device talks to the maker."""
    addresses = [device.address.value if device.address is not None else device.label for device in askers(thing, home)]
    tell = (
        f"tell Nightlatch: nightlatch answer {thing.ref} lan_address {addresses[0]}"
        if isinstance(thing, Hub)
        else f'add "ip:{addresses[0]}" to its bind in nightlatch.toml.'
    )
    return Fix(
        f"Find out which device {listed(addresses)} is.",
        (
            "Look it up in the router's list of clients.",
            f"If it is {thing.label} or its bridge, {tell}",
            "If it is a phone, what it tells the maker is set in the app: switch analytics off there.",
        ),
    )


def contacts_of(thing: Hub | Lock, device: Device, home: Home) -> list[HostContact]:
    """What a device asked for, harmless updates aside, and what another hub on the same computer has asked for."""
    contacts = device.contacts.value if device.contacts is not None else ()
    others = set(home.cached(_software_by_device).get(device.ref.key, ()))
    if isinstance(thing, Hub):
        others.discard(_software(thing))
    return [one for one in contacts if one.purpose not in HARMLESS and one.vendor.casefold() not in others]


def _software_by_device(home: Home) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for hub in home.all(Hub):
        device = device_of(hub, home)
        if device is not None:
            found.setdefault(device.ref.key, set()).add(_software(hub))
    return found


def unneeded(thing: Hub | Lock, device: Device, home: Home) -> list[HostContact]:
    """The contacts of a hub or lock that nothing the owner listed as needed explains."""
    needs = home.needs.value if home.needs is not None else ()
    return [
        contact
        for contact in contacts_of(thing, device, home)
        if not any(need in needs for need in LEAVE.get(contact.purpose, ()))
    ]


def block_contacts(thing: Hub | Lock, home: Home) -> Fix:
    """Stop a hub or lock from talking to the vendor."""
    device = device_of(thing, home)
    contacts = unneeded(thing, device, home) if device is not None else []
    suffixes = [contact.suffix for contact in contacts]
    address = device.address.value if device is not None and device.address is not None else "its address"
    softwares = {router.software.value for router in home.all(Router) if router.software is not None}
    steps = [f"Switch cloud, remote access and analytics of {thing.label} off in its settings or app first."]
    if "openwrt" in softwares:
        steps += [f"uci add_list dhcp.@dnsmasq[0].server='/{suffix}/'" for suffix in suffixes]
        steps.append("uci commit dhcp && service dnsmasq restart")
    elif "routeros" in softwares:
        steps += [f"/ip dns static add name={suffix} match-subdomain=yes type=NXDOMAIN" for suffix in suffixes]
    else:
        steps.append(f"Block in your DNS filter (Pi-hole, AdGuard Home, the router): {listed(suffixes)}.")
    steps.append(f"Or forbid {address} the internet in the router, and see whether the lock still works.")
    return Fix(f"Keep {thing.label} from talking to {listed(suffixes)}.", tuple(steps))


def read_policy(vendor: Vendor, home: Home) -> Fix:
    """Read the policy."""
    return Fix(
        f"Read {vendor.label}'s privacy policy.",
        (
            "Look for four things: where access logs are stored, how long, with whom they are shared, how you have "
            "them deleted.",
            *(f"Answer: {answer}" for answer in _answers(vendor)),
            f"Then: nightlatch answer {vendor.ref} policy_read_on {home.today}",
        ),
    )


def ask_vendor(vendor: Vendor, home: Home) -> Fix:
    """Ask the vendor what the policy leaves open."""
    return Fix(
        f"Ask {vendor.label} in writing where and how long it keeps your data, with whom, and how it is deleted.",
        (
            "In the European Union and the United Kingdom it must answer within a month (GDPR Art. 12(3), 15).",
            *(f"Enter the answer: {answer}" for answer in _answers(vendor)),
        ),
    )


def leave_vendor(vendor: Vendor, home: Home) -> Fix:
    """Give the vendor less, or nothing."""
    return Fix(
        f"Give {vendor.label} less: object to it, or use the lock without its cloud.",
        (
            f"Object to sharing and ask {vendor.label} to erase old access logs (GDPR Art. 17 and 21, "
            "CCPA 1798.105 and 1798.120).",
            "Use the lock over a hub at home and delete the vendor's account, if the lock works without it.",
            "Use an account without your name and address otherwise.",
        ),
    )


def _answers(vendor: Vendor) -> list[str]:
    """The commands that answer what a policy should say."""
    questions = (Vendor.policy_storage, Vendor.policy_retention, Vendor.policy_sharing, Vendor.policy_deletion)
    return [f"nightlatch answer {vendor.ref} {field.name} VALUE" for field in questions]
