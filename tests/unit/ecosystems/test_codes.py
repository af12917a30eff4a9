from __future__ import annotations

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.ecosystems._codes import Code, claims
from nightlatch.model.evidence import Claim, Ref
from nightlatch.model.people import Credential
from nightlatch.secrets import Secret
from tests.unit.ecosystems.asking import context, values


def told(*pins: str) -> list[Claim]:
    codes = [Code(Ref("credential", f"hub:{slot}"), Secret(pin), where="slot") for slot, pin in enumerate(pins)]
    found = list(claims(codes, context("hub"), Catalogue()))
    assert not any(pin in repr(found) for pin in pins)
    return found


def test_a_weak_code_is_told_by_why_it_is_weak_and_not_by_its_digits() -> None:
    found = told("1234", "830174")
    weak, strong = values([*found], Credential.weaknesses)
    assert "its digits go up or down in equal steps" in weak
    assert strong == ()
    assert values([*found], Credential.length) == [4, 6]


def test_a_known_default_code_is_told() -> None:
    default = next(iter(Catalogue().default_pins()))
    found = told("830174", default)
    assert values([*found], Credential.default) == [False, True]


def test_equal_codes_have_one_fingerprint_and_are_not_near_each_other() -> None:
    found = told("830174", "830174", "591264")
    first, second, third = values([*found], Credential.fingerprint)
    assert first == second != third
    assert values([*found], Credential.near) == [(), (), ()]


def test_codes_that_differ_by_one_slip_of_a_finger_are_near_each_other() -> None:
    found = told("830174", "830175", "381174", "591264")
    first, second, _, _ = values([*found], Credential.fingerprint)
    assert values([*found], Credential.near) == [(second,), (first,), (), ()]
