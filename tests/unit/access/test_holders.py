"""What the guard is told of codes: whose they are, and when they may be used."""

from __future__ import annotations

from typing import Any

from nightlatch.access.holders import given
from nightlatch.guard.household import Holder
from nightlatch.model.access import EVERY_DOOR, Entry, Grant, Person

ANA, BO = Person("ana", "Ana"), Person("bo", "Bo", groups=("cleaners",))
DOORS = {"lock:front": "door:front"}


def line(slot: int, state: str, person: str = "ana", **more: Any) -> Entry:
    return Entry("lock:front", f"c-{person}", slot, state, 50, person=person, **more)  # type: ignore[arg-type]


def holders(*entries: Entry, grants: tuple[Grant, ...] = ()) -> dict[tuple[str, int], Holder]:
    return dict(given(entries, [ANA, BO], grants, DOORS).holders)


def test_a_code_may_be_used_when_any_grant_of_its_person_or_their_groups_holds_there() -> None:
    grants = (
        Grant("g1", "person:bo", ("door:front",)),
        Grant("g2", "group:cleaners", (EVERY_DOOR,)),
        Grant("g3", "person:bo", ("door:back",)),
        Grant("g4", "person:ana", ("door:front",)),
    )
    assert holders(line(3, "present", "bo"), grants=grants) == {
        ("lock:front", 3): Holder("bo", grants=(grants[0], grants[1]))
    }


def test_the_last_use_of_a_grant_is_still_leave_and_the_next_is_after_its_end() -> None:
    grant = Grant("g1", "person:ana", ("door:front",), uses=1, used=1)
    ((_, present),) = holders(line(3, "present"), grants=(grant,)).items()
    assert [one.uses for one in present.grants] == [0]
    ((_, revoked),) = holders(line(3, "removing"), grants=(grant,)).items()
    assert (revoked.grants, revoked.ends) == ((), 50)


def test_a_code_without_any_grant_ended_when_it_was_to_go() -> None:
    assert holders(line(3, "exposed")) == {("lock:front", 3): Holder("ana", ends=50)}


def test_what_is_not_on_the_lock_or_that_nobody_explained_is_nobody_s() -> None:
    foreign = Entry("lock:front", slot=7, state="foreign")
    assert holders(line(0, "planned"), line(0, "absent"), line(0, "blocked"), foreign) == {}


def test_a_foreign_code_that_the_owner_keeps_is_explained() -> None:
    kept = Entry("lock:front", slot=7, state="foreign", kept=True, person="bo")
    assert holders(kept) == {("lock:front", 7): Holder("bo")}
