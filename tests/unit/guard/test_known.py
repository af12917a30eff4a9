from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightlatch.access.holders import Given
from nightlatch.configuration.read import Configuration, parse
from nightlatch.errors import ConfigurationError
from nightlatch.guard.household import Holder
from nightlatch.guard.known import household
from nightlatch.model.access import Person
from nightlatch.model.event import Event, micros
from nightlatch.model.evidence import Fact, Grade, Ref
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential

AT = datetime(2026, 11, 22, tzinfo=UTC)
ENDS = datetime(2026, 12, 1, 11, tzinfo=UTC)


def configured(people: str = "") -> Configuration:
    text = f"""
[home]
timezone = "Europe/Berlin"
[[doors]]
id = "front"
name = "Front door"
[[locks]]
id = "front"
door = "front"
{people}"""
    return parse(text, Path("nightlatch.toml"))


ANA = '[[people]]\nid = "ana"\nname = "Ana Maria Silva"\nrole = "resident"\ncredentials = ["front/3"]\n'


def known(about: Ref, name: str, value: object) -> Fact[object]:
    return Fact(about, name, value, Grade.OBSERVED, "zwavejs", AT)


def audited() -> Home:
    lock, code = Ref("lock", "front"), Ref("credential", "zwavejs:2/3")
    return Home(
        AT,
        [
            Lock("front", {"name": known(lock, "name", "Yale")}),
            Credential(
                "zwavejs:2/3",
                {
                    "lock": known(code, "lock", lock),
                    "slot": known(code, "slot", 3),
                    "ends": known(code, "ends", ENDS),
                },
            ),
        ],
        facts={"needs": known(Ref("home", "home"), "needs", ("voice",))},
    )


def test_the_configuration_alone_tells_doors_people_and_whose_code_is_whose() -> None:
    found = household(configured(ANA), None)
    assert found.locks == ("lock:front",)
    assert found.door_of == {"lock:front": "door:front"}
    assert found.name("door:front") == "Front door"
    assert found.holders == {("lock:front", 3): Holder("ana")}
    assert found.people == {"ana": "Ana"}
    assert found.residents == {"ana"}
    assert found.remote is None
    assert found.person(Event(0, "unlocked", "lock:front", by="code", slot=3)) == "ana"
    assert found.person(Event(0, "unlocked", "lock:front", by="code", slot=4)) == ""


def test_an_audited_home_adds_names_ends_and_what_is_needed() -> None:
    found = household(configured(ANA), audited())
    assert found.name("lock:front") == "Yale"
    assert found.holders == {("lock:front", 3): Holder("ana", ends=micros(ENDS))}
    assert (found.remote, found.voice) == (False, True)


@pytest.mark.parametrize(
    ("people", "what"),
    [
        (ANA.replace("front/3", "frnt/3"), r"there is no lock 'frnt'. Did you mean .front"),
        (ANA.replace("front/3", "front"), "is no credential"),
        (ANA.replace("front/3", "front/0"), "is no credential"),
        (ANA + ANA.replace("ana", "rob"), "given to two people: ana and rob"),
    ],
)
def test_a_credential_that_cannot_be_is_an_error_with_its_line(people: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as error:
        household(configured(people), None)
    assert ":1" in error.value.where


def test_what_access_tells_of_codes_and_people_is_known_too() -> None:
    given = Given(
        {("lock:front", 3): Holder("bo"), ("lock:front", 4): Holder("cy")}, (Person("bo", "Bo Ek", "resident"),)
    )
    known_ = household(configured(ANA), None, given)
    assert known_.holders == given.holders
    assert known_.people == {"ana": "Ana", "bo": "Bo"}
    assert known_.residents == {"ana", "bo"}


def test_how_a_code_is_removed_by_hand_is_known_from_the_audit() -> None:
    assert household(configured(ANA), audited()).by_hand("lock:front", 3)
    assert household(configured(ANA), audited()).by_hand("lock:nowhere", 3) == ""
    assert household(configured(ANA), None).by_hand("lock:front", 3) == ""
