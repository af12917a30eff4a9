"""Access in a running Nightlatch: the register, the plan and the reconciler, kept in step with what people change."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from nightlatch.access.adopting import Kept
from nightlatch.access.feeds.following import Feeds
from nightlatch.access.holders import Given, given
from nightlatch.access.known import last_known, learnt
from nightlatch.access.reconciler.chooser import Step
from nightlatch.access.reconciler.driver import Reconciler
from nightlatch.access.reconciler.settings import Limits
from nightlatch.access.reconciler.uses import Uses
from nightlatch.access.register import Bounds, Register
from nightlatch.access.registrar import Registrar
from nightlatch.access.vault import Vault
from nightlatch.access.wanting import Plan
from nightlatch.configuration.durations import duration
from nightlatch.configuration.read import Configuration
from nightlatch.errors import NightlatchError, StoreError, UsageError
from nightlatch.guard.known import credentials
from nightlatch.guard.listening import Listener
from nightlatch.journal.journal import Journal
from nightlatch.model.access import Entry, Grant
from nightlatch.model.command import Outcome
from nightlatch.model.document import Audit
from nightlatch.model.event import Event, instant
from nightlatch.secrets import Secret
from nightlatch.service.clock import steady
from nightlatch.store.access import AccessRecords

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often it is looked whether somebody changed something without a word."""
MOST_UNCOUNTED = 100_000
"""Entries of the journal that are looked at for uses that were not counted: a start must not take long."""
TIDY_S = 3600.0
"""How often it is looked for what is left over, where nothing calls for it before."""
AGAIN_S = 60.0
"""After how long that is tried again which could not be done."""
REMEMBERED = 10_000
"""Ended steps that are kept for who asks how it goes."""


class Todo(msgspec.Struct, frozen=True):
    """One thing that is to be done at a lock, or was: for people and programs. It holds no code."""

    lock: str
    act: str
    why: str
    slot: int = 0
    credential: str = ""
    person: str = ""
    ending: str = ""
    """How it ended; nothing before it did."""
    what: str = ""


class Progress(msgspec.Struct, frozen=True):
    """How far the locks match. `number` counts every step that ended since the service began."""

    number: int
    done: tuple[Todo, ...]
    todo: tuple[Todo, ...]
    waiting: bool
    """Whether what is left waits for a lock that does not answer or for a time to come."""
    trouble: str = ""


class _Closed:
    """In the place of a vault that cannot be opened: codes still come off locks, and none is put there."""

    def __init__(self, error: NightlatchError) -> None:
        self._error = error

    def pin(self, _credential: str) -> Secret:
        """Say why it cannot be had."""
        raise self._error

    def mark(self, _pin: Secret) -> str:
        """Codes are not told apart without the key."""
        return ""

    def pins(self) -> dict[str, Secret]:
        """As `pin`."""
        raise self._error

    def keep_within(self, _connection: object, _name: str, _secret: Secret) -> None:
        """As `pin`."""
        raise self._error


def _limits(configuration: Configuration) -> Limits:
    table = configuration.tables.access
    try:
        deadline_s = duration(table.deadline) // 1_000_000
    except ValueError as error:
        raise configuration.error(str(error), "access", "deadline") from None
    return Limits(deadline_s, table.lock_messages_per_hour, table.hub_messages_per_hour)


