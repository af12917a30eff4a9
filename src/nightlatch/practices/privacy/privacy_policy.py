"""A vendor that holds the log of your door should say what it does with it, and you should know."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.fixes import privacy
from nightlatch.model.evidence import Fact
from nightlatch.model.finding import Fix, Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import NO_VENDORS, Account, Vendor, vendor_id
from nightlatch.practices.dates import judge_last
from nightlatch.practices.hubs import RADIO_SERVERS
from nightlatch.practices.interface import Judgement, Practice, as_set, fails, not_applicable, passes, unknown

practice = Practice(
    "privacy-policy",
    number=21,
    section=Section.PRIVACY,
    severity=Severity.LOW,
    title="Know what the vendor keeps, for how long, and who gets it",
    why="Access logs say when the home is empty. A vendor that keeps them for ever, sells them, or deletes nothing "
    "makes that somebody else's knowledge.",
    standards=("ETSI EN 303 645 V3.1.3 6-1", "ETSI EN 303 645 V3.1.3 6-2", "ETSI EN 303 645 V3.1.3 6-5"),
)

read = practice.threshold("read-days", 365, unit="days", doc="the time since the policy was read may be")

_SETTLED = "your answer, with the vendor's privacy policy at hand"


_LOCAL_RADIOS = frozenset(("zwave", "zigbee", "matter"))


def _local(lock: Lock) -> Fact[Any] | None:
    """What shows that a lock is commanded at home."""
    path, radio = as_set(lock.path), as_set(lock.radio)
    if path is not None:
        return path if path.value == "local" else None
    return radio if radio is not None and radio.value in _LOCAL_RADIOS else None


def _no_cloud(home: Home) -> tuple[Fact[Any], ...]:
    """What shows that no vendor holds data: every lock and hub is local, and nobody has a vendor's account."""
    shown: list[Fact[Any]] = []
    for lock in home.all(Lock):
        local = _local(lock)
        if local is None:
            return ()
        shown.append(local)
    if not shown or any(
        account.service is None or account.service.value not in NO_VENDORS for account in home.all(Account)
    ):
        return ()
    for hub in home.all(Hub):
        if hub.cloud_connected is not None and not hub.cloud_connected.value:
            shown.append(hub.cloud_connected)
        elif hub.cloud_connected is None and hub.software is not None and hub.software.value in RADIO_SERVERS:
            shown.append(hub.software)
        else:
            return ()
    return tuple(shown)


def _no_vendor(home: Home) -> Judgement:
    """A home without any cloud has no vendor to ask."""
    shown = home.cached(_no_cloud)
    if shown:
        return not_applicable(*shown, because=_LOCAL_ONLY)
    return unknown(
        because="No vendor is named in nightlatch.toml, and it is not shown that none holds data.",
        fix=Fix(
            "Find out.",
            (
                "Name every maker, cloud or app with an account that holds data about the door in nightlatch.toml: "
                "[[vendors]] with an id and a name.",
                "Then answer what its policy says: nightlatch answer vendor:ID",
            ),
        ),
    )


class _Dealings(msgspec.Struct, frozen=True):
    """What a home has to do with each vendor, by its id: what shows its locks local, and which are not shown so."""

    local: dict[str, list[Fact[Any]]]
    other: frozenset[str]
    untold: bool
    """A lock of which the maker is not known, or an account of which the service is not, may be anybody's."""


def _dealings(home: Home) -> _Dealings:
    local: dict[str, list[Fact[Any]]] = {}
    other: set[str] = set()
    untold = False
    for lock in home.all(Lock):
        shown = _local(lock)
        if lock.maker is None:
            untold = untold or shown is None
        elif shown is None:
            other.add(vendor_id(lock.maker.value))
        else:
            local.setdefault(vendor_id(lock.maker.value), []).append(shown)
    for account in home.all(Account):
        if account.service is None:
            untold = True
        elif account.service.value not in NO_VENDORS:
            other.add(vendor_id(account.service.value))
    return _Dealings(local, frozenset(other), untold)


