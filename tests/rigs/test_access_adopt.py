"""Codes typed in behind our back on a real Z-Wave lock: shown, kept, named, removed; and a lock that is given up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rigs.zwave.rig import ZwaveRig
from tests.rigs.owner import Owner
from tests.rigs.zwave import YALE, holds

pytestmark = pytest.mark.rig

HOUSE = """
[[doors]]
id = "front"
name = "Front door"

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
model = "Yale YRD446"
bind = ["zwavejs:3"]

[[sources]]
kind = "zwavejs"
url = "{url}"
"""
CLEANERS, BURGLARS, OURS = "482917", "610385", "739104"
CONFIG = ("-c", "nightlatch.toml")


class House:
    """An owner's home with one lock of the rig; commands reach it by themselves, no service runs."""

    def __init__(self, owner: Owner, rig: ZwaveRig) -> None:
        self.owner, self.rig = owner, rig
        owner.configure(HOUSE.format(url=rig.url))

    def memory(self) -> dict[int, str]:
        """What the lock itself keeps, by slot."""
        return {one["slot"]: one["code"] for one in self.rig.do("memory", node=YALE)}

    def call(self, *arguments: str, code: int = 0) -> Any:
        done = self.owner.run(*arguments, *CONFIG, "--format", "json")
        assert done.returncode == code, done.stdout + done.stderr
        for pin in (CLEANERS, BURGLARS, OURS):
            assert not holds(done.stdout + done.stderr, pin)
        return json.loads(done.stdout) if done.stdout else None

    def codes(self, *, code: int = 1) -> dict[int, dict[str, Any]]:
        found = self.call("access", "adopt", code=code)
        assert found["not_read"] == {}
        return {one["slot"]: one for one in found["codes"]}


@pytest.fixture
def house(owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]) -> Iterator[House]:
    rig = fresh_zwave_rig(YALE)
    rig.do("forget_codes", node=YALE)
    rig.do("plant", node=YALE, slot=3, code=CLEANERS)
    rig.do("plant", node=YALE, slot=7, code=BURGLARS)
    return_ = House(owner, rig)
    yield return_
    for path in owner.files():
        data = path.read_bytes()
        for pin in (CLEANERS, BURGLARS, OURS):
            assert pin.encode() not in data, path.name


def test_a_code_typed_in_behind_our_back_is_shown_kept_named_and_removed(house: House) -> None:
    found = house.codes()
    assert {slot: one["state"] for slot, one in found.items()} == {3: "foreign", 7: "foreign"}
    assert house.memory() == {3: CLEANERS, 7: BURGLARS}, "nothing is removed by itself"

    (kept,) = house.call("access", "adopt", "front/3", "--keep", "Cleaner")
    assert kept["done"], kept
    (gone,) = house.call("access", "adopt", "front/7", "--remove", "--yes")
    assert gone["done"], gone
    assert house.memory() == {3: CLEANERS}
    assert {slot: (one["state"], one["name"]) for slot, one in house.codes(code=0).items()} == {3: ("kept", "Cleaner")}

    (named,) = house.call("access", "adopt", "front/3", "--person", "joe", "--name", "Joe", "--role", "service")
    assert named["done"], named
    who = house.call("who")
    assert [(one["who"], one["state"]) for one in who["doors"][0]["openers"]] == [("Joe", "kept")]


def test_a_kept_code_that_is_swapped_for_another_is_foreign_again(house: House) -> None:
    house.codes()
    house.call("grant", "list")
    for slot, name in ((3, "Cleaner"), (7, "Gardener")):
        house.call("access", "adopt", f"front/{slot}", "--keep", name)
    house.rig.do("plant", node=YALE, slot=7, code=OURS)
    assert {slot: one["state"] for slot, one in house.codes().items()} == {3: "kept", 7: "foreign"}


def test_the_audit_judges_by_the_ledger_and_a_fix_is_proven(house: House) -> None:
    house.codes()
    house.call("access", "adopt", "front/3", "--keep", "Cleaner")
    report = house.owner.audit()
    assert report.finding("least-privilege/explained", "credential:front/3")["verdict"] == "pass"
    foreign = report.finding("least-privilege/explained", "credential:front/7")
    assert (foreign["verdict"], foreign["severity"], foreign["fix"]["automatic"]) == ("fail", "high", True)
    (fixed,) = house.call("fix", "least-privilege/explained", "--yes")
    assert [one["ending"] for one in fixed["outcomes"]] == ["evidence"], fixed
    assert house.memory() == {3: CLEANERS}


def test_a_lock_is_given_up_proven_where_it_answers_and_by_hand_where_it_is_dead(house: House) -> None:
    house.codes()
    house.call("access", "adopt", "front/3", "--keep", "Cleaner")
    house.rig.do("silent", node=YALE, value=True)
    found = house.call("access", "retire", "front", "--foreign", "--yes", "--wait", "8", code=1)
    assert "lock:front" in found["not_read"] or found["not_proven"]
    hand = " ".join(found["by_hand"]["lock:front"])
    assert "slot 3" in hand and "slot 7" in hand and "master" in hand
    assert house.memory() == {3: CLEANERS, 7: BURGLARS}

    house.rig.do("silent", node=YALE, value=False)
    found = house.call("access", "retire", "front", "--foreign", "--yes")
    assert found["not_proven"] == [] and found["by_hand"] == {}
    assert house.memory() == {}

    house.owner.run("people", "add", "ana", "--name", "Ana", *CONFIG)
    refused = house.owner.run("grant", "add", "--to", "ana", "--doors", "front", "--yes", *CONFIG)
    assert refused.returncode == 2 and "given up" in refused.stderr
    assert house.owner.run("access", "retire", "front", "--undo", *CONFIG).returncode == 0
    assert house.owner.run("grant", "add", "--to", "ana", "--doors", "front", "--yes", *CONFIG).returncode == 0
