"""A thing holds facts under its fields, and cannot be changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_origin

import pytest

from nightlatch.model.evidence import Fact, Grade, Ref
from nightlatch.model.home import Home
from nightlatch.model.kinds import KINDS
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.model.thing import Field, Thing

NOW = datetime(2026, 11, 22, tzinfo=UTC)
UPNP = Fact(Ref("router", "r"), "upnp", True, Grade.OBSERVED, "test", NOW)


def test_a_known_field_gives_its_fact_and_an_unknown_one_nothing() -> None:
    router = Router("r", {"upnp": UPNP})
    assert router.upnp is UPNP
    assert router.natpmp is None


def test_a_field_of_the_class_makes_claims() -> None:
    claim = Router.upnp.claim(Ref("router", "x"), True, where="file:3")
    assert (claim.about, claim.fact, claim.value, claim.where) == (Ref("router", "x"), "upnp", True, "file:3")


def test_a_field_cannot_be_claimed_of_another_kind_of_thing() -> None:
    with pytest.raises(TypeError, match=r"router\.upnp cannot be claimed of lock:front"):
        Router.upnp.claim(Ref("lock", "front"), True)


def test_a_thing_cannot_be_changed() -> None:
    router = Router("r", {"upnp": UPNP})
    with pytest.raises(AttributeError):
        router.upnp = None  # type: ignore[assignment]


def test_facts_come_in_the_order_of_the_fields_and_nothing_else_comes() -> None:
    natpmp = Fact(Ref("router", "r"), "natpmp", False, Grade.OBSERVED, "test", NOW)
    assert list(Router("r", {"natpmp": natpmp, "upnp": UPNP}).facts()) == ["upnp", "natpmp"]
    assert Router("r").fact("ref") is None


def test_a_field_may_not_take_a_name_that_things_use() -> None:
    with pytest.raises(TypeError, match="the name is taken"):
        type("Bad", (Thing,), {"gaps": Field[bool]("x")}, kind="bad")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.kind)
def test_every_field_says_what_it_means_and_has_a_type(kind: type[Thing]) -> None:
    for field in kind.fields.values():
        assert field.doc
        assert field.path == f"{kind.kind}.{field.name}"
        assert field.type in (bool, int, float, str) or get_origin(field.type) or isinstance(field.type, type)


def test_a_home_finds_things_by_kind_and_id_and_follows_references() -> None:
    door = Fact(Ref("lock", "a"), "door", Ref("door", "front"), Grade.DECLARED, "declared", NOW)
    front = KINDS["door"]("front")
    lock = Lock("a", {"door": door})
    home = Home(NOW, [lock, front])
    assert home.all(Lock) == (lock,)
    assert home.all(Router) == ()
    assert home.all(Home) == (home,)
    assert home.get(Lock, "b") is None
    assert home.follow(lock.door, KINDS["door"]) is front
    assert home.follow(lock.hub, KINDS["hub"]) is None


def test_a_need_is_unknown_until_the_owner_lists_their_needs() -> None:
    needs = Fact(Ref("home", "home"), "needs", ("remote",), Grade.DECLARED, "declared", NOW)
    assert Home(NOW).need("remote") is None
    assert Home(NOW, facts={"needs": needs}).need("remote") is True
    assert Home(NOW, facts={"needs": needs}).need("voice") is False
