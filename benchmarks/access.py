"""How long it takes to plan who is wanted on which lock, after a change too, and to tell who can open a door."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from benchmarks.figures import Figure, Target, number, timed
from nightlatch.access.looking import chosen, entrances
from nightlatch.access.wanting import Plan, Want
from nightlatch.configuration.read import Configuration, parse
from nightlatch.model.access import Always, Credential, Dates, Entry, Grant, Person, Recurring, Schedule, Weekly
from nightlatch.model.command import Rules
from nightlatch.model.event import micros
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

PLANNING = "Planning which code is wanted on which lock (each person at 10 locks)"
CHANGED = "Planning anew after changes, of 10 000 people and 1 000 locks"
GROWN = "Planning anew after one grant changed, as the home grows"
WHO = "Telling who can open a door, of 10 000 people and 1 000 locks (100 people at each)"
COLD = "cold"
FLOOR = "a plain loop that makes as many wants and works nothing out"
ONE = "1 grant"
DOOR = "one door, from the database, with evidence"
SQLITE = "plain sqlite3: the same rows of that lock, nothing else"
NOTES = (
    "Access: half of the people may come always, a third at hours of the week, the others on days or by a rule; two",
    "locks in three keep times by themselves. A change gives grants another end; the register is read anew each time,",
    "and finding out what changed in it is counted.",
)

NOW = micros(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
DAY = 86_400_000_000
AT = 10
"""Locks of each person."""


class Home:
    """A register of so many people and locks, made by chance from a seed."""

    zone: tzinfo = ZoneInfo("Europe/Berlin")

    def __init__(self, people: int, locks: int) -> None:
        chance = Random(people)
        self.locks: Mapping[str, str] = {f"lock:l{number}": f"door:d{number}" for number in range(locks)}
        self.people = {f"p{number}": Person(f"p{number}", f"Person {number}") for number in range(people)}
        self.credentials = {f"c-{person}": Credential(f"c-{person}", person, 6) for person in self.people}
        self.grants = {
            f"g-{person}": Grant(
                f"g-{person}",
                f"person:{person}",
                tuple(f"door:d{number}" for number in chance.sample(range(locks), min(AT, locks))),
                _schedule(chance),
                made=NOW,
                ends=NOW + chance.randrange(1, 400) * DAY if chance.random() < 0.5 else 0,
            )
            for person in self.people
        }
        timed_rules = Rules(30, 4, 10, year_days=4, week_days=7)
        self.rules = {lock: timed_rules if number % 3 else Rules(30, 4, 10) for number, lock in enumerate(self.locks)}

    def digits(self, lock: str) -> tuple[int, int]:  # noqa: ARG002  # every model takes the same here
        """As long as codes may be."""
        return 4, 10

    def changed(self, grants: int, by: int) -> Home:
        """The same with so many grants ending at another time, all read anew as from a database."""
        other = object.__new__(Home)
        other.__dict__.update(self.__dict__)
        other.people = {id_: replace(one) for id_, one in self.people.items()}
        other.credentials = {id_: replace(one) for id_, one in self.credentials.items()}
        other.grants = {id_: replace(one) for id_, one in self.grants.items()}
        ids = list(self.grants)[:: max(1, len(self.grants) // grants)][:grants]
        other.grants |= {one: replace(self.grants[one], ends=NOW + by * DAY) for one in ids}
        return other


def _schedule(chance: Random) -> Schedule:
    kind = chance.random()
    if kind < 0.5:
        return Always()
    if kind < 0.83:
        begin = chance.randrange(6, 18) * 60
        return Weekly(tuple((day * 1440 + begin, day * 1440 + begin + 180) for day in range(chance.randrange(1, 7))))
    if kind < 0.95:
        first = datetime.fromtimestamp(NOW / 1e6 + chance.randrange(60) * 86_400, UTC).date()
        return Dates(((first, first),), 900, 1440)
    return Recurring("FREQ=WEEKLY;BYDAY=TU,TH", "2026-11-01T09:00", 120)


def measure(quick: bool) -> list[Figure]:
    """All figures of access."""
    people, locks, runs = (100, 10, 2) if quick else (10_000, 1_000, 5)
    home = Home(people, locks)
    plan = Plan(home, home.rules, NOW)
    figures = [
        Figure(PLANNING, COLD, "ms", _runs(runs, lambda _: Plan(home, home.rules, NOW))),
        Figure(PLANNING, FLOOR, "ms", _runs(runs, lambda _: _floor(home))),
        Figure(PLANNING, "codes that are wanted", "", (float(sum(len(plan.wants(lock)) for lock in home.locks)),)),
    ]
    figures += [
        Figure(CHANGED, ONE if few == 1 else f"{few} grants", "ms", _changes(home, few, runs * 4))
        for few in ((1, 10) if quick else (1, 10, 100, 1000))
    ]
    sizes = ((10, 1), (100, 10)) if quick else ((100, 10), (1_000, 100), (10_000, 1_000))
    figures += [
        Figure(GROWN, f"{many} people, {size} locks", "ms", _changes(Home(many, size), 1, runs * 4))
        for many, size in sizes
    ]
    return [*figures, *_who(home, runs * 4)]


def targets(figures: Sequence[Figure]) -> tuple[Target, ...]:
    """The project's targets against these figures."""
    named = {(figure.group, figure.name): figure.median for figure in figures}
    who, one, cold = named[WHO, DOOR], named[CHANGED, ONE], named[PLANNING, COLD]
    return (
        Target("who can open a door, of 100 000 lines", "under 50 ms", f"{number(who)} ms", who < 50),
        Target("one grant changed, over planning all", "under 0.01 ×", f"{number(one / cold)} ×", one < cold / 100),
    )


