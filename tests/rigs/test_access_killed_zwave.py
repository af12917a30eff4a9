"""kill -9 at random moments over real locks: what their own memory holds is in the ledger, and all settles after."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from nightlatch.access.known import last_known
from nightlatch.access.lengths import LONG_ENOUGH
from nightlatch.access.looking import chosen, entrances
from nightlatch.access.registrar import Registrar
from nightlatch.access.vault import Vault
from nightlatch.cli.access_common import CHANGED
from nightlatch.configuration.read import Configuration, load
from nightlatch.journal.journal import Journal
from nightlatch.model.access import OPENS, Entry, Grant
from nightlatch.plugs import wall
from nightlatch.service.control import tell
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from rigs.zwave.rig import ZwaveRig
from tests.rigs.guard import Guard, guarding, say
from tests.rigs.owner import Owner
from tests.rigs.test_acceptance_access_zwave import BACK, FRONT, HUB, ZwaveHome
from tests.rigs.zwave import OTHER_PIN, SCHLAGE, YALE

pytestmark = pytest.mark.rig

KILLS = 20
LOCKS = {"lock:front": YALE, "lock:back": SCHLAGE}
DOORS = ("door:front", "door:back")
PEOPLE = ("ana", "ben", "cem", "dan", "eva")
FOREIGN = ("lock:back", 1)
"""The lock and slot of a code that was there before Nightlatch: where it would put its own first."""
SECOND = 1_000_000
GRACE = 2 * SECOND
"""By when the end of a grant is in the ledger while it runs and its hub is connected."""
SURE = ("removing", "exposed")


class Life:
    """What the owner decides while it runs and dies, and what has to be true of it whenever one looks."""

    def __init__(self, home: ZwaveHome, settings: Configuration, registrar: Registrar, chance: random.Random) -> None:
        self.home, self.settings, self.registrar, self.chance = home, settings, registrar, chance
        self.whose: dict[str, str] = {}
        """Everybody's PINs, past ones too."""
        self.pins: dict[str, set[str]] = {}
        """Everybody's present ones."""
        self.grants: list[Grant] = []
        self.silent: dict[int, float] = {}
        """Locks that are dead for now, and until when."""
        self.guests = 0
        self.done: dict[str, int] = {}
        for person in PEOPLE:
            registrar.add_person(person, person.title(), "regular", (), wall())

    def act(self) -> None:
        """Something that comes and goes, as chance has it."""
        self.rise()
        live = [one for one in self.grants if self._runs(one, wall()) and not one.ends]
        acts = [self._add, self._add, self._guest, self._guest, self._new_pin]
        acts += [self._end] if len(live) > 4 else []
        if not self.silent:
            acts.append(self._silence)
        act = self.chance.choice(acts)
        act()
        self.done[act.__name__.strip("_")] = self.done.get(act.__name__.strip("_"), 0) + 1
        if self.home.guard.process is not None:
            tell(self.home.guard.state, CHANGED)

    def rise(self, *, all_: bool = False) -> None:
        """Let dead locks return whose time it is."""
        for node, until in list(self.silent.items()):
            if all_ or time.monotonic() > until:
                self.home.rig.do("silent", node=node, value=False)
                self.home.rig.do("battery", node=node, level=self.chance.randint(50, 99))
                del self.silent[node]

    def _add(self) -> None:
        self._grant(self.chance.choice(PEOPLE), 0)

    def _guest(self) -> None:
        self.guests += 1
        self.registrar.add_person(f"guest{self.guests}", f"Guest {self.guests}", "guest", (), wall())
        self._grant(f"guest{self.guests}", wall() + round(self.chance.uniform(2, 8) * SECOND))

    def _grant(self, person: str, ends: int) -> None:
        doors = self.chance.choice((DOORS, DOORS[:1], DOORS[1:]))
        self.grants += self.registrar.add_grant(Grant("", f"person:{person}", doors, ends=ends), wall()).grants
        self._learn(person)

    def _end(self) -> None:
        live = [one for one in self.grants if self._runs(one, wall()) and not one.ends]
        ended = self.registrar.end_grant(self.chance.choice(live).id, wall()).grants[0]
        self.grants = [ended if one.id == ended.id else one for one in self.grants]

    def _new_pin(self) -> None:
        person = self.chance.choice(PEOPLE)
        self.registrar.new_codes(person, wall())
        self._learn(person)

    def _silence(self) -> None:
        node = self.chance.choice((YALE, SCHLAGE))
        self.home.rig.do("silent", node=node, value=True)
        self.silent[node] = time.monotonic() + self.chance.uniform(1, 4)

    def _learn(self, person: str) -> None:
        self.pins[person] = {pin.reveal() for _, pin in self.registrar.reveal(person, wall())}
        for pin in self.pins[person]:
            assert self.whose.setdefault(pin, person) == person, "two people were given the same PIN"
        # Any four digits are somewhere in 25 MB of hashes and numbers of entries.
        self.home.pins = [pin for pin in (*self.whose, OTHER_PIN) if len(pin) >= LONG_ENOUGH]

    def _runs(self, grant: Grant, at: int) -> bool:
        return (not grant.ends or at < grant.ends) and (not grant.ended or at < grant.ended)

    def may(self, person: str, lock: str, at: int) -> bool:
        """Whether somebody has leave to open a lock."""
        door = lock.replace("lock:", "door:")
        return any(one.to == f"person:{person}" and door in one.doors and self._runs(one, at) for one in self.grants)

    def codes(self) -> Iterator[tuple[str, int, str]]:
        """Every code of ours on a lock: (lock, slot, person). A foreign one is where it was; none is there twice."""
        for lock, node in LOCKS.items():
            codes = {slot: code for slot, code in self.home.memory(node).items() if slot and code}
            assert len(set(codes.values())) == len(codes), "one code opens a lock by two slots"
            if lock == FOREIGN[0]:
                assert codes.pop(FOREIGN[1], None) == OTHER_PIN, "somebody else's code was written over"
            for slot, code in codes.items():
                yield lock, slot, self.whose[code]

    def lines(self) -> dict[tuple[str, int], list[Entry]]:
        """What the ledger says may be in each slot."""
        found: dict[tuple[str, int], list[Entry]] = {}
        for line in self.registrar.records.entries():
            if line.state in OPENS:
                found.setdefault((line.lock, line.slot), []).append(line)
        return found

    def look(self) -> tuple[int, int, int]:
        """Hold a dead one's ledger, and what `who` says of it, against the locks; codes, over ones, doubted lines."""
        at, codes, lines = wall(), list(self.codes()), self.lines()
        found = entrances(self.settings, self.registrar.records, chosen(self.settings, ""), at, at)
        told = {(one.lock, one.slot, one.person): one.state for door in found for one in door.openers}
        over = 0
        for lock, slot, person in codes:
            here = [line.person for line in lines.get((lock, slot), [])]
            assert person in here, f"slot {slot} of {lock} holds {person}'s code, and the ledger has {here} there"
            if not self.may(person, lock, at):
                over += 1
                assert told[lock, slot, person] in SURE, (lock, slot, person, told[lock, slot, person])
        doubted = sum(line.state in ("setting", "changing", "removing") for of in lines.values() for line in of)
        return len(codes), over, doubted

    def overdue(self) -> list[str]:
        """Codes of people without leave that the ledger of a running one has under no such state."""
        at, codes, lines = wall() - GRACE, list(self.codes()), self.lines()
        return [
            f"{person}'s code in slot {slot} of {lock}"
            for lock, slot, person in codes
            if not self.may(person, lock, at)
            and not any(line.person == person and line.state in SURE for line in lines.get((lock, slot), []))
            and (lock, slot, person) in set(self.codes())
        ]

    def unsettled(self) -> list[str]:
        """Where locks are not exactly as the grants want them: nobody too many, nobody missing, the newest PIN."""
        at, found = wall(), []
        for lock, node in LOCKS.items():
            wanted = {person for person in self.pins if self.may(person, lock, at)}
            there = [code for slot, code in self.home.memory(node).items() if slot and code and code != OTHER_PIN]
            found += [f"{lock}: a code of {self.whose[code]}" for code in there
                      if self.whose[code] not in wanted or code not in self.pins[self.whose[code]]]  # fmt: skip
            found += [f"{lock}: no code of {person}" for person in wanted if self.pins[person].isdisjoint(there)]
        return found


