"""Who can open a door: now, at a time to come, or at a time past, and how that is known.

The ledger's lines come first: foreign and exposed ones before all others. What the ledger cannot see,
accounts, apps and keys, is told from the last audit's facts, each with its own evidence; what nobody
looked at is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Literal

import msgspec
from msgspec.structs import replace

from nightlatch.access import ledger
from nightlatch.access.schedules import following, running, union
from nightlatch.model.access import EVERY_DOOR, OPENS, Entry, Grant, Person

Certainty = Literal["exposed", "foreign", "removing", "changing", "setting", "present", "kept", "granted", "known"]
"""How somebody stands: a line of the ledger in this state; `kept`: a foreign one that the owner explained;
`granted`: leave for a time to come; `known`: from elsewhere than the ledger."""
ORDER: Mapping[str, int] = {
    state: place
    for place, state in enumerate(
        ("exposed", "foreign", "removing", "changing", "setting", "present", "kept", "granted", "known")
    )
}
NOBODY_KNOWS = "somebody unknown"
ERASED = "an erased person"
_JOIN = 400 * 86_400_000_000
"""So far ahead the end of leave that several grants make up is looked for; µs."""


class Opener(msgspec.Struct, frozen=True):
    """Somebody, or something, that can open a door. Instants are µs since 1970, 0: not known or none."""

    who: str
    """Their name, or what is known instead."""
    means: str
    """"code", "tag", "fingerprint", "face", "app", "master code", "account", "key"."""
    state: Certainty
    evidence: str
    lock: str = ""
    slot: int = 0
    person: str = ""
    credential: str = ""
    seen: int = 0
    """When that evidence was had."""
    until: int = 0
    """Until when they have leave."""
    note: str = ""
    by_hand: str = ""
    """Of an exposed one: how to take it off the lock."""
    erased: bool = False


class Entrance(msgspec.Struct, frozen=True):
    """A door, or a lock without one, with everyone who can open it."""

    about: str
    name: str
    openers: tuple[Opener, ...]
    unknown: tuple[str, ...] = ()
    """What could not be told, in sentences."""


class Line(msgspec.Struct, frozen=True):
    """A line of the ledger as it stood, with its evidence in words."""

    entry: Entry
    evidence: str = ""
    """Nothing: what the entry itself tells."""
    erased: bool = False


class Scene(msgspec.Struct, frozen=True):
    """What is to be shown, and the names it is shown by."""

    doors: Mapping[str, tuple[str, ...]]
    """The locks of each door, and of each lock without a door itself; in the order of the configuration."""
    names: Mapping[str, str]
    people: Mapping[str, str]
    """The name of each person, by id."""
    beside: Callable[[str], tuple[tuple[Opener, ...], tuple[str, ...]]] = lambda _: ((), ())
    """What is known of a lock from elsewhere than the ledger, and what is not known."""
    by_hand: Callable[[str, int], str] = lambda _, __: ""
    """How a code is taken off a lock by hand, in a sentence; nothing when that is not known."""


class Leave:
    """Until when somebody's grants let them through a lock."""

    def __init__(self, people: Iterable[Person], grants: Iterable[Grant], door_of: Mapping[str, str], zone: tzinfo):
        self._groups = {person.id: person.groups for person in people if not person.ended}
        self._door_of = door_of
        self._zone = zone
        self._spans: dict[tuple[object, ...], tuple[int, int] | None] = {}
        self._to: dict[str, list[Grant]] = {}
        self._at: dict[str, dict[str, None]] = {}
        """Whom something is granted to, by what their grants name."""
        for grant in grants:
            self._to.setdefault(grant.to, []).append(grant)
            for door in grant.doors:
                self._at.setdefault(door, {})[grant.to] = None
        self._members: dict[str, list[str]] = {}
        for person, groups in self._groups.items():
            for to in (f"person:{person}", *(f"group:{group}" for group in groups)):
                self._members.setdefault(to, []).append(person)

    def span(self, person: str, lock: str, at: int) -> tuple[int, int] | None:
        """The span that holds at an instant, of all grants together; None: they have no leave then."""
        given = self._given(person, lock)
        key = (at, *(grant.id for grant in given))
        if key not in self._spans:
            self._spans[key] = self._joined(given, at)
        return self._spans[key]

    def again(self, person: str, lock: str, at: int) -> bool:
        """Whether they have leave at an instant, or at any time after it."""
        return any(following(grant, self._zone, at) is not None for grant in self._given(person, lock))

    def _given(self, person: str, lock: str) -> list[Grant]:
        if person not in self._groups:
            return []
        here = {EVERY_DOOR, lock, self._door_of.get(lock, "")} - {""}
        return [
            grant
            for to in (f"person:{person}", *(f"group:{group}" for group in self._groups[person]))
            for grant in self._to.get(to, ())
            if not here.isdisjoint(grant.doors)
        ]

    def _joined(self, given: list[Grant], at: int) -> tuple[int, int] | None:
        found = [span for grant in given if (span := running(grant, self._zone, at)) is not None]
        if not found:
            return None
        begin, end = next(union([[span] for span in sorted(found)]))
        # Another grant may go on where this span ends.
        while end and end < at + _JOIN:
            more = [span for grant in given if (span := running(grant, self._zone, end)) is not None]
            if not more:
                break
            end = 0 if any(not last for _, last in more) else max(last for _, last in more)
        return begin, end

    def everybody(self, lock: str, at: int) -> list[tuple[str, tuple[int, int]]]:
        """Everyone with leave to open a lock at an instant, with the span that holds then."""
        here = (EVERY_DOOR, lock, self._door_of.get(lock, ""))
        to = (to for name in here for to in self._at.get(name, ()))
        people = dict.fromkeys(person for whom in to for person in self._members.get(whom, ()))
        found = ((person, self.span(person, lock, at)) for person in people)
        return [(person, span) for person, span in found if span is not None]


