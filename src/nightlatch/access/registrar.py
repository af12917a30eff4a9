"""Changes people, grants, credentials and feeds: each change is checked, written in one transaction, and journalled.

The journal's entry is written before the transaction is committed: a crash in between leaves an entry
of a change that was not made, and never a change that the journal does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import msgspec

from nightlatch.access import pins
from nightlatch.access.changing import Change, fresh_id
from nightlatch.access.lengths import LONG_ENOUGH, LONGEST, SHORTEST, needed
from nightlatch.access.register import Bounds, Register, live
from nightlatch.access.schedules import check as check_schedule
from nightlatch.access.vault import Vault
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.configuration.read import Configuration
from nightlatch.errors import UsageError
from nightlatch.journal.journal import Journal
from nightlatch.model.access import OPENS, ROLES, Credential, Entry, Feed, Grant, Person, Retired, Role
from nightlatch.model.event import Event
from nightlatch.secrets import Secret
from nightlatch.store.access import AccessRecords
from nightlatch.text import listed

LONGEST_TEXT = 200
LATELY = 180 * 24 * 3_600_000_000
"""For so long after its end (µs) nobody else gets a code."""
_ID = re.compile(r"[\w\-.]{1,64}")


class Changed(msgspec.Struct, frozen=True):
    """What a change did: the records as they are by now, and who is left without what they need."""

    people: tuple[Person, ...] = ()
    grants: tuple[Grant, ...] = ()
    credentials: tuple[Credential, ...] = ()
    """Made or ended."""
    feeds: tuple[Feed, ...] = ()
    gone: bool = False
    """The person is not kept any more, because no lock has a code of theirs."""
    waiting: tuple[str, ...] = ()
    """The locks whose code is not proven gone yet."""


class Registrar:
    """Makes changes. Threads and processes may each have theirs: every change is checked against what is so then."""

    def __init__(
        self,
        configuration: Configuration,
        records: AccessRecords,
        vault: Vault,
        journal: Journal,
        *,
        lengths: Mapping[str, Bounds] | None = None,
        catalogue: Callable[[], Catalogue] = Catalogue,
    ) -> None:
        self.configuration, self.records, self.vault, self._journal = configuration, records, vault, journal
        self._lengths = lengths
        self._catalogue = cache(catalogue)

    def register(self) -> Register:
        """The register as it is now."""
        return Register.load(self.configuration, self.records, lengths=self._lengths)

    def tell(self, event: Event) -> None:
        """Put into the journal what came of access by itself, as of reading a feed."""
        self._journal.append((event,))

    # People

    def add_person(self, id_: str, name: str, role: Role, groups: Iterable[str], now: int) -> Changed:
        """Somebody new. Who belongs to a group that has grants gets a code at once."""
        with self._changing(now) as change:
            if not _ID.fullmatch(id_):
                raise UsageError(f"{id_!r} cannot be an id: letters, digits, -, _ and . only, at most 64")
            if id_ in change.register.configured:
                raise UsageError(f"{id_!r} is in nightlatch.toml already", todo="Grant to them as they are.")
            if (other := change.register.people.get(id_)) is not None:
                why = "was removed, and a lock may still have their code" if other.ended else "is there already"
                raise UsageError(f"the person {id_!r} {why}", todo="Take another id.")
            person = _person(Person(id_, name or id_, role, tuple(dict.fromkeys(groups))))
            change.put.append(person)
            change.tell("person", "added", person=id_, detail=_described(person), raw=person)
            codes = change.needed_codes((id_,))
        return Changed(people=(person,), credentials=codes)

    def change_person(
        self,
        id_: str,
        now: int,
        *,
        name: str | None = None,
        role: Role | None = None,
        join: Iterable[str] = (),
        leave: Iterable[str] = (),
    ) -> Changed:
        """Another name or role, other groups. UsageError for who is in nightlatch.toml."""
        with self._changing(now) as change:
            before = change.register.person(id_)
            _ours(change.register, id_)
            left = set(leave)
            if unknown := left - set(before.groups):
                raise UsageError(f"{id_} is in no group {listed(sorted(unknown))}")
            groups = tuple(dict.fromkeys((*(one for one in before.groups if one not in left), *join)))
            person = _person(Person(id_, name or before.name, role or before.role, groups))
            if person == before:
                raise UsageError("nothing would be other than it is", todo="Say what to change: --help")
            change.put.append(person)
            change.tell("person", "changed", person=id_, detail=_described(person), raw=person)
            codes = change.needed_codes((id_,))
        return Changed(people=(person,), credentials=codes)

    def remove_person(self, id_: str, now: int) -> Changed:
        """End every grant and code of somebody. They stay listed until no lock has a code of theirs."""
        with self._changing(now) as change:
            before = change.register.person(id_)
            _ours(change.register, id_)
            grants = [one for one in change.register.grants.values() if one.to == f"person:{id_}" and live(one, now)]
            ended = [change.end_grant(one) for one in grants]
            codes = [change.end_code(one) for one in change.register.active(id_)]
            person = msgspec.structs.replace(before, groups=(), ended=now)
            change.put.append(person)
            change.tell("person", "removed", person=id_, detail=_described(before), raw=person)
            waiting = _waiting(self.records.entries_of(id_, change.connection))
        gone = not waiting and self.tidy(now) > 0
        return Changed((person,), tuple(ended), tuple(codes), gone=gone, waiting=waiting)

    def tidy(self, now: int) -> int:
        """Take away removed people of whom no lock has a code any more, with all that is theirs; how many.

        Codes that ended long ago go too, where no lock has them.
        """
        with self._changing(now) as change:
            removed = [one.id for one in change.register.people.values() if one.ended]
            gone = [id_ for id_ in removed if not _waiting(self.records.entries_of(id_, change.connection))]
            for id_ in gone:
                self.records.forget_within(change.connection, id_)
            self.records.forget_codes_within(change.connection, now - LATELY, OPENS)
        return len(gone)

    # Grants

    def add_grant(self, grant: Grant, now: int) -> Changed:
        """Give leave. Its id and `made` are set here; doors and whom it is to are checked. Who has no code gets one."""
        with self._changing(now) as change:
            fresh = fresh_id("g", change.register.grants)
            made = _grant(change.register, msgspec.structs.replace(grant, id=fresh, made=now, used=0, ended=0), now)
            change.put.append(made)
            change.tell_grant("added", made)
            codes = change.needed_codes(change.register.members(made.to))
        return Changed(grants=(made,), credentials=codes)

    def change_grant(self, grant: Grant, now: int, *, seen: Grant | None = None) -> Changed:
        """Put a grant in the place of the one with its id. UsageError when that has ended, or is not as it was `seen`.

        Uses that were counted meanwhile are no change.
        """
        with self._changing(now) as change:
            before = change.register.grant(grant.id)
            if before.ended:
                raise UsageError(f"the grant {grant.id!r} has ended", todo="Make another: nightlatch grant add")
            if seen is not None and msgspec.structs.replace(seen, used=before.used) != before:
                raise UsageError("somebody else changed this grant meanwhile", todo="Look at it as it is now.")
            # Uses go on being counted while somebody thinks about a change.
            kept = msgspec.structs.replace(grant, made=before.made, used=before.used, ended=0)
            made = _grant(change.register, kept, now)
            if made == before:
                raise UsageError("nothing would be other than it is", todo="Say what to change: --help")
            change.put.append(made)
            change.tell_grant("changed", made)
            codes = change.needed_codes(change.register.members(made.to))
        return Changed(grants=(made,), credentials=codes)

    def end_grant(self, id_: str, now: int) -> Changed:
        """End a grant now."""
        with self._changing(now) as change:
            before = change.register.grant(id_)
            if before.ended:
                raise UsageError(f"the grant {id_!r} has ended already")
            return Changed(grants=(change.end_grant(before),))

    # Codes

    def new_codes(self, person: str, now: int, *, digits: int | None = None) -> Changed:
        """Make codes by chance in the place of somebody's present ones: as many as their locks' lengths need.

        With `digits` one of that length, in the place of those that are as long.
        """
        if digits is not None and not SHORTEST <= digits <= LONGEST:
            raise UsageError(f"a code has {SHORTEST} to {LONGEST} digits, and not {digits}", where="--digits")
        with self._changing(now) as change:
            change.register.person(person)
            bounds = change.register.lengths(person, now)
            if (
                digits is not None
                and digits < LONG_ENOUGH
                and not any(a <= digits <= b < LONG_ENOUGH for a, b in bounds)
            ):
                what = f"fewer than {LONG_ENOUGH} digits are weak, and no lock of {person} needs a code of {digits}"
                raise UsageError(what, where="--digits")
            lengths = (digits,) if digits is not None else needed(bounds)
            taken = list(self.vault.pins().values())
            old = [one for one in change.register.active(person) if digits is None or one.digits == digits]
            ended = tuple(change.end_code(one) for one in old)
            made = change.make_codes(person, lengths, taken)
        return Changed(credentials=(*made, *ended))

    def choose_code(self, person: str, pin: Secret, now: int) -> Changed:
        """Take a PIN that the owner chose, in the place of somebody's of its length. UsageError says what is wrong."""
        with self._changing(now) as change:
            change.register.person(person)
            bounds = change.register.lengths(person, now)
            mine = {one.id for one in change.register.credentials.values() if one.person == person}
            every = self.vault.pins()
            # One that was theirs before may be theirs again.
            taken = [other for credential, other in every.items() if not (credential in mine and other == pin)]
            pins.check(pin, taken, self._catalogue(), min((most for _, most in bounds), default=LONGEST))
            if bounds and not any(least <= len(pin) <= most for least, most in bounds):
                wanted = listed([f"{least} to {most}" for least, most in bounds])
                raise UsageError(f"no lock that {person} may open takes a code of {len(pin)} digits, but {wanted}")
            old = [one for one in change.register.active(person) if one.digits == len(pin)]
            ended = tuple(change.end_code(one) for one in old)
            made = change.keep_code(person, pin, chosen=True)
        return Changed(credentials=(made, *ended))

    def end_code(self, person: str, now: int) -> Changed:
        """End every code of somebody now."""
        with self._changing(now) as change:
            change.register.person(person)
            ended = tuple(change.end_code(one) for one in change.register.active(person))
            if not ended:
                raise UsageError(f"{person} has no code")
            return Changed(credentials=ended)

    def missing_codes(self, people: Iterable[str], now: int) -> Changed:
        """Make what codes somebody lacks for the locks that their grants reach, as when a lock tells its rules."""
        with self._changing(now) as change:
            return Changed(credentials=change.needed_codes(people))

    def reveal(self, person: str, now: int, *, why: str = "shown") -> list[tuple[Credential, Secret]]:
        """Somebody's PINs in clear, newest first; that they were revealed, and `why`, is in the journal before."""
        with self._changing(now) as change:
            change.register.person(person)
            codes = change.register.active(person)
            for one in codes:
                change.tell("credential", "revealed", person=person, value=one.id, detail=why)
        return [(one, self.vault.pin(one.id)) for one in codes]

    # Locks

    def retire(self, locks: Iterable[str], now: int, *, foreign: bool) -> list[Retired]:
        """Give locks up: every code that a grant put there comes off, with `foreign` every other too."""
        with self._changing(now) as change:
            made = [Retired(lock, now, foreign) for lock in locks]
            for one in made:
                change.put.append(one)
                which = "every code comes off it" if foreign else "every code that Nightlatch put there comes off it"
                change.tell("grant", "retired", value=one.id, detail=f"{change.register.name(one.id)}: {which}")
        return made

    def unretire(self, locks: Iterable[str], now: int) -> list[Retired]:
        """Take that back: grants reach these locks again. UsageError for one that was not given up."""
        with self._changing(now) as change:
            taken = [change.register.retired.get(lock) or Retired(lock, 0) for lock in locks]
            for one in taken:
                if not one.at:
                    raise UsageError(f"{change.register.name(one.id)} was not given up")
                change.remove.append(one)
                change.tell("grant", "unretired", value=one.id, detail=change.register.name(one.id))
        return taken

    # Feeds

    def add_feed(self, feed: Feed, address: Secret, now: int) -> Changed:
        """Keep a calendar feed; its address is sealed. Its id is set here where it has none."""
        with self._changing(now) as change:
            id_ = feed.id or fresh_id("f", change.register.feeds)
            if not _ID.fullmatch(id_) or id_ in change.register.feeds:
                raise UsageError(f"{id_!r} is the id of another feed, or no id")
            made = msgspec.structs.replace(feed, id=id_, doors=change.register.doors(feed.doors))
            _put_feed(change, "added", made)
            self.vault.keep_within(change.connection, f"feed:{id_}", address)
        return Changed(feeds=(made,))

    def change_feed(self, feed: Feed, now: int, *, address: Secret | None = None) -> Changed:
        """Put a feed, and where given its address, in the place of the one with its id."""
        with self._changing(now) as change:
            _feed(change.register, feed.id)
            made = msgspec.structs.replace(feed, doors=change.register.doors(feed.doors))
            _put_feed(change, "changed", made)
            if address is not None:
                self.vault.keep_within(change.connection, f"feed:{feed.id}", address)
        return Changed(feeds=(made,))

    def remove_feed(self, id_: str, now: int) -> Changed:
        """Read a feed no more. The grants that came from it stay until they end, or are ended."""
        with self._changing(now) as change:
            feed = _feed(change.register, id_)
            change.remove.append(feed)
            change.unseal.append(f"feed:{id_}")
            change.tell("feed", "removed", value=id_)
        return Changed(feeds=(feed,))

    # How a change is made

    @contextmanager
    def _changing(self, now: int) -> Iterator[Change]:
        with self.records.writing() as connection:
            register = Register.load(self.configuration, self.records, lengths=self._lengths, within=connection)
            change = Change(register, connection, now, self.vault, self._catalogue)
            yield change
            self.records.change_within(connection, change.put, change.remove, unseal=change.unseal)
            if change.events:
                self._journal.append(change.events)


