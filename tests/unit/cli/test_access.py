"""`nightlatch access adopt|import|retire` on a simulated home, where no service runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
from nightlatch.plugs import wall
from tests.unit.cli.strange_home import BURGLARS, CLEANERS, OTHERS, TOML, WEAK, StrangeHome


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[StrangeHome]:
    made = StrangeHome(tmp_path, monkeypatch, capsys)
    made.plant("front", 3, CLEANERS)
    made.plant("front", 5, BURGLARS)
    yield made
    made.searched()


# adopt


def test_what_nobody_explained_is_shown_with_what_is_known_and_stays(home: StrangeHome) -> None:
    code, out, _ = home.call("access", "adopt")
    assert code == 1
    assert "Explained by nobody: 2 codes" in out
    assert "front/3 Front lock, slot 3: a code; found 20" in out
    assert "no use of it was heard; the code was read back" in out
    assert "nightlatch access adopt LOCK/SLOT --person PERSON, --keep NAME, or --remove" in out
    assert home.memory() == {3: CLEANERS, 5: BURGLARS}


def test_programs_are_told_the_same(home: StrangeHome) -> None:
    found = home.ask("access", "adopt", "front", code=1)
    first = found["codes"][0]
    assert (first["lock"], first["slot"], first["state"], first["form"]) == ("lock:front", 3, "foreign", "pin")
    assert (first["person"], first["readable"], first["last_used"]) == (None, True, None)
    assert first["found"].startswith("20") and first["seen"].startswith("20")


def test_the_last_use_of_a_code_is_told(home: StrangeHome) -> None:
    home.ask("access", "adopt", code=1)
    journal = Journal.open(home.state)
    journal.append([Event(wall(), "unlocked", "lock:front", slot=5, by="code")])
    journal.close()
    used = {one["slot"]: one["last_used"] for one in home.ask("access", "adopt", code=1)["codes"]}
    assert used[3] is None
    assert used[5].startswith("20")
    assert "last used 20" in home.call("access", "adopt", "front")[1]


def test_a_home_without_strange_codes_has_nothing_to_adopt(home: StrangeHome) -> None:
    assert home.call("access", "adopt", "back")[:2] == (0, "No code in back is unexplained.")
    home.planted.clear()
    home.house = None
    assert home.ask("access", "adopt", "back") == {"codes": [], "not_read": {}}


def test_a_kept_code_stays_under_its_name_and_is_explained(home: StrangeHome) -> None:
    code, out, _ = home.call("access", "adopt", "front/3", "--keep", "Cleaner")
    assert (code, out) == (0, "done front/3: it is kept as 'Cleaner'")
    assert home.adopted(code=1) == {"front/3": ("kept", "Cleaner", None), "front/5": ("foreign", "", None)}
    assert "Kept: 1 code" in home.call("access", "adopt")[1]


def test_a_code_is_an_existing_persons_or_a_new_ones(home: StrangeHome) -> None:
    (done,) = home.ask("access", "adopt", "front/3", "--person", "rosa")
    assert (done["code"], done["done"], done["what"]) == ("front/3", True, "it is kept as rosa's")
    home.ask("access", "adopt", "front/5", "--person", "joe", "--name", "Joe Doe", "--role", "service")
    assert home.adopted(code=0) == {"front/3": ("kept", "", "rosa"), "front/5": ("kept", "", "joe")}
    (joe,) = [one for one in home.ask("people", "list") if one["id"] == "joe"]
    assert (joe["name"], joe["role"]) == ("Joe Doe", "service")


def test_a_code_that_is_removed_is_gone_from_the_locks_own_memory(home: StrangeHome) -> None:
    code, out, _ = home.call("access", "adopt", "front/5", "--remove", "--yes")
    assert (code, out) == (0, "done front/5: it is gone: its slot was read empty")
    assert home.memory() == {3: CLEANERS}
    assert list(home.adopted(code=1)) == ["front/3"]


def test_a_removal_without_yes_and_without_a_terminal_does_nothing(home: StrangeHome) -> None:
    code, out, err = home.call("access", "adopt", "front/5", "--remove")
    assert (code, out) == (2, "")
    assert "take it off the lock" in err and "Add --yes" in err
    assert home.memory() == {3: CLEANERS, 5: BURGLARS}


def test_a_code_that_is_managed_from_now_on_is_the_persons_own_and_comes_off_with_their_grant(
    home: StrangeHome,
) -> None:
    code, _, err = home.call("access", "adopt", "front/3", "--person", "rosa", "--manage")
    assert code == 2
    assert "rosa has no grant for Front lock" in err and "nightlatch grant add --to rosa --doors front" in err
    assert home.call("grant", "add", "--to", "rosa", "--doors", "front", "--yes")[0] == 0
    (done,) = home.ask("access", "adopt", "front/3", "--person", "rosa", "--manage")
    assert (done["done"], done["what"]) == (True, "it is rosa's, and managed from now on")
    assert list(home.adopted(code=1)) == ["front/5"]
    (grant,) = home.ask("grant", "list")["grants"]
    assert home.call("grant", "end", grant["id"], "--yes")[0] == 0
    assert home.call("sync", "--yes")[0] == 0
    assert home.memory() == {5: BURGLARS}


def test_a_weak_code_that_is_managed_is_taken_and_said_to_be_weak(home: StrangeHome) -> None:
    home.plant("front", 6, WEAK)
    home.call("grant", "add", "--to", "rosa", "--doors", "front", "--yes")
    code, out, _ = home.call("access", "adopt", "front/6", "--person", "rosa", "--manage")
    assert code == 0
    assert "This code is weak" in out and "nightlatch code new rosa" in out


def test_a_lock_that_gives_no_code_back_lets_codes_be_named_and_removed_and_none_be_managed(home: StrangeHome) -> None:
    home.toml.write_text(TOML.replace("master = false", "gives_codes = false"))
    home.call("grant", "add", "--to", "rosa", "--doors", "front", "--yes")
    assert not home.ask("access", "adopt", "front", code=1)["codes"][0]["readable"]
    code, _, err = home.call("access", "adopt", "front/3", "--person", "rosa", "--manage")
    assert code == 2
    assert "Front lock does not give the code in slot 3 back: it cannot be managed" in err
    assert home.call("access", "adopt", "front/3", "--person", "rosa")[0] == 0
    assert home.call("access", "adopt", "front/5", "--remove", "--yes")[0] == 0
    assert home.memory() == {3: CLEANERS}


@pytest.mark.parametrize("name", ["  ", "x" * 101, "Cleaner\x1b[31m"])
def test_a_name_that_cannot_be_printed_on_a_line_is_refused(home: StrangeHome, name: str) -> None:
    home.adopted(code=1)
    code, _, err = home.call("access", "adopt", "front/3", "--keep", name)
    assert code == 2
    assert "a code's name has 1 to 100 signs, all of them printable" in err


def test_of_a_code_that_was_swapped_meanwhile_nothing_is_done(home: StrangeHome) -> None:
    home.adopted(code=1)
    home.lock().put(5, None, told=False)
    home.plant("front", 5, OTHERS)
    (done,) = home.ask("access", "adopt", "front/5", "--remove", "--yes", code=1)
    assert (done["done"], done["what"]) == (
        False,
        "another code is in this slot by now: nothing was done with it",
    )
    assert home.memory() == {3: CLEANERS, 5: OTHERS}


def test_what_cannot_be_reached_is_said_and_a_decision_waits_for_it(home: StrangeHome) -> None:
    home.adopted(code=1)
    assert home.house is not None
    home.house.order(faults.Dead("front", 3600.0))
    found = home.ask("access", "adopt", "--wait", "2", code=1)
    assert found["not_read"].keys() == {"lock:front"}
    assert "Front lock was not read whole: " in home.call("access", "adopt", "front", "--wait", "1")[1]
    code, out, _ = home.call("access", "adopt", "front/5", "--remove", "--yes", "--wait", "2")
    assert code == 1
    assert "not proven front/5: it is not proven gone yet" in out and "See: nightlatch who" in out
    assert 5 in home.memory()
    home.lock().dead = False
    assert home.call("sync", "--yes")[0] == 0
    assert home.memory() == {3: CLEANERS}


def test_a_hub_that_cannot_be_reached_is_said(home: StrangeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.service.errand.CONNECT_S", 0.3)
    home.adopted(code=1)
    assert home.house is not None
    home.house.up = False
    code, out, _ = home.call("access", "adopt", "--wait", "2")
    assert code == 1
    assert "Front lock was not read whole: " in out and "Back lock was not read whole: " in out
    assert "Explained by nobody: 2 codes" in out
    code, _, err = home.call("access", "adopt", "front/6", "--keep", "Cleaner", "--wait", "2")
    assert code == 2
    assert "no code that Nightlatch does not know is in front/6; it could not be read" in err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("attic",), "attic"),
        (("front/0",), "'front/0' names no slot"),
        (("front/three",), "'front/three' names no slot"),
        (("front/2", "--keep", "Cleaner"), "no code that Nightlatch does not know is in front/2"),
        (("front", "--keep", "Cleaner"), "one code is to be named"),
        (("--remove", "--yes"), "one code is to be named"),
        (("front/3", "--keep", "Cleaner", "--remove"), "kept, removed and given to somebody at once"),
        (("front/3", "--name", "Joe"), "--name and --manage are about a person"),
        (("front/3", "--manage"), "--name and --manage are about a person"),
        (("front/3", "--person", "nobody"), "nobody"),
        (("front/3", "--person", "joe", "--name", "Joe", "--role", "boss"), "there is no role 'boss'"),
    ],
)
def test_what_cannot_be_adopted_is_told_and_nothing_is_changed(
    home: StrangeHome, arguments: tuple[str, ...], what: str
) -> None:
    home.adopted(code=1)
    code, out, err = home.call("access", "adopt", *arguments)
    assert (code, out) == (2, "")
    assert what in err
    assert home.memory() == {3: CLEANERS, 5: BURGLARS}
    assert {state for state, _, _ in home.adopted(code=1).values()} == {"foreign"}


# retire


def test_a_lock_is_given_up_and_what_nightlatch_put_there_is_proven_gone(home: StrangeHome) -> None:
    home.call("grant", "add", "--to", "rosa", "--doors", "front,back", "--yes")
    assert home.call("sync", "--yes")[0] == 0
    assert len(home.memory()) == 3
    code, out, _ = home.call("access", "retire", "front", "--yes")
    assert code == 0
    assert "proven gone Front lock: 1 code" in out
    assert "Codes that Nightlatch did not put there are still on it" in out
    assert home.memory() == {3: CLEANERS, 5: BURGLARS}
    assert len(home.memory("back")) == 1
    assert home.call("sync", "--yes")[0] == 0
    assert home.memory() == {3: CLEANERS, 5: BURGLARS}, "no grant puts one there again"
    assert home.call("access", "retire", "front", "--undo")[0] == 0
    assert home.call("sync", "--yes")[0] == 0
    assert len(home.memory()) == 3


def test_a_lock_is_given_up_with_all_that_is_on_it(home: StrangeHome) -> None:
    home.call("access", "adopt", "front/3", "--keep", "Cleaner")
    told = home.ask("access", "retire", "front", "--foreign", "--yes")
    assert {(one["slot"], one["state"]) for one in told["proven_gone"]} == {(3, "foreign"), (5, "foreign")}
    assert (told["retired"], told["not_proven"], told["not_read"], told["by_hand"]) == (["lock:front"], [], {}, {})
    assert home.memory() == {}


def test_a_lock_that_does_not_answer_is_told_with_what_to_do_by_hand_and_gone_on_with(home: StrangeHome) -> None:
    home.adopted(code=1)
    home.lock().dead = True
    code, out, _ = home.call("access", "retire", "front", "--foreign", "--yes", "--wait", "2")
    assert code == 1
    assert "Front lock, slot 3 (somebody unknown)" in out and "By hand:" in out
    assert "Nightlatch goes on trying while it runs; or run this again." in out
    home.lock().dead = False
    assert home.call("access", "retire", "front", "--foreign", "--yes")[0] == 0
    assert home.memory() == {}


def test_what_was_never_read_is_read_before_it_is_said_what_goes(home: StrangeHome) -> None:
    code, _, err = home.call("access", "retire", "front", "--foreign")
    assert code == 2
    assert "Front lock: 2 codes to take off slot 3: somebody unknown slot 5: somebody unknown" in err
    assert home.memory() == {3: CLEANERS, 5: BURGLARS}
    told = home.ask("access", "retire", "front", "--foreign", "--yes")
    assert [one["slot"] for one in told["proven_gone"]] == [3, 5]
    assert home.ask("access", "retire", "front", "--undo") == {"taken_back": ["lock:front"]}


def test_a_master_code_is_never_taken_off_and_said_to_stay(home: StrangeHome) -> None:
    home.toml.write_text(TOML.replace("master = false", "master = true"))
    assert home.adopted(code=1)["front/251"] == ("foreign", "", None)
    code, _, err = home.call("access", "adopt", "front/251", "--remove", "--yes")
    assert code == 2
    assert "front/251 is the lock's master code: it cannot be taken off" in err
    code, out, _ = home.call("access", "retire", "front", "--foreign", "--yes")
    assert code == 0
    assert "proven gone Front lock: 2 codes stays Front lock: its master code" in out
    assert "By hand: - Change the master code at the keypad" in out and "goes on trying" not in out
    assert home.ask("access", "retire", "front", "--foreign", "--yes")["master_code"] == ["lock:front"]


def test_giving_up_every_lock_needs_it_said(home: StrangeHome) -> None:
    told = home.ask("access", "retire", "--all", "--foreign", "--yes")
    assert told["retired"] == ["lock:front", "lock:back"]
    assert home.memory() == {}


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "--all"),
        (("front", "--all"), "--all"),
        (("attic", "--yes"), "attic"),
        (("front",), "Add --yes where nobody can answer"),
    ],
)
def test_what_cannot_be_given_up_is_told_and_nothing_is_changed(
    home: StrangeHome, arguments: tuple[str, ...], what: str
) -> None:
    home.adopted(code=1)
    code, out, err = home.call("access", "retire", *arguments)
    assert (code, out) == (2, "")
    assert what in err
    assert home.call("grant", "add", "--to", "rosa", "--doors", "front", "--yes")[0] == 0, "it is not given up"
