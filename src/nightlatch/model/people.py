"""People, their accounts, the credentials on locks, and the vendors whose word they rely on."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal

from nightlatch.model.evidence import Ref
from nightlatch.model.thing import Field, Thing


class Person(Thing, kind="person"):
    """Somebody who comes through the door."""

    name = Field[str]("their name")
    role = Field[Literal["resident", "regular", "guest", "service"]](
        "how they belong here", ask="Is this person a resident, a regular, a guest or a service?"
    )


class Account(Thing, kind="account"):
    """A vendor, hub or router account. Its password is never here, only what was derived from it."""

    name = Field[str]("what it is called, as Yale account or Home Assistant: ana")
    service = Field[str]("whose account it is: a vendor, homeassistant, router")
    hub = Field[Ref]("the hub it signs in to")
    opens_door = Field[bool]("whoever holds it can open a door", ask="Can this account open a door?")
    admin = Field[bool]("it administers its service")
    local_only = Field[bool]("it can sign in from the home's network only")
    password_score = Field[int]("how hard its password is to guess, from 0 (guessed at once) to 4 (strong)")
    password_fingerprint = Field[str]("tells equal passwords apart from different ones within one run")
    password_reused = Field[int]("how many other entries of the vault have the same password")
    password_changed_on = Field[date]("the day its password was last changed")
    in_manager = Field[bool](
        "its password is kept in a password manager", ask="Is this account's password kept in a password manager?"
    )
    two_factor = Field[Literal["none", "sms", "app", "key", "passkey"]](
        "which second step it asks for (none, sms, an authenticator app, a security key or a passkey)",
        ask="Which second step does this account ask for: none, sms, app, key or passkey?",
    )


class Credential(Thing, kind="credential"):
    """A code, tag, key or share on one lock. The PIN is never here, only what was derived from it."""

    name = Field[str]("its label on the hub")
    lock = Field[Ref]("the lock it opens")
    slot = Field[int]("its slot on the lock")
    form = Field[Literal["pin", "tag", "fingerprint", "face", "app", "master", "other"]]("what it is")
    enabled = Field[bool]("the lock accepts it")
    length = Field[int]("how many digits the PIN has")
    default = Field[bool]("it equals a known default code")
    weaknesses = Field[tuple[str, ...]]("whether and why it is easy to guess; empty if it is not")
    fingerprint = Field[str]("which other PINs it equals; a digest that holds for one run")
    near = Field[tuple[str, ...]]("which PINs differ from it by one slip of a finger; their digests, for one run")
    person = Field[str]("whose it is", ask="Whose code is this?")
    role = Field[Literal["resident", "regular", "guest", "service"]](
        "whether its holder is a resident, a regular, a guest or a service",
        ask="Is its holder a resident, a regular, a guest or a service?",
    )
    ends = Field[datetime]("when it must stop working", ask="When must this code stop working?")
    scheduled = Field[bool]("it works only at set times", ask="Does this code work only at set times?")
    created_by = Field[str]("who put it on the lock, as the lock tells it")
    foreign_creator = Field[bool]("a controller other than the owner's put it on the lock")


NO_VENDORS = frozenset(("homeassistant", "router"))
"""Services of accounts that stay in the home: no vendor holds their data."""


def vendor_id(name: str) -> str:
    """The id of the vendor of this name: `Assa Abloy` is `assa-abloy`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Vendor(Thing, kind="vendor"):
    """A maker or cloud service that holds data about the home."""

    name = Field[str]("the vendor's name")
    policy_read_on = Field[date](
        "the day its privacy policy was last read", ask="When did you last read this vendor's privacy policy?"
    )
    policy_storage = Field[Literal["local", "region", "anywhere", "unsaid"]](
        "where it stores access logs and account data",
        ask="Where does the policy say data is stored: local, region, anywhere or unsaid?",
    )
    policy_retention = Field[Literal["limited", "unlimited", "unsaid"]](
        "how long it keeps access logs", ask="How long does it keep access logs: limited, unlimited or unsaid?"
    )
    policy_sharing = Field[Literal["none", "processors", "sold", "unsaid"]](
        "with whom it shares them", ask="With whom does it share data: none, processors only, sold, or unsaid?"
    )
    policy_deletion = Field[Literal["yes", "no", "unsaid"]](
        "whether the owner can have account and logs deleted", ask="Can you have your account and logs deleted?"
    )
