"""Runs the keepers: one task for each lock, woken when something changes or a time has come."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Protocol

from nightlatch.access import ledger
from nightlatch.access.reconciler.budget import Bucket
from nightlatch.access.reconciler.chooser import Step
from nightlatch.access.reconciler.desk import Desk
from nightlatch.access.reconciler.keeper import Keeper
from nightlatch.access.reconciler.owner import Owner
from nightlatch.access.reconciler.settings import Limits
from nightlatch.access.reconciler.uses import Opening, Uses
from nightlatch.errors import JournalError, StoreError
from nightlatch.model.access import Entry
from nightlatch.model.command import Command, Outcome, Rules
from nightlatch.model.event import Event
from nightlatch.secrets import Secret

if TYPE_CHECKING:
    from nightlatch.access.wanting import Known, Plan

log = logging.getLogger(__name__)

SECOND = 1_000_000
BROKEN_S = 60.0
"""For how long a lock is left alone after a defect."""
LOOK_S = 30.0
"""How often a lock is looked at although nothing changed: clocks are set."""
AT_ONCE = 64
"""Commands that are on their way at the same time, to all locks."""
TURN_S = 1.0
"""For how long a command waits for the one before it to another lock of its hub."""
WRITTEN_S = 2.0
"""For how long the journal's disk is waited for before a code is set; a full one keeps no code on a lock."""
PATIENCE_S = 30.0
CHANGES = frozenset(("code_added", "code_changed", "code_removed"))
NOT_HEARD = frozenset(("offline", "command", "outcome", "ledger", "credential", "grant", "alert", "delivery"))
"""Events about a lock that it, or its hub, does not tell because it is there."""


class Records(Protocol):
    """Where the ledger is kept."""

    def entries(self, locks: Iterable[str] | None = None) -> list[Entry]:
        """Its lines."""

    def put_entries(self, entries: Iterable[Entry], gone: Iterable[ledger.Key] = ()) -> None:
        """Write lines and take others away, in one transaction."""

    def rules(self) -> dict[str, Rules]:
        """What each lock keeps to, as it was last read."""

    def put_rules(self, lock: str, rules: Rules) -> None:
        """Keep what a lock told of itself."""


class Vault(Protocol):
    """Where PINs are."""

    def pin(self, credential: str) -> Secret:
        """A credential's; NightlatchError when there is none."""

    def mark(self, pin: Secret) -> str:
        """What tells a code from another without being one."""


