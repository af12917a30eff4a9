"""A home that nobody has yet: one lock of a model, its hub, its door, and the network that it would join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from nightlatch.audit.infer import infer
from nightlatch.audit.merge import merge
from nightlatch.catalogue import Catalogue
from nightlatch.catalogue.claims import claims_of
from nightlatch.catalogue.structs import Knowledge, MatterModel, ZigbeeModel, ZwaveModel
from nightlatch.model.door import Door
from nightlatch.model.evidence import Claim, Grade, Item, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account, Vendor
from nightlatch.model.router import Router
from nightlatch.tailor.meant import Meant

LABEL = "YOUR-LOCK"
"""Stands in commands for the name or node number that the lock gets at its hub."""

_LOCK = Ref("lock", "lock")
_HUBS = {"zwave": "zwave-js", "zigbee": "zigbee2mqtt", "matter": "matter-server"}


def supposed(
    meant: Meant,
    catalogue: Catalogue,
    now: datetime,
    *,
    asked: str = "",
    firmware: str = "",
    network: Sequence[Item] = (),
) -> Home:
    """The home, with what the catalogue knows of the lock. Without `network`, a router like any other."""
    items = [*_things(meant, catalogue, now, firmware), *network]
    if not network:
        items.append(_assumed(Router.name.claim(Ref("router", "router"), "the router"), now))
    # The words of the question may tell one model of a family from another; the family's name would name them all.
    named = [claim for claim in items if isinstance(claim, Claim) and claim.fact == Lock.firmware.name]
    named.append(_assumed(Lock.model.claim(_LOCK, asked), now))
    (lock,) = merge(named, now=now).all(Lock)
    items += claims_of(lock, (*meant.models, *meant.products), catalogue)
    items += infer(merge(items, now=now))
    return merge(items, now=now)


def unknown_lock(now: datetime) -> Home:
    """The home of a lock of which nothing is known: what is advised there is true for any lock."""
    return supposed(Meant(""), Catalogue(), now)


def network_alone(network: Sequence[Item], now: datetime) -> Home:
    """The owner's network without any lock: what is wrong there is wrong whatever is bought."""
    items = list(network)
    items += infer(merge(items, now=now))
    return merge(items, now=now)


def _things(meant: Meant, catalogue: Catalogue, now: datetime, firmware: str) -> Iterator[Claim]:
    lock, hub, door = _LOCK, Ref("hub", "hub"), Ref("door", "door")
    claims = [
        Door.name.claim(door, "the door"),
        Account.name.claim(Ref("account", "account"), "every account that can open the door"),
        Hub.name.claim(hub, "the hub"),
        Lock.name.claim(lock, LABEL),
        Lock.door.claim(lock, door),
        Lock.hub.claim(lock, hub),
    ]
    if firmware:
        claims.append(Lock.firmware.claim(lock, firmware))
    software = _HUBS.get(meant.protocol) or _at_home(meant, catalogue)
    if software:
        claims.append(Hub.software.claim(hub, software))
    if meant.models:
        maker = meant.models[0].maker
        claims += [
            Lock.maker.claim(lock, maker),
            Lock.model.claim(lock, meant.name.partition("(")[0].strip().removeprefix(f"{maker} ")),
            *_ids(lock, max(reversed(meant.models), key=_settings)),
        ]
    else:
        claims += [Lock.model.claim(lock, "lock"), Vendor.name.claim(Ref("vendor", "maker"), "the maker")]
    if meant.protocol:
        claims.append(Claim(lock, Lock.radio.name, meant.protocol))
    for claim in claims:
        yield _assumed(claim, now)


def _assumed(claim: Claim, now: datetime) -> Claim:
    # Declared, the weakest grade: whatever the catalogue or an export says of the same wins.
    return Claim(claim.about, claim.fact, claim.value, "", now, Grade.DECLARED, "assumed")


def _at_home(meant: Meant, catalogue: Catalogue) -> str:
    """Home Assistant, where it has an integration for the lock that works at home."""
    names = [name for model in meant.models if model.profile is not None for name in model.profile.integrations]
    local = (integration.local for name in names if (integration := catalogue.integration(name)) is not None)
    return "homeassistant" if any(local) else ""


def _settings(model: Knowledge) -> int:
    """Of several versions the one with most settings, and of those the newest, stands for all in commands."""
    return len(model.entry.parameters) if isinstance(model.entry, ZwaveModel) else 0


def _ids(lock: Ref, model: Knowledge) -> Iterator[Claim]:
    """What a hub would tell of such a lock: it finds the lock's own parameters."""
    entry = model.entry
    if isinstance(entry, ZwaveModel) and entry.ids:
        kind, product = entry.ids[0]
        yield Lock.zwave_id.claim(lock, f"0x{entry.manufacturer_id:04x}:0x{kind:04x}:0x{product:04x}")
    elif isinstance(entry, ZigbeeModel):
        yield Lock.zigbee_model.claim(lock, entry.model)
    elif isinstance(entry, MatterModel):
        yield Lock.matter_id.claim(lock, f"0x{entry.vendor_id:04x}:0x{entry.product_id:04x}")