@contextmanager
def living(guard: Guard, rig: ZwaveRig, chance: random.Random) -> Iterator[Life]:
    """The owner's hand on the state folder, beside whatever runs there."""
    settings = load(guard.owner.folder / "nightlatch.toml")
    engine, journal = connect(guard.state), Journal.open(guard.state)
    try:
        records = AccessRecords(engine)
        vault, lengths = Vault.open(guard.state, records, settings), last_known(settings, records)
        registrar = Registrar(settings, records, vault, journal, lengths=lengths)
        yield Life(ZwaveHome(guard, rig), settings, registrar, chance)
    finally:
        journal.close()
        engine.dispose()


def test_twenty_kills_while_grants_come_and_go_leave_no_code_outside_the_ledger_and_all_settles(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig, chance = fresh_zwave_rig(YALE, SCHLAGE), random.Random(1701)
    rig.do("plant", node=SCHLAGE, slot=FOREIGN[1], code=OTHER_PIN)
    begun = time.time()
    codes = over = doubted = early = 0
    with guarding(owner, FRONT + BACK + HUB.format(url=rig.url)) as guard, living(guard, rig, chance) as life:
        for kill in range(KILLS):
            if kill % 4 == 3:
                early += 1
                guard.spawn()
                time.sleep(chance.uniform(0.2, 2.5))
            else:
                if kill:
                    guard.start()
                    guard.until(lambda: all(hub.connected for hub in guard.status().ecosystems), 20)
                    guard.until(lambda: not life.overdue(), 10)
                until = time.monotonic() + chance.uniform(0.5, 4)
                while time.monotonic() < until:
                    life.act()
                    time.sleep(chance.uniform(0, 0.4))
            guard.stop(signal.SIGKILL)
            if chance.random() < 0.5:
                life.act()  # the owner decides while nothing runs, too
            now = life.look()
            codes, over, doubted = codes + now[0], over + now[1], doubted + now[2]
        life.rise(all_=True)
        guard.start()
        settled = time.time()
        guard.until(lambda: not life.unsettled(), 60)
        guard.until(lambda: not life.overdue(), 5)
        say(f"{KILLS} kills, {early} of them while it started, in {time.time() - begun:.0f} s; {life.done}")
        say(f"at the kills: {codes} codes on locks, {over} of them over, {doubted} lines in doubt")
        say(f"from the last start to exactly what is wanted: {time.time() - settled:.1f} s; {len(life.grants)} grants")
        found = {(line.person, line.slot) for line in life.registrar.records.entries() if line.state == "foreign"}
        assert found == {("", FOREIGN[1])}, "only the one that was there before is foreign"
        life.home.searched()
    assert codes > KILLS and over > KILLS // 4 and doubted >= KILLS // 2, "too little was going on when it was killed"
