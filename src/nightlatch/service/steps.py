"""What is done at locks, in words."""

from __future__ import annotations

from collections.abc import Mapping

from nightlatch.service.accessing import Todo

ACTS = {
    "learn": "ask how many slots and which times it keeps, and what is in them",
    "read": "read {slot}",
    "clear": "take {whose} off {slot}",
    "set": "put {whose} into {slot}",
    "full": "no slot is free for {whose}",
}
ENDINGS_IN_WORDS = {"evidence": "proven", "refused": "refused", "unknown": "not proven"}
UNEXPLAINED = "a code that no grant explains"


def words(one: Todo, locks: Mapping[str, str], people: Mapping[str, str]) -> str:
    """What is done where: `locks` are names by "lock:front", `people` names by id."""
    whose = f"the code of {people.get(one.person, one.person)}" if one.person else UNEXPLAINED
    done = ACTS[one.act].format(slot=f"slot {one.slot}" if one.slot else "a free slot", whose=whose)
    return f"{locks.get(one.lock, one.lock)}: {done}"
