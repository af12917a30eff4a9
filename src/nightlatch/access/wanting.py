"""Which credential is wanted on which lock when: worked out of people, grants and what each lock keeps to.

A `Plan` is renewed by what changed: a grant costs its people times its locks, whatever else the home
holds. What time alone changes waits in a heap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from heapq import heapify, heappop, heappush
from itertools import compress, product
from operator import ne
from typing import Protocol, TypeVar

import msgspec

from nightlatch.access.lengths import Bounds, fitting
from nightlatch.access.limits import AHEAD, Hold, hold
from nightlatch.model.access import EVERY_DOOR, Credential, Grant, Person
from nightlatch.model.command import Limit, Rules


class Want(msgspec.Struct, frozen=True, gc=False):
    """A credential is to be on a lock from `begins` to before `ends` (µs since 1970; 0: no end)."""

    lock: str
    credential: str
    person: str
    begins: int
    ends: int
    limits: tuple[Limit, ...]
    """What the lock itself holds it to."""
    grants: tuple[str, ...]
    """Their ids."""


class Blocked(msgspec.Struct, frozen=True, gc=False):
    """A credential that no lock of its grant takes: whose, why, and what to do."""

    person: str
    reason: str


class Known(Protocol):
    """What a plan asks of the register."""

    @property
    def zone(self) -> tzinfo:
        """The zone of the home."""

    @property
    def people(self) -> Mapping[str, Person]:
        """Everybody, by id."""

    @property
    def grants(self) -> Mapping[str, Grant]:
        """Every grant, by id."""

    @property
    def credentials(self) -> Mapping[str, Credential]:
        """Every credential, by id."""

    @property
    def locks(self) -> Mapping[str, str]:
        """The door of every lock that there is, by "lock:front"; nothing where it has none."""

    def digits(self, lock: str) -> Bounds:
        """How many digits a code of this lock's model has at least and at most."""


class _Pair(msgspec.Struct, gc=False):
    """One person at one lock."""

    due: int
    """When time alone changes something, 0: never."""
    want: Want | None = None
    credential: str = ""
    """The one that cannot be on it, when there is no want."""
    reason: str = ""


T = TypeVar("T")


