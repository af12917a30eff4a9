"""Every kind of thing, by its word."""

from __future__ import annotations

from nightlatch.model.door import Door
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device, Wifi, Zone
from nightlatch.model.people import Account, Credential, Person, Vendor
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing

KINDS: dict[str, type[Thing]] = {
    thing.kind: thing
    for thing in (Home, Door, Lock, Hub, Router, Zone, Wifi, Device, Person, Account, Credential, Vendor)
}
