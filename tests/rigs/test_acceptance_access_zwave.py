"""Access on real Z-Wave locks: a code is there while its grant runs and gone after, by the lock's own memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from nightlatch.journal.journal import Journal
from rigs.zwave.rig import ZwaveRig
from tests.rigs.access import Home, clock
from tests.rigs.guard import Guard, guarding, say
from tests.rigs.owner import Owner
from tests.rigs.zwave import SCHLAGE, YALE

pytestmark = pytest.mark.rig

DOOR = """
[[doors]]
id = "{id}"
name = "{name}"
exterior = true

[[locks]]
id = "{id}"
name = "{name} lock"
door = "{id}"
bind = ["zwavejs:{node}"]
"""
HUB = """
[[sources]]
kind = "zwavejs"
url = "{url}"

[access]
deadline = "4s"

[detections.offline]
after_s = 3
"""
FRONT = DOOR.format(id="front", name="Front door", node=YALE)
BACK = DOOR.format(id="back", name="Back door", node=SCHLAGE)
SECURED = 255


class ZwaveHome(Home):
    """One whose locks are the rig's."""

    def __init__(self, guard: Guard, rig: ZwaveRig) -> None:
        super().__init__(guard)
        self.rig = rig

    def memory(self, node: int) -> dict[int, str]:
        """Every code that the lock itself keeps, by slot."""
        return {one["slot"]: one["code"] for one in self.rig.do("memory", node=node)}

    def holds(self, node: int, pins: tuple[str, ...]) -> bool:
        """Whether the lock keeps one of these codes."""
        return not set(self.memory(node).values()).isdisjoint(pins)


@pytest.fixture
def home(owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]) -> Iterator[ZwaveHome]:
    rig = fresh_zwave_rig(YALE, SCHLAGE)
    rig.do("mode", node=YALE, mode=SECURED)
    with guarding(owner, FRONT + BACK + HUB.format(url=rig.url)) as guard:
        one = ZwaveHome(guard, rig)
        yield one
        one.searched()


def test_a_code_is_set_opens_and_is_gone_from_the_locks_own_memory_once_its_grant_ends(home: ZwaveHome) -> None:
    begun = time.time()
    pin = home.welcome("anna", "Anna Almeida", "--doors", "back", "--until", clock(22))
    home.told("present")
    say(f"grant to code read back: {time.time() - begun:.1f} s")
    assert home.holds(SCHLAGE, pin)
    opened = home.rig.do("type", node=SCHLAGE, code=pin[0])
    assert opened["slot"], opened
    used = home.guard.event(lambda one: one.kind == "unlocked" and one.about == "lock:back")
    assert (used.person, used.slot) == ("anna", opened["slot"])
    gone = home.told("absent")
    assert not home.holds(SCHLAGE, pin)
    assert home.rig.do("type", node=SCHLAGE, code=pin[0])["slot"] is None
    say(f"end to proven gone: {(gone.at / 1e6 - begun) - 22:.1f} s")
    story = [one.value for one in home.guard.events() if one.kind == "ledger" and one.person == "anna"]
    assert story == ["planned", "setting", "present", "removing", "absent"]
    assert home.state("back") == {"anna": "absent"}


def test_a_dead_lock_is_exposed_told_with_steps_by_hand_left_in_peace_and_revoked_first_when_it_returns(
    home: ZwaveHome,
) -> None:
    guard, rig = home.guard, home.rig
    ends = time.time() + 15
    pin = home.welcome("anna", "Anna Almeida", "--doors", "back", "--until", clock(15))
    home.told("present")
    rig.do("silent", node=SCHLAGE, value=True)
    waiting = home.welcome("bert", "Bert Brooks", "--doors", "back")
    rig.do("sent", node=SCHLAGE, forget=True)
    exposed = home.told("exposed")
    # The grant ends on a whole second.
    assert exposed.at / 1e6 - ends >= 4 - 1
    guard.message("may still open", 15)
    (back,) = home.ask("who", "back")["doors"]
    assert (back["openers"][0]["state"], back["openers"][0]["person"]) == ("exposed", "anna")
    assert home.holds(SCHLAGE, pin)
    time.sleep(30)
    frames = rig.do("sent", node=SCHLAGE)["frames"]
    say(f"sent to the dead lock in {time.time() - ends:.0f} s after the end: {frames} frames")
    assert frames < 60
    rig.do("sent", node=SCHLAGE, forget=True)
    begun = time.time()
    rig.do("silent", node=SCHLAGE, value=False)
    rig.do("battery", node=SCHLAGE, level=90)
    gone = home.told("absent", begun)
    say(f"return to proven gone: {gone.at / 1e6 - begun:.1f} s")
    assert gone.person == "anna" and not home.holds(SCHLAGE, pin)
    guard.event(lambda one: one.kind == "ledger" and one.person == "bert" and one.value == "present", 40)
    assert home.holds(SCHLAGE, waiting)
    commands = [one for one in guard.events() if one.kind == "command" and one.at >= begun * 1e6]
    assert [one.name for one in commands][:2] == ["clear_code", "set_code"]
    guard.message("Over", 15, begun)


