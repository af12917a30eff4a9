"""Before a door locks: would anybody who is outside still get in, and how is that known?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightlatch.audit.merge import merge
from nightlatch.configuration.read import parse
from nightlatch.guard.autolock.lockout import lockout
from nightlatch.guard.standing import Standing
from nightlatch.model.event import micros
from nightlatch.model.evidence import Claim, Grade
from nightlatch.model.home import Home
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.declared import Declared
from nightlatch.sources.interface import Context

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = micros(NOW)
SECOND = 1_000_000
BASE = """\
[[doors]]
id = "front"
exterior = true
[[locks]]
id = "front"
door = "front"
"""
LOCKED_IN = {
    ("lock:front", "can_cylinder"): "false",
    ("lock:front", "can_keypad"): "false",
    ("lock:front", "opens_by_phone"): "false",
    ("door:front", "other_way_in"): "false",
}


def home(answers: dict[tuple[str, str], str], more: str = "") -> Home:
    text = BASE + more
    for (about, fact), value in answers.items():
        text += f'[[answers]]\nabout = "{about}"\nfact = "{fact}"\nvalue = {value}\non = 2026-11-01\n'
    declared = Declared(parse(text, Path("nightlatch.toml")), Context("declared", "declared", NOW, Fingerprinter()))
    items = [
        Claim(item.about, item.fact, item.value, item.where, item.at or NOW, Grade.DECLARED, "declared")
        if isinstance(item, Claim)
        else item
        for item in declared.collect()
    ]
    return merge(items, now=NOW)


def standing(**more: object) -> dict[str, Standing]:
    fields: dict[str, object] = {"connected": True, "bolt": "retracted", "door": "closed", "door_at": AT, "bolt_at": AT}
    return {"lock:front": Standing("lock:front", **(fields | more))}  # type: ignore[arg-type]


def test_a_key_with_a_trusted_person_is_a_way_in() -> None:
    found = lockout(home({("door:front", "backup_key"): '"trusted_person"'}), "lock:front", standing(), AT)
    assert found.way_in is True


def test_what_nobody_said_is_not_known_and_warns_nobody() -> None:
    found = lockout(home({}), "lock:front", standing(), AT)
    assert found.way_in is None
    assert "where the spare key is" in found.reason


def test_without_key_code_phone_hub_and_other_door_nobody_gets_in_and_the_evidence_is_named() -> None:
    made = home(LOCKED_IN, '[[hubs]]\nid = "hub"\n')
    found = lockout(made, "lock:front", standing(connected=False), AT)
    assert found.way_in is False
    assert "with the hub down" in found.reason
    assert "lock:front can_cylinder (declared by declared)" in found.reason


def test_a_lock_of_which_the_home_knows_nothing_is_not_judged() -> None:
    assert lockout(home({}), "lock:attic", {"lock:attic": Standing("lock:attic")}, AT).way_in is None


@pytest.mark.parametrize(
    ("change", "inside"),
    [
        ({"bolt_by": "thumb", "bolt_since": AT + SECOND, "door_since": AT}, True),
        ({"bolt_by": "thumb", "bolt_since": AT, "door_since": AT + SECOND}, False),
        ({"bolt_by": "code", "bolt_since": AT + SECOND, "door_since": AT}, False),
        ({"bolt_by": "thumb", "bolt_since": AT + SECOND, "door": None}, False),
        ({"bolt_by": "thumb", "bolt_since": AT, "door_since": 0, "listened_since": AT + SECOND}, False),
    ],
)
def test_somebody_is_inside_only_if_no_door_was_opened_since_they_turned_the_bolt(
    change: dict[str, object], inside: bool
) -> None:
    # The battery is flat, the only way in was a code, and the hub is there.
    made = home(LOCKED_IN | {("lock:front", "emergency_power"): '"none"'})
    found = lockout(made, "lock:front", standing(battery=2, **change), AT + 2 * SECOND)
    assert found.way_in is inside


def test_a_door_without_a_lock_by_which_somebody_may_have_left_proves_nobody_inside() -> None:
    answers = LOCKED_IN | {("lock:front", "emergency_power"): '"none"', ("door:back", "backup_key"): '"none"'}
    made = home(answers | {("door:back", "other_way_in"): "false"}, '[[doors]]\nid = "back"\nexterior = true\n')
    thumb = standing(battery=2, bolt_by="thumb", bolt_since=AT + SECOND, door_since=AT)
    assert "somebody is inside" not in lockout(made, "lock:front", thumb, AT + 2 * SECOND).reason