class Access:
    """Keeps locks as the grants want them."""

    def __init__(
        self,
        configuration: Configuration,
        folder: Path,
        records: AccessRecords,
        listener: Listener,
        *,
        env: Mapping[str, str],
        clock: Callable[[], int],
        tell: Callable[[Event], Awaitable[asyncio.Future[int]]],
        journal: Journal,
        changed: Callable[[], None] = lambda: None,
        background: bool = True,
        may: Callable[[Step], bool] = lambda _: True,
    ) -> None:
        self._configuration = configuration
        self._records = records
        self._listener = listener
        self._clock = clock
        self._lengths = last_known(configuration, records)
        self._changed = changed
        self._done: deque[Todo] = deque(maxlen=REMEMBERED)
        self._number = 0
        self._version = records.version()
        self._heard: dict[str, bool] = {}
        self._untidy = asyncio.Event()
        self.trouble = ""
        """Why codes cannot be set; nothing when they can."""
        self.register = self._load()
        self._folder = folder
        self._vault: Vault | None = None
        vault: Vault | _Closed
        try:
            vault = self._vault = Vault.open(folder, records, configuration, env)
        except NightlatchError as error:
            log.error("access: %s", error)
            self.trouble = str(error)
            vault = _Closed(error)
        self.plan = Plan(self.register, records.rules(), clock())
        self._owner = Kept(
            records,
            vault,
            clock=clock,
            tell=tell,
            renewed=self.renew,
            wanted=self._wanted,
            explained={(f"lock:{lock}", slot): person for (lock, slot), person in credentials(configuration).items()},
        )
        self._owner.renew(self.register)
        uses = Uses(records, self._granted, lambda: configuration.zone, self.renew)
        self.reconciler = Reconciler(
            self.plan,
            records,
            vault,
            listener.command,
            clock=clock,
            tell=tell,
            limits=_limits(configuration),
            zone=lambda: configuration.tables.home.timezone,
            hub=listener.hub_of,
            locks=self.register.locks,
            background=background,
            done=self._ended,
            uses=uses,
            owner=self._owner,
            may=may,
            monotonic=steady,
        )
        self._recount(uses, journal)
        listener.watch(self._stood)

    @property
    def vault(self) -> Vault:
        """Where PINs are sealed; StoreError when it cannot be opened."""
        if self._vault is None:
            raise StoreError(self.trouble)
        return self._vault

    @property
    def records(self) -> AccessRecords:
        """What is kept of access."""
        return self._records

    @property
    def lengths(self) -> Mapping[str, Bounds]:
        """How many digits each lock takes, as far as that is known."""
        return self._lengths

    async def run(self) -> None:
        """Keep the locks until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.reconciler.run(), name="reconciler")
            group.create_task(self._look(), name="changes of access")

    async def _look(self) -> None:
        trouble = ""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                self.look()
                trouble = ""
            except NightlatchError as error:
                # Locks are kept by what was known before, and it is looked again.
                if trouble != str(error):
                    log.warning("access: what people changed cannot be read: %s", error)
                trouble = str(error)

    def look(self) -> None:
        """Take what people changed of access since, if they did."""
        version = self._records.version()
        if version != self._version:
            self.renew()
            self._version = version

    def renew(self) -> None:
        """Take it as it is now."""
        self.register = self._load()
        self.reconciler.renew(self.register)
        self.reconciler.said(self._owner.renew(self.register))
        self._changed()

    def audited(self, audit: Audit) -> None:
        """Take what a newer audit knows of the locks' codes.

        What it does not know this time, as when a hub was away, is as it was: else other codes would be wanted.
        """
        # The same mapping: whoever makes codes shares it, and people who lack one by it get theirs at once.
        self._lengths.update(learnt(self._configuration, self._records, audit))
        self.renew()
        self._untidy.set()

    def heard(self, index: int, event: Event) -> None:
        """Take an event that is in the journal, there as entry `index`."""
        self.reconciler.heard(event, index)
        if event.kind == "ledger":
            self._changed()
            if event.value == "absent":
                self._untidy.set()

    def survey(self, locks: Iterable[str]) -> None:
        """Read what is on these locks, slot by slot."""
        self.reconciler.survey(locks)

    def _wanted(self, lock: str, credential: str) -> bool:
        want, now = self.plan.wants(lock).get(credential), self._clock()
        return want is not None and want.begins <= now and (not want.ends or now < want.ends)

    def progress(self, since: int) -> Progress:
        """What ended after the first `since` steps, and what is left."""
        new = self._number - since
        done = tuple(self._done)[-new:] if new > 0 else ()
        todo = tuple(self._words(step) for step in self.reconciler.steps())
        return Progress(self._number, done, todo, self.reconciler.still(), self.trouble)

    def lines(self) -> Iterator[Entry]:
        """Every line of the ledger."""
        return (line for keeper in self.reconciler.keepers.values() for line in keeper.lines.values())

    def given(self) -> Given:
        """Whose codes are on which lock, and when they may be used, as of now."""
        lines = self.lines()
        register = self.register
        doors = {lock: door for lock, door in register.locks.items() if door}
        return given(lines, register.people.values(), register.grants.values(), doors)

    async def keep_house(self) -> None:
        """Follow the calendars, make codes that locks turn out to want, and let go of who has left; until cancelled.

        All of it is done in threads, which have a journal of their own to write to. It is a part of its own: what
        breaks it keeps no code on a lock.
        """
        vault = self._vault
        if vault is None:
            return
        journal = await asyncio.to_thread(Journal.open, self._folder)
        try:
            registrar = Registrar(self._configuration, self._records, vault, journal, lengths=self._lengths)
            feeds = Feeds(registrar, clock=lambda: instant(self._clock()), tell=registrar.tell)
            async with asyncio.TaskGroup() as group:
                group.create_task(feeds.run(), name="calendars")
                group.create_task(self._tidy(registrar), name="tidying")
        finally:
            journal.close()

    async def _tidy(self, registrar: Registrar) -> None:
        trouble = ""
        while True:
            self._untidy.clear()
            wait = TIDY_S
            try:
                lacking = {one for lock in self.plan.locks() for one in self._lacking(lock)}
                if lacking:
                    await self._make_codes(registrar, lacking)
                await asyncio.to_thread(registrar.tidy, self._clock())
                self.look()
                trouble = ""
            except NightlatchError as error:
                # The calendars are followed all the same.
                if trouble != str(error):
                    log.warning("access: what is left over waits: %s", error)
                trouble, wait = str(error), AGAIN_S
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._untidy.wait()

    async def _make_codes(self, registrar: Registrar, people: Iterable[str]) -> None:
        try:
            await asyncio.to_thread(registrar.missing_codes, people, self._clock())
        except UsageError as error:
            log.warning("access: %s", error)
            # Whoever can have one does not wait for the one who cannot.
            for person in people:
                with suppress(UsageError):
                    await asyncio.to_thread(registrar.missing_codes, (person,), self._clock())

    def _lacking(self, lock: str) -> Iterable[str]:
        """Who has a grant at a lock, and no code that it takes."""
        yield from self.plan.without(lock)
        yield from (one.person for one in self.plan.blocked(lock).values())

    def _granted(self, person: str, at: int) -> list[Grant]:
        """What somebody's opening may have used up: no grant that was made after it."""
        return [grant for grant in self.register.granted(person, at) if grant.made <= at]

    def _recount(self, uses: Uses, journal: Journal) -> None:
        """Count the openings that the journal holds and a service before this one did not come to count."""
        size = journal.size
        if not any(grant.uses for grant in self.register.grants.values()) or uses.since() > size:
            # Nothing is to be counted; or the journal is another than the one that was counted in.
            uses.begin(size)
            return
        for entry in journal.entries(max(uses.since(), size - MOST_UNCOUNTED), size):
            if entry.event is not None and entry.event.kind == "unlocked":
                self.reconciler.heard(entry.event, entry.index)

    def _load(self) -> Register:
        return Register.load(self._configuration, self._records, lengths=self._lengths)

    def _stood(self, lock: str) -> None:
        """A lock's standing changed: one whose hub is heard again can be commanded again."""
        standing = self._listener.states.get(lock)
        connected = standing is not None and standing.connected
        if connected != self._heard.get(lock, False):
            # At once: what its hub tells of it comes by way of the journal.
            self.reconciler.heard(Event(self._clock(), "online" if connected else "offline", lock))
        self._heard[lock] = connected

    def _ended(self, step: Step, outcome: Outcome) -> None:
        self._number += 1
        if outcome.rules is not None:
            self._untidy.set()
        self._done.append(msgspec.structs.replace(self._words(step), ending=outcome.ending, what=outcome.what))

    def _words(self, step: Step) -> Todo:
        credential = self.register.credentials.get(step.credential)
        person = credential.person if credential is not None else ""
        return Todo(step.lock, step.act.value, step.why, step.slot, step.credential, person)