def _unanswered(vendor: Vendor, home: Home) -> Judgement:
    """A policy that nobody answered for matters only where this vendor may hold data."""
    shown = home.cached(_no_cloud)
    if shown:
        return not_applicable(*shown, because=_LOCAL_ONLY)
    dealings, id = home.cached(_dealings), vendor.ref.key  # noqa: A001  # the design's word
    if dealings.untold or id in dealings.other or id not in dealings.local:
        return unknown()
    return not_applicable(
        *dealings.local[id], because="Its locks are commanded at home, and no account with it is known."
    )


_LOCAL_ONLY = "No lock and no hub uses a vendor's cloud, and no vendor's account is known."


@practice.check(
    "read",
    per=Vendor,
    advice=privacy.read_policy,
    title="The privacy policy was read within a year",
    needs=(Vendor.policy_read_on,),
    settled_by=_SETTLED,
    absent=_no_vendor,
)
def policy_read(vendor: Vendor, home: Home) -> Judgement:
    """Judge how long ago somebody looked."""
    if vendor.policy_read_on is None:
        return _unanswered(vendor, home)
    return judge_last(
        vendor.policy_read_on, home, limit=read, what="Its privacy policy was last read", fix=privacy.read_policy
    )


@practice.check(
    "storage",
    per=Vendor,
    title="The policy says where data is stored",
    needs=(Vendor.policy_storage,),
    settled_by=_SETTLED,
    absent=_no_vendor,
)
def storage(vendor: Vendor, home: Home) -> Judgement:
    """Judge whether the place is told."""
    place = vendor.policy_storage
    if place is None:
        return _unanswered(vendor, home)
    if place.value == "unsaid":
        return fails(place, because="The policy does not say where data is stored.", fix=privacy.ask_vendor)
    return passes(place, because=f"Data is stored {_PLACES[place.value]}.")


_PLACES = {"local": "at home", "region": "in your own region", "anywhere": "anywhere in the world, the policy says"}


@practice.check(
    "retention",
    per=Vendor,
    title="Access logs are kept for a limited time",
    needs=(Vendor.policy_retention,),
    settled_by=_SETTLED,
    absent=_no_vendor,
)
def retention(vendor: Vendor, home: Home) -> Judgement:
    """Judge whether the vendor forgets."""
    kept = vendor.policy_retention
    if kept is None:
        return _unanswered(vendor, home)
    if kept.value == "limited":
        return passes(kept, because="Access logs are kept for a limited time.")
    if kept.value == "unlimited":
        return fails(kept, because="Access logs are kept without limit.", fix=privacy.leave_vendor)
    return fails(kept, because="The policy does not say how long access logs are kept.", fix=privacy.ask_vendor)


@practice.check(
    "sharing",
    per=Vendor,
    title="Data is not sold",
    needs=(Vendor.policy_sharing,),
    settled_by=_SETTLED,
    absent=_no_vendor,
)
def sharing(vendor: Vendor, home: Home) -> Judgement:
    """Judge who else gets the data."""
    shared = vendor.policy_sharing
    if shared is None:
        return _unanswered(vendor, home)
    if shared.value == "none":
        return passes(shared, because="Data is shared with nobody.")
    if shared.value == "processors":
        return passes(shared, because="Data is shared only with those who process it for the vendor.")
    if shared.value == "sold":
        return fails(shared, because="Data is sold.", fix=privacy.leave_vendor)
    return fails(shared, because="The policy does not say with whom data is shared.", fix=privacy.ask_vendor)


@practice.check(
    "deletion",
    per=Vendor,
    title="Account and logs can be deleted",
    needs=(Vendor.policy_deletion,),
    settled_by=_SETTLED,
    absent=_no_vendor,
)
def deletion(vendor: Vendor, home: Home) -> Judgement:
    """Judge whether the owner can have the data erased."""
    deletes = vendor.policy_deletion
    if deletes is None:
        return _unanswered(vendor, home)
    if deletes.value == "yes":
        return passes(deletes, because="Account and logs can be deleted.")
    if deletes.value == "no":
        return fails(deletes, because="Account and logs cannot be deleted.", fix=privacy.leave_vendor)
    return fails(deletes, because="The policy does not say how data is deleted.", fix=privacy.ask_vendor)