def _runs(runs: int, work: object) -> tuple[float, ...]:
    return tuple(1e3 * timed(work, [run]) for run in range(runs))  # type: ignore[arg-type]  # called with a run's number


def _floor(home: Home) -> dict[str, dict[str, Want]]:
    """As many wants as a plan has, by lock and credential."""
    found: dict[str, dict[str, Want]] = {}
    for grant in home.grants.values():
        person = grant.to.partition(":")[2]
        credential = f"c-{person}"
        for door in grant.doors:
            lock = f"lock:l{door[6:]}"
            found.setdefault(lock, {})[credential] = Want(lock, credential, person, NOW, 0, (), (grant.id,))
    return found


def _changes(home: Home, grants: int, runs: int) -> tuple[float, ...]:
    plan = Plan(home, home.rules, NOW)
    return tuple(
        1e3 * timed(lambda one: plan.renew(one, NOW), [home.changed(grants, 500 + run)]) for run in range(runs)
    )


@contextmanager
def _kept(home: Home) -> Iterator[tuple[Configuration, AccessRecords, Path]]:
    """The home in a database of its own, each wanted code proven on its lock."""
    plan = Plan(home, home.rules, NOW)
    entries = [
        Entry(lock, want.credential, slot, "present", NOW, "value", NOW, True, want.limits, person=want.person)
        for lock in home.locks
        for slot, want in enumerate(plan.wants(lock).values(), 1)
    ]
    text = '[home]\ntimezone = "Europe/Berlin"\n' + "".join(
        f'[[doors]]\nid = "{door[5:]}"\n[[locks]]\nid = "{lock[5:]}"\ndoor = "{door[5:]}"\n'
        for lock, door in home.locks.items()
    )
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        engine = connect(Path(folder))
        try:
            records = AccessRecords(engine)
            records.put(*home.people.values(), *home.grants.values(), *home.credentials.values())
            records.put_entries(entries)
            for lock, rules in home.rules.items():
                records.put_rules(lock, rules)
            yield parse(text, Path("nightlatch.toml")), records, Path(folder) / "nightlatch.db"
        finally:
            engine.dispose()


def _who(home: Home, runs: int) -> list[Figure]:
    with _kept(home) as (settings, records, path):
        locks = list(home.locks)
        doors = [chosen(settings, f"d{number % len(locks)}") for number in range(runs)]
        one = [1e3 * timed(lambda door: entrances(settings, records, door, NOW, NOW), [door]) for door in doors]
        later = [1e3 * timed(lambda door: entrances(settings, records, door, NOW + DAY, NOW), [door]) for door in doors]
        every = [1e3 * timed(lambda _: entrances(settings, records, chosen(settings, ""), NOW, NOW), [0])]
        plain = sqlite3.connect(path)
        try:
            query = "SELECT * FROM access_ledger WHERE lock = ?"
            floor = [
                1e3 * timed(lambda lock: plain.execute(query, (lock,)).fetchall(), [lock]) for lock in locks[:runs]
            ]
        finally:
            plain.close()
    return [
        Figure(WHO, DOOR, "ms", tuple(one)),
        Figure(WHO, SQLITE, "ms", tuple(floor)),
        Figure(WHO, "the same door a day from now, by the grants", "ms", tuple(later)),
        Figure(WHO, "all doors, 100 000 lines", "ms", tuple(every)),
    ]