def _grant(register: Register, grant: Grant, now: int) -> Grant:
    try:
        check_schedule(grant.schedule, register.zone)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if grant.ends and grant.ends <= now:
        raise UsageError("it would end before it is given", todo="Say a later end.")
    if grant.ends and grant.starts >= grant.ends:
        raise UsageError("it would end before it begins")
    if grant.uses < 0:
        raise UsageError("a number of uses is 1 or more; 0 is any number")
    for text in (grant.reason, grant.by):
        _text(text)
    return msgspec.structs.replace(grant, to=register.to(grant.to), doors=register.doors(grant.doors))


def _put_feed(change: Change, name: str, feed: Feed) -> None:
    _text(feed.name)
    change.put.append(feed)
    told = msgspec.structs.replace(feed, name="", trouble="")
    change.tell("feed", name, value=feed.id, detail=listed([change.register.name(one) for one in feed.doors]), raw=told)


def _person(person: Person) -> Person:
    if person.role not in ROLES:
        raise UsageError(f"{person.role!r} is no role", todo=f"It is one of {listed(ROLES)}.")
    for group in person.groups:
        if not _ID.fullmatch(group):
            raise UsageError(f"{group!r} cannot be a group: letters, digits, -, _ and . only, at most 64")
    _text(person.name)
    return person


def _text(text: str) -> None:
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise UsageError(f"a name or reason is at most {LONGEST_TEXT} printable characters on one line")


def _ours(register: Register, id_: str) -> None:
    if id_ in register.configured:
        where = register.configured[id_].name or id_
        raise UsageError(f"{where} is in nightlatch.toml", todo="Change their [[people]] table there.")


def _feed(register: Register, id_: str) -> Feed:
    if id_ not in register.feeds:
        raise UsageError(f"there is no feed {id_!r}", todo=f"There are: {listed(register.feeds) or 'none'}.")
    return register.feeds[id_]


def _described(person: Person) -> str:
    groups = f", in {listed(person.groups)}" if person.groups else ""
    return f"{person.name}, {person.role}{groups}"


def _waiting(lines: Iterable[Entry]) -> tuple[str, ...]:
    """The locks that may have a code of these lines on them that Nightlatch put there."""
    return tuple(dict.fromkeys(one.lock for one in lines if one.credential and one.state in OPENS))
