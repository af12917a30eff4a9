"""What follows from facts of different sources."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nightlatch.audit.infer import infer
from nightlatch.model.evidence import Grade, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Zone
from nightlatch.model.people import Account, Credential, Person
from tests.unit.practices.builder import NOW, home, make

ZONES = (
    make(Zone, "all", subnets=(("192.168.0.0/16",), Grade.RECORDED)),
    make(Zone, "iot", subnets=(("192.168.20.0/24", "fd00:20::/64", "an-alias"), Grade.RECORDED)),
)


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("192.168.20.5", "iot"),
        ("192.168.20.5:8123", "iot"),
        ("[fd00:20::5]:8123", "iot"),
        ("fd00:20::5", "iot"),
        ("192.168.1.1", "all"),
        ("10.0.0.1", None),
        ("127.0.0.1", None),
        ("hass.local", None),
        ("", None),
    ],
)
def test_a_hub_lives_on_the_narrowest_zone_that_holds_its_address(address: str, zone: str | None) -> None:
    claims = [claim for claim in infer(home(*ZONES, make(Hub, "h", address=address))) if claim.about.kind == "hub"]
    assert [claim.value for claim in claims] == ([Ref("zone", zone)] if zone else [])


def test_what_follows_is_as_weak_and_as_old_as_the_weakest_it_follows_from() -> None:
    hub = make(Hub, "h", address=("192.168.20.5", Grade.DECLARED))
    (claim,) = [claim for claim in infer(home(*ZONES, hub)) if claim.about.kind == "hub"]
    assert claim.grade is Grade.DECLARED
    assert claim.at is not None
    assert claim.at <= NOW + timedelta(0)
    assert "192.168.20.0/24" in claim.where


def test_each_maker_is_a_vendor_once() -> None:
    locks = [make(Lock, "a", maker="Yale"), make(Lock, "b", maker="Yale"), make(Lock, "c", maker="ASSA ABLOY (Yale)")]
    vendors = [claim.about.key for claim in infer(home(*locks)) if claim.about.kind == "vendor"]
    assert vendors == ["yale", "assa-abloy-yale"]


def test_whoever_holds_an_account_is_a_vendor_unless_it_is_in_the_home() -> None:
    accounts = [
        make(Account, "a", service="nuki"),
        make(Account, "b", service="homeassistant"),
        make(Account, "c", service="router"),
        make(Account, "d"),
    ]
    claims = [claim for claim in infer(home(make(Lock, "l", maker="Nuki"), *accounts)) if claim.about.kind == "vendor"]
    assert [claim.about.key for claim in claims] == ["nuki"]
    (alone,) = infer(home(make(Account, "a", service="nuki")))
    assert (alone.about, alone.value) == (Ref("vendor", "nuki"), "Nuki")


@pytest.mark.parametrize("holder", ["ana", "Ana"])
def test_a_code_belongs_here_as_its_holder_does(holder: str) -> None:
    ana = make(Person, "ana", name="Ana", role=("resident", Grade.DECLARED))
    (claim,) = infer(home(ana, make(Credential, "c", person=holder)))
    assert (claim.about, claim.fact, claim.value) == (Ref("credential", "c"), "role", "resident")
    assert claim.grade is Grade.DECLARED


def test_what_is_known_of_a_code_is_not_inferred_again() -> None:
    ana = make(Person, "ana", name="Ana", role="resident")
    assert not list(infer(home(ana, make(Credential, "c", person="Ana", role="guest"))))
    assert not list(infer(home(ana, make(Credential, "c", person="Ben"), make(Credential, "d"))))