def by_now(entries: Iterable[Entry], leave: Leave, now: int) -> Iterator[Line]:
    """The lines of the ledger as they stand now, whether anything has run since to see that some leave is over.

    A code that its person has no leave for any more is exposed, unless its lock itself shuts it out until they
    have leave again.
    """
    for entry in entries:
        over = (
            entry.credential
            and entry.state in ("setting", "changing", "present")
            and leave.span(entry.person, entry.lock, now) is None
            and not (entry.limits and leave.again(entry.person, entry.lock, now))
        )
        reason = "nobody grants it any more, and nothing has taken it off the lock yet"
        yield Line(replace(entry, state="exposed", reason=reason) if over else entry)


def current(lines: Iterable[Line], scene: Scene, leave: Leave, now: int) -> list[Entrance]:
    """Everyone who can open each door now, or could at a past `now` of which the lines are told."""
    by_lock: dict[str, list[Opener]] = {}
    for line in lines:
        if line.entry.state in OPENS:
            by_lock.setdefault(line.entry.lock, []).append(_opener(line, scene, leave, now))
    return _entrances(by_lock, scene)


def coming(lines: Iterable[Line], scene: Scene, leave: Leave, at: int, now: int) -> list[Entrance]:
    """Everyone who will be able to open each door at `at`, as far as can be told now: by grants, and by what stays."""
    by_lock: dict[str, list[Opener]] = {}
    has: set[tuple[str, str]] = set()
    for line in lines:
        entry = line.entry
        if entry.state not in OPENS:
            continue
        span = leave.span(entry.person, entry.lock, at) if entry.person and entry.credential else None
        if span is not None:
            has.add((entry.lock, entry.person))
        elif entry.credential and entry.state in ("setting", "present", "changing"):
            continue  # it is to be gone by then
        found = _opener(line, scene, leave, at)
        note = "on the lock now, and nothing removes it by then" if entry.state == "foreign" else found.note
        by_lock.setdefault(entry.lock, []).append(replace(found, note=note))
    for locks in scene.doors.values():
        for lock in locks:
            for person, (begin, end) in leave.everybody(lock, at):
                if (lock, person) not in has:
                    when = "now" if begin <= now else "then"
                    opener = Opener(
                        scene.people.get(person, person),
                        "code",
                        "granted",
                        f"a grant holds {when}; no code of theirs is proven on the lock",
                        lock=lock,
                        person=person,
                        until=end,
                    )
                    by_lock.setdefault(lock, []).append(opener)
    return _entrances(by_lock, scene)


def _opener(line: Line, scene: Scene, leave: Leave, at: int) -> Opener:
    entry = line.entry
    state: Certainty = "kept" if entry.kept else entry.state  # type: ignore[assignment]  # one of OPENS
    span = leave.span(entry.person, entry.lock, at) if entry.credential and not line.erased else None
    if line.erased:
        name = ERASED
    elif entry.person:
        name = scene.people.get(entry.person, entry.person)
    else:
        name = entry.name or NOBODY_KNOWS
    means = {"pin": "code", "master": "master code"}.get(entry.form, entry.form)
    notes = []
    if entry.state == "foreign" and not entry.kept:
        notes.append("no grant explains it")
    if entry.creator:
        notes.append(f"put there by {entry.creator}")
    if entry.state == "exposed":
        notes.append("it should be gone")
    if entry.limits and entry.state in ("present", "removing", "exposed"):
        shut = entry.state == "present" and span is None
        notes.append("the lock itself shuts it out now" if shut else "the lock itself holds it to set times")
    if entry.reason and not line.evidence:
        notes.append(entry.reason)
    return Opener(
        name,
        means,
        state,
        line.evidence or ledger.evidence(entry),
        lock=entry.lock,
        slot=entry.slot,
        person="" if line.erased else entry.person,
        credential=entry.credential,
        seen=entry.seen,
        until=span[1] if span is not None else 0,
        note="; ".join(notes),
        by_hand=scene.by_hand(entry.lock, entry.slot) if state == "exposed" else "",
        erased=line.erased,
    )


def _entrances(by_lock: Mapping[str, list[Opener]], scene: Scene) -> list[Entrance]:
    found = []
    for about, locks in scene.doors.items():
        openers: list[Opener] = []
        unknown: list[str] = []
        for lock in locks:
            told = by_lock.get(lock, [])
            slots = {opener.slot for opener in told if opener.slot}
            others, missing = scene.beside(lock)
            openers += told
            openers += [one for one in others if not one.slot or one.slot not in slots]
            unknown += missing
        openers.sort(key=lambda one: (ORDER[one.state], one.who.casefold(), one.lock, one.slot))
        found.append(Entrance(about, scene.names.get(about, about), tuple(openers), tuple(dict.fromkeys(unknown))))
    # Doors at which something is wrong first.
    found.sort(key=lambda one: min((ORDER[opener.state] for opener in one.openers[:1]), default=9) > 1)
    return found
