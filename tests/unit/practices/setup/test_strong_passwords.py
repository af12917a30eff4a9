from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account, Credential
from nightlatch.practices.setup.strong_passwords import practice
from tests.unit.practices.builder import fix_of, home, judge, make, verdict


def account(key: str = "yale", **facts: Any) -> Account:
    return make(Account, key, **facts)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"password_reused": 0}, "pass"),
        ({"password_reused": 2}, "fail critical"),
        ({}, "unknown"),
        ({"password_fingerprint": "fp:1"}, "unknown"),
    ],
)
def test_a_password_used_elsewhere_in_the_vault_fails(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "own-password", account(**facts)) == expected


def test_a_password_that_two_vaults_hold_for_two_accounts_fails_for_both() -> None:
    one = account("yale", service="yale", password_reused=0, password_fingerprint="fp:1")
    other = account("ha", name="Home Assistant: ana", service="homeassistant", password_fingerprint="fp:1")
    lone = account("nuki", service="nuki", password_reused=0, password_fingerprint="fp:2")
    here = home(one, other, lone)
    assert verdict(practice, "own-password", one, here) == "fail critical"
    assert verdict(practice, "own-password", other, here) == "fail critical"
    assert verdict(practice, "own-password", lone, here) == "pass"
    assert "Home Assistant: ana" in judge(practice, "own-password", one, here).because


def test_one_account_in_two_vaults_is_no_reuse() -> None:
    vaults = [
        account(f"{vault}:1", name="Yale: ana", service="yale", password_reused=0, password_fingerprint="fp:1")
        for vault in ("bitwarden", "browser-csv")
    ]
    assert verdict(practice, "own-password", vaults[0], home(*vaults)) == "pass"


def test_two_people_with_one_password_at_one_service_is_a_reuse() -> None:
    people = [
        account(f"bitwarden:{name}", name=f"Yale: {name}", service="yale", password_fingerprint="fp:1")
        for name in ("ana", "ben")
    ]
    assert verdict(practice, "own-password", people[0], home(*people)) == "fail critical"


@pytest.mark.parametrize(("score", "expected"), [(0, "fail high"), (2, "fail high"), (3, "pass"), (4, "pass")])
def test_a_password_that_is_guessed_fails(score: int, expected: str) -> None:
    assert verdict(practice, "strong-password", account(password_score=score)) == expected


def test_a_profile_may_ask_for_a_stronger_password() -> None:
    yale = account(password_score=3)
    strict = home(yale, limits={"strong-passwords.password-score": 4})
    assert verdict(practice, "strong-password", yale, strict) == "fail high"


def test_where_a_password_is_kept_is_asked() -> None:
    assert verdict(practice, "in-manager", account(in_manager=True)) == "pass"
    assert verdict(practice, "in-manager", account(in_manager=(False, Grade.DECLARED))) == "fail high"
    for check in ("in-manager", "strong-password"):
        assert verdict(practice, check, account()) == "unknown"


def code(key: str = "c1", **facts: Any) -> Credential:
    return make(Credential, key, **{"form": "pin", **facts})


@pytest.mark.parametrize(
    ("digits", "longest", "expected"),
    [
        (6, None, "pass"),
        (8, 8, "pass"),
        (4, 8, "fail high"),
        (4, 4, "pass"),
        (5, 5, "pass"),
        (4, None, "unknown"),
    ],
)
def test_a_pin_is_as_long_as_its_lock_allows(digits: int, longest: int | None, expected: str) -> None:
    facts = {} if longest is None else {"code_length_max": (longest, Grade.CATALOGUED)}
    lock = make(Lock, "front", **facts)
    pin = code(length=digits, lock=lock)
    assert verdict(practice, "pin-length", pin, home(lock, pin)) == expected


def test_the_new_code_is_as_long_as_the_lock_takes() -> None:
    lock = make(Lock, "front", code_length_max=5)
    pin = code(length=4, lock=lock)
    assert "Choose 5 digits" in fix_of(practice, "pin-length", pin, home(lock, pin)).steps[0]


def test_a_pin_that_is_easy_to_guess_fails_and_says_why() -> None:
    assert verdict(practice, "pin-not-common", code(weaknesses=())) == "pass"
    found = judge(practice, "pin-not-common", code(weaknesses=("it is a year", "it counts up")))
    assert found.verdict == "fail" and "it is a year and it counts up" in found.because


def test_a_pin_of_two_people_fails_and_one_persons_pin_on_two_doors_does_not() -> None:
    front, back = make(Lock, "front", name="Front"), make(Lock, "back", name="Back")
    ana = code("1", fingerprint="fp:1", person="Ana", lock=front)
    ana_too = code("2", fingerprint="fp:1", person="Ana", lock=back)
    ben = code("3", fingerprint="fp:1", person="Ben", lock=front)
    assert verdict(practice, "pin-not-shared", ana, home(front, back, ana, ana_too)) == "pass"
    found = judge(practice, "pin-not-shared", ana, home(front, back, ana, ana_too, ben))
    assert found.verdict == "fail" and "on Front (Ben)" in found.because


def test_a_pin_of_a_thousand_people_is_told_by_three_of_them() -> None:
    codes = [code(str(number), fingerprint="fp:1", near=("fp:1",), person=f"P{number}") for number in range(1000)]
    here = home(*codes)
    for check in ("pin-not-shared", "pin-not-near"):
        for pin in (codes[0], codes[999]):
            found = judge(practice, check, pin, here)
            assert found.verdict == "fail"
            assert found.because.count("(P") == 3 and len(found.evidence) < 10


def test_equal_pins_of_nobody_known_are_unknown() -> None:
    ana, other = code("1", fingerprint="fp:1", person="Ana"), code("2", fingerprint="fp:1", slot=4)
    here = home(ana, other)
    assert verdict(practice, "pin-not-shared", ana, here) == "unknown"
    assert verdict(practice, "pin-not-shared", other, here) == "unknown"
    assert verdict(practice, "pin-not-shared", code("3", fingerprint="fp:2")) == "pass"


def test_a_pin_near_another_persons_fails_for_both() -> None:
    ana = code("1", fingerprint="fp:1", near=("fp:2", "fp:9"), person="Ana")
    ben = code("2", fingerprint="fp:2", near=("fp:1",), person="Ben")
    assert verdict(practice, "pin-not-near", ana, home(ana, ben)) == "fail high"
    assert verdict(practice, "pin-not-near", ben, home(ana, ben)) == "fail high"
    assert verdict(practice, "pin-not-near", ana, home(ana)) == "pass"


def test_a_persons_own_two_codes_may_be_near() -> None:
    one = code("1", fingerprint="fp:1", near=("fp:2",), person="Ana")
    two = code("2", fingerprint="fp:2", near=("fp:1",), person="Ana")
    assert verdict(practice, "pin-not-near", one, home(one, two)) == "pass"


@pytest.mark.parametrize("check", ["pin-length", "pin-not-common", "pin-not-shared", "pin-not-near"])
def test_a_tag_has_no_pin_and_a_pin_that_was_not_read_is_unknown(check: str) -> None:
    tag, unread = code(form="tag"), code()
    assert verdict(practice, check, tag) == "not_applicable"
    assert verdict(practice, check, unread) == "unknown"