class Reconciler:
    """Makes the locks match the plan. Nobody else writes the ledger while it runs.

    `clock` gives µs since 1970; `monotonic` seconds of a clock that is never set. `tell` is the
    journal's intake. `hub` names the hub whose radio reaches a lock; `locks` are those that there
    are. `background`: slots are read again, within the limits, to see whether they are as they were.
    `done` is told of every command. `owner` says what becomes of codes that no grant explains; `may`
    tells which steps are taken at all. `uses` counts those of grants that hold for a number of them.
    """

    def __init__(
        self,
        plan: Plan,
        records: Records,
        vault: Vault,
        command: Callable[[Command], Awaitable[Outcome]],
        *,
        clock: Callable[[], int],
        tell: Callable[[Event], Awaitable[asyncio.Future[int]]],
        limits: Limits | None = None,
        zone: Callable[[], str] = lambda: "UTC",
        hub: Callable[[str], str] = lambda _: "",
        locks: Iterable[str] = (),
        background: bool = True,
        done: Callable[[Step, Outcome], None] = lambda _step, _outcome: None,
        owner: Owner | None = None,
        may: Callable[[Step], bool] = lambda _: True,
        uses: Uses | None = None,
        chance: Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan = plan
        self._records = records
        self._command = command
        self._clock = clock
        self._monotonic = monotonic
        self._tell = tell
        self._hub = hub
        self._background = background
        self._limits = limits or Limits()
        self._uses = uses
        self._writing = asyncio.Lock()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._hubs: dict[str, Bucket] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._settling = asyncio.Condition()
        self._group: asyncio.TaskGroup | None = None
        self._retime = asyncio.Event()
        self._desk = Desk(
            wants=plan.wants,
            blocked=plan.blocked,
            learn=self._learn,
            pin=vault.pin,
            mark=vault.mark,
            put=self._put,
            command=self._send,
            clock=clock,
            monotonic=monotonic,
            tell=self._journal,
            chance=chance or Random(),  # noqa: S311  # spreads attempts in time, guards nothing
            limits=self._limits,
            zone=zone,
            done=done,
            owner=owner or Owner(),
            may=may,
        )
        lines: defaultdict[str, list[Entry]] = defaultdict(list)
        for line in records.entries():
            lines[line.lock].append(line)
        known = records.rules()
        self.keepers: dict[str, Keeper] = {}
        for lock in sorted({*plan.locks(), *lines, *locks}):
            self._keep(lock, lines[lock], known.get(lock))

    def _keep(self, lock: str, lines: Sequence[Entry] = (), rules: Rules | None = None) -> Keeper:
        hub = self._hub(lock)
        if hub not in self._hubs:
            self._hubs[hub] = Bucket(self._limits.hub_messages_per_hour, self._monotonic())
        keeper = self.keepers[lock] = Keeper(lock, lines, self._desk, self._hubs[hub], background=self._background)
        keeper.slots.rules = rules
        return keeper

    # Running

    async def run(self) -> None:
        """Keep every lock until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._group:
                self._group.create_task(self._time(), name="times of grants")
                if self._uses is not None:
                    self._group.create_task(self._uses.run(), name="uses of grants")
                for keeper in self.keepers.values():
                    self._start(keeper)
        finally:
            self._group = None

    def _start(self, keeper: Keeper) -> None:
        if self._group is not None:
            self._group.create_task(self._watch(keeper), name=f"codes of {keeper.lock}")

    async def _watch(self, keeper: Keeper) -> None:
        while True:
            keeper.changed.clear()
            try:
                soonest, due = await keeper.look(), keeper.next_due()
            except Exception as error:  # noqa: BLE001  # the boundary where a defect at one lock must not end the others
                # Without the exception's text, which might hold what was being read.
                place = "".join(traceback.format_tb(error.__traceback__))
                log.error("%s: keeping its codes broke (%s)\n%s", keeper.lock, type(error).__name__, place)
                soonest = keeper.needed = self._monotonic() + BROKEN_S
                due = 0
            async with self._settling:
                self._settling.notify_all()
            wait = min(soonest - self._monotonic(), LOOK_S)
            if due:
                wait = min(wait, (due - self._clock()) / SECOND)
            if wait <= 0:
                await asyncio.sleep(0)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await keeper.changed.wait()

    async def _time(self) -> None:
        """Wake the locks at which a span of a grant begins or ends."""
        while True:
            self._retime.clear()
            now = self._clock()
            self._wake(self.plan.advance(now))
            due = self.plan.due()
            wait = LOOK_S if due is None else min(max((due - now) / SECOND, 0.0), LOOK_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._retime.wait()

    def _wake(self, locks: Iterable[str]) -> None:
        for lock in locks:
            keeper = self.keepers.get(lock)
            if keeper is None:
                keeper = self._keep(lock)
                self._start(keeper)
            keeper.needed = 0.0
            keeper.changed.set()

    # What changes

    def renew(self, register: Known) -> None:
        """Take what people changed of who may open what."""
        touched = self.plan.renew(register, self._clock())
        self._wake(touched)
        for lock in touched:
            self.keepers[lock].again()
        self._retime.set()

    def said(self, locks: Iterable[str]) -> None:
        """The owner said something of codes on these locks."""
        self._wake(locks)

    def survey(self, locks: Iterable[str]) -> None:
        """Read what is on these locks, slot by slot, outside of the budgets: somebody asked."""
        for lock in locks:
            if lock not in self.keepers:
                self._wake((lock,))
            self.keepers[lock].survey()

    def heard(self, event: Event, index: int | None = None) -> None:
        """Take what a lock or hub told, once it is in the journal, there as entry `index`."""
        keeper = self.keepers.get(event.about)
        if event.kind == "unlocked" and event.slot and keeper is not None:
            self._opened(keeper, event, index)
        if event.kind in CHANGES and keeper is not None:
            keeper.reported(event.kind, event.slot, resync=event.resync)
        elif event.kind in ("offline", "online") and keeper is not None:
            keeper.missed()
        elif event.kind in ("connected", "gap"):
            for lock, one in self.keepers.items():
                if self._hub(lock) in ("", event.about):
                    if event.kind == "connected":
                        one.back()
                    else:
                        one.missed()
        elif event.kind == "clock_step":
            self.plan.stepped(self._clock())
            self._wake(tuple(self.keepers))
            self._retime.set()
        if keeper is not None and event.kind not in NOT_HEARD and not event.resync:
            keeper.back()

    def _opened(self, keeper: Keeper, event: Event, index: int | None) -> None:
        line = keeper.opened(event.slot, event.at)
        if line is None or index is None or self._uses is None:
            return
        want = self.plan.wants(keeper.lock).get(line.credential)
        if want is not None:
            self._uses.add(Opening(index, event, line, frozenset(want.grants)))

    def steps(self) -> list[Step]:
        """What would be sent now, lock by lock, in order: nothing is sent."""
        return [step for keeper in self.keepers.values() for step in keeper.steps()]

    async def settled(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until no lock has anything to do now, or within so many seconds."""
        async with self._settling:
            await self._settling.wait_for(lambda: self.still(patience_s))

    def still(self, patience_s: float = PATIENCE_S) -> bool:
        """Whether no lock has anything to do now, or within so many seconds."""
        until = self._monotonic() + patience_s
        return all(keeper.needed > until for keeper in self.keepers.values())

    # What keepers share

    def _learn(self, lock: str, outcome: Outcome) -> None:
        if outcome.rules is not None and self.plan.rules(lock) != outcome.rules:
            try:
                self._records.put_rules(lock, outcome.rules)
            except StoreError as error:
                log.warning("%s: what it keeps to is asked again after a restart: %s", lock, error)
            self._wake(self.plan.learn(lock, outcome.rules, self._clock()))

    async def _send(self, command: Command) -> Outcome:
        """Send a command. Those to one hub take turns: at once, they would be in each other's way on the radio."""
        turn = self._turns[self._hub(str(command.about))]
        mine = False
        with suppress(TimeoutError):
            # No longer than that: a lock that does not answer must not keep the others waiting.
            async with asyncio.timeout(TURN_S):
                mine = await turn.acquire()
        try:
            async with self._room:
                return await self._command(command)
        finally:
            if mine:
                turn.release()

    async def _put(self, entries: Sequence[Entry], gone: Sequence[ledger.Key]) -> None:
        async with self._writing:
            await asyncio.to_thread(self._records.put_entries, entries, gone)

    async def _journal(self, events: Sequence[Event]) -> None:
        """Have events written; StoreError while the disk does not take them. They are written once it does."""
        try:
            async with asyncio.timeout(WRITTEN_S):
                written = [await self._tell(event) for event in events]
                if written:
                    await asyncio.wait(written)
        except (TimeoutError, JournalError):
            raise StoreError("the journal cannot be written", todo="Is the disk full?") from None
