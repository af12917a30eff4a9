"""What the audit learns of access: observed where the lock was read, recorded where the owner said so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nightlatch.access.facts import AccessFacts
from nightlatch.access.vault import Vault
from nightlatch.audit.merge import merge
from nightlatch.configuration.read import load
from nightlatch.model.access import Credential as Code
from nightlatch.model.access import Entry, Grant, Person, Weekly
from nightlatch.model.event import micros
from nightlatch.model.evidence import Grade, Ref
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.plugs import Context
from nightlatch.practices.setup import least_privilege
from nightlatch.secrets import Fingerprinter, Secret
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
READ = NOW - timedelta(minutes=5)
AT, SEEN = micros(NOW), micros(READ)
TOML = """
[[doors]]
id = "front"

[[locks]]
id = "front"
door = "front"
bind = ["zwavejs:3"]
"""
WEAK = "1234"


def line(slot: int, state: Any = "present", **more: Any) -> Entry:
    known = {"since": SEEN, "proof": "value", "seen": SEEN, "present": True}
    return Entry("lock:front", slot=slot, state=state, **{**known, **more})


class State:
    """A state folder whose access a test sets."""

    def __init__(self, folder: Path) -> None:
        (folder / "nightlatch.toml").write_text(TOML)
        self.folder = folder
        self.configuration = load(folder / "nightlatch.toml")
        self.engine = connect(folder)
        self.records = AccessRecords(self.engine)

    def home(self, *others: Any) -> Home:
        """The home as the audit has it, with what follows."""
        context = Context("access", "access", NOW, Fingerprinter())
        source = AccessFacts(self.configuration, self.folder, {}, context)
        told = [self._stamped(item) for item in source.collect()]
        items = [*others, *told]
        home = merge(items, now=NOW, sources=())
        return merge([*items, *source.following(home)], now=NOW, sources=())

    def _stamped(self, item: Any) -> Any:
        grade = getattr(item, "grade", None) or Grade.RECORDED
        more = {"grade": grade, "at": item.at or NOW} if hasattr(item, "grade") else {}
        return msgspec.structs.replace(item, source="access", **more)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def code(home: Home, slot: int) -> Credential:
    found = home.get(Credential, f"front/{slot}")
    assert found is not None
    return found


def verdict(check: Any, home: Home, slot: int) -> str:
    return str(check(code(home, slot), home).verdict)


def test_a_code_that_nobody_explains_fails_and_one_that_was_kept_passes(state: State) -> None:
    state.records.put_entries([line(3), line(4, kept=True, name="Cleaner")])
    home = state.home()
    assert verdict(least_privilege.explained, home, 3) == "fail"
    assert verdict(least_privilege.explained, home, 4) == "pass"
    slot = code(home, 3).slot
    assert slot is not None and (slot.grade, slot.at) == (Grade.OBSERVED, READ)


def test_an_exposed_code_fails_as_expired_and_a_visitors_without_an_end_as_unbounded(state: State) -> None:
    state.records.put(
        Person("ana", "Ana", "guest"),
        Person("joe", "Joe", "service"),
        Code("c1", "ana", 6),
        Code("c2", "joe", 6),
        Grant("g2", "person:joe", ("door:front",)),
    )
    exposed = line(3, "exposed", credential="c1", person="ana", since=AT - 600_000_000)
    state.records.put_entries([exposed, line(4, credential="c2", person="joe")])
    home = state.home()
    assert verdict(least_privilege.not_expired, home, 3) == "fail"
    assert verdict(least_privilege.visitor_bounded, home, 4) == "fail"


def test_a_visitors_code_with_an_end_and_hours_passes(state: State) -> None:
    weekly = Weekly(((540, 720),))
    grant = Grant("g1", "person:joe", ("door:front",), weekly, ends=AT + 86_400_000_000)
    state.records.put(Person("joe", "Joe", "service"), Code("c2", "joe", 6), grant)
    state.records.put_entries([line(4, credential="c2", person="joe")])
    home = state.home()
    assert verdict(least_privilege.visitor_bounded, home, 4) == "pass"
    assert verdict(least_privilege.not_expired, home, 4) == "pass"


def test_a_pin_of_the_vault_is_judged_and_its_digits_are_in_no_fact(state: State) -> None:
    state.records.put(Person("ana", "Ana", "resident"), Code("c1", "ana", 4), Grant("g1", "person:ana", ("*",)))
    state.records.put_entries([line(3, credential="c1", person="ana")])
    Vault.open(state.folder, state.records, state.configuration, {}).keep("c1", Secret(WEAK))
    found = code(state.home(), 3)
    assert found.length is not None and found.length.value == 4
    assert found.weaknesses is not None and found.weaknesses.value
    assert WEAK not in repr(found)


def test_a_hubs_code_of_the_same_slot_is_the_same_code_and_the_owners_answer_stands(state: State) -> None:
    state.records.put_entries([line(3)])
    about, lock = Ref("credential", "zwavejs:3/3"), Ref("lock", "front")
    told = [
        Lock.can_keypad.claim(lock, True, where="node 3"),
        Credential.lock.claim(about, lock, where="node 3"),
        Credential.slot.claim(about, 3, where="node 3"),
        Credential.person.claim(about, "Ana", where="answers.toml"),
    ]
    home = state.home(*(state._stamped(item) for item in told))
    (one,) = home.all(Credential)
    assert one.person is not None and one.person.value == "Ana"
    assert verdict(least_privilege.explained, home, 3) == "pass"


def test_a_lock_that_was_taken_out_of_the_configuration_is_not_told_of(state: State) -> None:
    state.records.put_entries([msgspec.structs.replace(line(3), lock="lock:sold")])
    assert not list(state.home().all(Credential))