class Plan:
    """What is wanted on each lock now, or next. Every instant is µs since 1970, and passed in."""

    def __init__(self, register: Known, rules: Mapping[str, Rules], now: int) -> None:
        self._rules: dict[str, Rules] = dict(rules)
        self._zone = register.zone
        self._digits: dict[str, Bounds] = {}
        """What is known of each lock's codes but for what it told itself."""
        self._people: Mapping[str, Person] = {}
        self._grants: Mapping[str, Grant] = {}
        self._credentials: Mapping[str, Credential] = {}
        self._doors: Mapping[str, str] = {}
        self._forget()
        self.renew(register, now)

    def _forget(self) -> None:
        self._at: dict[str, frozenset[str]] = {}
        """The locks of each grant."""
        self._everywhere: frozenset[str] = frozenset()
        self._behind: dict[str, tuple[str, ...]] = {}
        """The locks of each door."""
        self._to: dict[str, dict[str, Grant]] = {}
        """The grants to each person or group."""
        self._members: dict[str, set[str]] = {}
        self._codes: dict[str, dict[str, Credential]] = {}
        """The active credentials of each person."""
        self._pairs: dict[str, dict[str, _Pair]] = {}
        """By lock and person."""
        self._of: dict[str, set[str]] = {}
        """The locks at which each person has a pair."""
        self._holds: dict[tuple[object, ...], Hold | None] = {}
        """How locks that keep to the same hold each set of grants, as of the last change."""
        self._heap: list[tuple[int, str, str]] = []

    # What is wanted

    def wants(self, lock: str) -> Mapping[str, Want]:
        """By credential: what is to be on a lock now, or next."""
        pairs = self._pairs.get(lock, {}).values()
        return {pair.want.credential: pair.want for pair in pairs if pair.want is not None}

    def blocked(self, lock: str) -> Mapping[str, Blocked]:
        """By credential: why it cannot be on a lock on which its person has a grant."""
        pairs = self._pairs.get(lock, {}).items()
        return {pair.credential: Blocked(person, pair.reason) for person, pair in pairs if pair.reason}

    def without(self, lock: str) -> frozenset[str]:
        """Who has a grant at a lock, and no PIN at all."""
        pairs = self._pairs.get(lock, {}).items()
        return frozenset(who for who, pair in pairs if pair.want is None and not pair.credential)

    def locks(self) -> Iterable[str]:
        """The locks on which somebody has, or had, a grant."""
        return self._pairs.keys()

    def rules(self, lock: str) -> Rules | None:
        """What a lock keeps to, as far as it was read."""
        return self._rules.get(lock)

    def due(self) -> int | None:
        """When time alone changes something next."""
        while self._heap:
            at, lock, person = self._heap[0]
            pair = self._pairs.get(lock, {}).get(person)
            if pair is not None and pair.due == at:
                return at
            heappop(self._heap)
        return None

    # What changes it

    def renew(self, register: Known, now: int) -> set[str]:
        """Take what changed of the register; the locks at which something may be wanted otherwise."""
        touched: set[str] = set()
        if self._doors != register.locks or self._zone != register.zone:
            touched |= self._pairs.keys()
            self._zone, self._doors = register.zone, dict(register.locks)
            self._people, self._grants, self._credentials = {}, {}, {}
            self._forget()
            self._everywhere = frozenset(self._doors)
            for lock, door in self._doors.items():
                if door:
                    self._behind[door] = (*self._behind.get(door, ()), lock)
        self._holds.clear()
        before_digits, self._digits = self._digits, {lock: register.digits(lock) for lock in self._doors}
        other = (lock for lock, digits in self._digits.items() if digits != before_digits.get(lock))
        pairs = {(lock, person) for lock in other for person in self._pairs.get(lock, ())}
        people = _changed(self._people, register.people)
        grants = _changed(self._grants, register.grants)
        credentials = _changed(self._credentials, register.credentials)
        whole = {person for person, _, _ in people}
        # Whom a grant reached, and, once the change is taken, whom it reaches: both sides.
        for _, before, _ in grants:
            pairs.update(self._between(before))
        for person, before_person, after_person in people:
            self._move(person, before_person, after_person)
        for id_, before_grant, after_grant in grants:
            self._regrant(id_, before_grant, after_grant)
        for id_, old, new in credentials:
            whole |= {one.person for one in (old, new) if one is not None}
            if old is not None:
                self._codes.get(old.person, {}).pop(id_, None)
            if new is not None and not new.ended:
                self._codes.setdefault(new.person, {})[id_] = new
        self._people, self._grants, self._credentials = register.people, register.grants, register.credentials
        for _, _, after in grants:
            pairs.update(self._between(after))
        for person in whole:
            locks_now = {lock for grant in self._granted(person) for lock in self._locks(grant)}
            pairs.update((lock, person) for lock in locks_now | self._of.get(person, set()))
        return touched | self._renew(pairs, now)

    def learn(self, lock: str, rules: Rules, now: int) -> set[str]:
        """Take what a lock keeps to, as it was read."""
        if self._rules.get(lock) == rules:
            return set()
        self._rules[lock] = rules
        self._holds.clear()
        return self._renew([(lock, person) for person in self._pairs.get(lock, {})], now)

    def advance(self, now: int) -> set[str]:
        """The locks at which something begins or ends by now."""
        due: set[tuple[str, str]] = set()
        while self._heap and self._heap[0][0] <= now:
            at, lock, person = heappop(self._heap)
            pair = self._pairs.get(lock, {}).get(person)
            if pair is not None and pair.due == at:
                due.add((lock, person))
        if due:
            self._holds.clear()
        return self._renew(due, now) | {lock for lock, _ in due}

    def stepped(self, now: int) -> set[str]:
        """The clock was set: everything is worked out anew, what was over by it too."""
        self._holds.clear()
        pairs = {(lock, person) for lock, here in self._pairs.items() for person in here}
        for grant in self._grants.values():
            pairs.update(self._between(grant))
        return self._renew(pairs, now)

    # How it is worked out

    def _move(self, person: str, before: Person | None, after: Person | None) -> None:
        for group in before.groups if before is not None else ():
            self._members.get(group, set()).discard(person)
        for group in after.groups if after is not None else ():
            self._members.setdefault(group, set()).add(person)

    def _regrant(self, id_: str, before: Grant | None, after: Grant | None) -> None:
        self._at.pop(id_, None)
        if before is not None:
            self._to.get(before.to, {}).pop(id_, None)
        if after is not None:
            self._to.setdefault(after.to, {})[id_] = after

    def _locks(self, grant: Grant) -> frozenset[str]:
        found = self._at.get(grant.id)
        if found is None:
            if EVERY_DOOR in grant.doors:
                found = self._everywhere
            else:
                locks = (lock for door in grant.doors for lock in self._behind.get(door, (door,)))
                found = frozenset(lock for lock in locks if lock in self._doors)
            self._at[grant.id] = found
        return found

    def _between(self, grant: Grant | None) -> Iterator[tuple[str, str]]:
        """The locks and people that a grant brings together."""
        if grant is not None:
            kind, _, name = grant.to.partition(":")
            people = self._members.get(name, ()) if kind == "group" else (name,)
            yield from product(self._locks(grant), people)

    def _granted(self, person: str) -> list[Grant]:
        known = self._people.get(person)
        if known is None or known.ended:
            return []
        found = list(self._to.get(f"person:{person}", {}).values())
        for group in known.groups:
            found.extend(self._to.get(f"group:{group}", {}).values())
        return found

    def _renew(self, pairs: Iterable[tuple[str, str]], now: int) -> set[str]:
        changed: set[str] = set()
        fresh: list[tuple[int, str, str]] = []
        for lock, person in pairs:
            here = self._pairs.setdefault(lock, {})
            before = here.get(person)
            after = self._pair(lock, person, now)
            if after == before:
                continue
            changed.add(lock)
            if after is None:
                del here[person]
                self._of.get(person, set()).discard(lock)
                continue
            here[person] = after
            self._of.setdefault(person, set()).add(lock)
            if after.due:
                fresh.append((after.due, lock, person))
        if len(fresh) > len(self._heap):
            self._heap.extend(fresh)
            heapify(self._heap)
        else:
            for one in fresh:
                heappush(self._heap, one)
        return changed

    def _pair(self, lock: str, person: str, now: int) -> _Pair | None:
        grants = tuple(grant for grant in self._granted(person) if lock in self._locks(grant))
        held = self._held(grants, self._rules.get(lock), now)
        if held is None:
            return None
        credential, reason = self._fitting(lock, person)
        if credential is None or reason:
            return _Pair(held.ends, credential=credential.id if credential is not None else "", reason=reason)
        # What the lock itself shuts out until then may be there ahead of time: the hub may be down when it begins.
        begins = held.begins - AHEAD if held.limits else held.begins
        due = begins if begins > now else held.ends
        ids = tuple(grant.id for grant in grants)
        return _Pair(due, Want(lock, credential.id, person, begins, held.ends, held.limits or (), ids))

    def _held(self, grants: tuple[Grant, ...], rules: Rules | None, now: int) -> Hold | None:
        if not grants:
            return None
        means = (rules.year_days, rules.week_days, rules.days_together) if rules is not None else ()
        key = (*(grant.id for grant in grants), *means)
        if key not in self._holds:
            self._holds[key] = hold(grants, rules, self._zone, now)
        return self._holds[key]

    def _fitting(self, lock: str, person: str) -> tuple[Credential | None, str]:
        """The person's newest credential that the lock takes; or the newest, and why the lock takes none."""
        codes = self._codes.get(person)
        if not codes:
            return None, ""
        least, most = self._bounds(lock)
        if (fits := fitting(codes.values(), (least, most))) is not None:
            return fits, ""
        newest = max(codes.values(), key=lambda one: (one.made, one.id))
        wanted = f"{least}" if least == most else f"{least} to {most}"
        return newest, (
            f"the lock takes codes of {wanted} digits, and this one has {newest.digits}; "
            f"make another: nightlatch code new {person} --digits {least}"
        )

    def _bounds(self, lock: str) -> Bounds:
        least, most = self._digits[lock]
        rules = self._rules.get(lock)
        if rules is not None:
            least = rules.shortest if rules.shortest is not None else least
            most = rules.longest if rules.longest is not None else most
        return least, most


def _changed(before: Mapping[str, T], after: Mapping[str, T]) -> Sequence[tuple[str, T | None, T | None]]:
    """What is new, other, or gone: (key, before, after)."""
    if before is after:
        return ()
    if list(before) == list(after):
        # As it mostly is. Nothing is done in Python for what stayed the same: it is the whole home.
        return [(key, before[key], after[key]) for key in compress(after, map(ne, before.values(), after.values()))]
    found: list[tuple[str, T | None, T | None]] = []
    for key, value in after.items():
        old = before.get(key)
        if old is not value and old != value:
            found.append((key, old, value))
    found.extend((key, value, None) for key, value in before.items() if key not in after)
    return found