def test_a_lock_that_says_yes_and_does_nothing_is_seen_through_and_one_that_says_no_is_blocked_with_its_reason(
    home: ZwaveHome,
) -> None:
    home.rig.do("fault", node=SCHLAGE, fault="ignoreCodes", value=True)
    home.rig.do("fault", node=YALE, fault="refuseCodes", value=True)
    pin = home.welcome("anna", "Anna Almeida", "--doors", "front,back")
    home.guard.event(lambda one: (one.kind, one.value, one.about) == ("ledger", "blocked", "lock:front"), 40)
    home.guard.until(lambda: home.state("back")["anna"] == "blocked", 60)
    assert not home.holds(SCHLAGE, pin) and not home.holds(YALE, pin)
    reasons = {line["lock"]: line["reason"] for lock in ("front", "back") for line in home.ask("ledger", lock)}
    say(f"blocked: {reasons}")
    home.rig.do("fault", node=SCHLAGE, fault="ignoreCodes", value=False)
    home.rig.do("fault", node=YALE, fault="refuseCodes", value=False)


def test_what_is_done_at_the_keypad_behind_our_back_is_found_and_told(home: ZwaveHome) -> None:
    rig = home.rig
    pin = home.welcome("anna", "Anna Almeida", "--doors", "front,back")
    home.guard.until(lambda: {home.state(lock).get("anna") for lock in ("front", "back")} == {"present"}, 40)
    (slot,) = (slot for slot, code in home.memory(SCHLAGE).items() if code in pin)
    begun = time.time()
    rig.do("plant", node=SCHLAGE, slot=slot, code=None, report=True)
    home.guard.event(lambda one: one.kind == "ledger" and one.value == "present" and one.at >= begun * 1e6, 40)
    assert home.holds(SCHLAGE, pin), "a code that somebody deleted is put back, for its grant runs"
    rig.do("plant", node=SCHLAGE, slot=17, code="580391", report=True)
    found = home.told("foreign", begun)
    assert found.slot == 17
    (back,) = home.ask("who", "back")["doors"]
    assert (back["openers"][0]["state"], back["openers"][0]["slot"]) == ("foreign", 17)
    assert home.memory(SCHLAGE)[17] == "580391", "nobody asked to take it off"
    home.pins.append("580391")


def test_thirty_people_at_three_locks_are_set_once_and_a_second_sync_sends_nothing(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig = fresh_zwave_rig(YALE, SCHLAGE, 6)
    owner.configure(FRONT + BACK + DOOR.format(id="side", name="Side door", node=6) + HUB.format(url=rig.url))
    people = [f"person{number:02}" for number in range(30)]
    for person in people:
        done = owner.run("people", "add", person, "--name", person, "--group", "all", "--yes", "-c", "nightlatch.toml")
        assert done.returncode == 0, done.stderr
    done = owner.run("grant", "add", "--group", "all", "--doors", "all", "--yes", "-c", "nightlatch.toml")
    assert done.returncode == 0, done.stderr
    nodes = (YALE, SCHLAGE, 6)
    for node in nodes:
        rig.do("sent", node=node, forget=True)
    begun = time.time()
    done = owner.run("sync", "--yes", "--wait", "600", "-c", "nightlatch.toml")
    took = time.time() - begun
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    sent = {node: rig.do("sent", node=node, forget=True) for node in nodes}
    for node in nodes:
        kept = [one for one in rig.do("memory", node=node) if one["code"] and 0 < one["slot"] <= 30]
        assert len(kept) == 30, (node, len(kept))
        say(f"node {node}: 30 codes, {sent[node]}")
    journal = Journal.open(owner.folder / ".local/state/nightlatch", read_only=True)
    at = [entry.event.at for entry in journal.entries() if entry.event and entry.event.kind in ("command", "outcome")]
    journal.close()
    say(f"30 people x 3 locks: {took:.1f} s, from first command to last proof {(at[-1] - at[0]) / 1e6:.1f} s")
    again = owner.run("sync", "--yes", "-c", "nightlatch.toml")
    assert again.returncode == 0, again.stdout
    codes = {node: rig.do("sent", node=node)["commands"] for node in nodes}
    say(f"second sync: {codes}")
    assert not any("UserCode" in name and "Set" in name for of in codes.values() for name in of)
