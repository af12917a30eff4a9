"""What tests of the reconciler share: a simulated home on a clock of the test, and what is wanted in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from random import Random
from typing import Any

import msgspec

from nightlatch.access import ledger
from nightlatch.access.reconciler import Limits, Reconciler
from nightlatch.access.wanting import Blocked
from nightlatch.ecosystems._simulated.house import House
from nightlatch.ecosystems._simulated.lock import Kept, SimulatedLock
from nightlatch.ecosystems._simulated.plan import CodeRules
from nightlatch.ecosystems.interface import Link
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.errors import NightlatchError, StoreError
from nightlatch.model.access import Entry
from nightlatch.model.command import ClearCode, Command, Limit, Outcome, ReadCodes, Rules, SetCode
from nightlatch.model.event import Event, micros
from nightlatch.model.evidence import Ref
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter, Secret

SECOND = 1_000_000
MONDAY = micros(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
FRONT = "lock:front"


class Want(msgspec.Struct, frozen=True):
    """As `wanting.Want` is."""

    lock: str
    credential: str
    person: str
    begins: int
    ends: int
    limits: tuple[Limit, ...] = ()
    grants: tuple[str, ...] = ()


class Wanted:
    """Stands for the plan: what a test wants on each lock."""

    def __init__(self) -> None:
        self.all: dict[str, dict[str, Want]] = {}
        self.reasons: dict[str, dict[str, Blocked]] = {}
        self.known: dict[str, Rules] = {}

    def wants(self, lock: str) -> Mapping[str, Any]:
        return self.all.get(lock, {})

    def blocked(self, lock: str) -> Mapping[str, Blocked]:
        return self.reasons.get(lock, {})

    def locks(self) -> Iterable[str]:
        return self.all.keys()

    def rules(self, lock: str) -> Rules | None:
        return self.known.get(lock)

    def learn(self, lock: str, rules: Rules, now: int) -> set[str]:
        self.known[lock] = rules
        return {lock}

    def advance(self, now: int) -> set[str]:
        return set()

    def renew(self, register: object, now: int) -> set[str]:
        return set(self.all)

    def stepped(self, now: int) -> set[str]:
        return set(self.all)

    def due(self) -> int | None:
        return None

    def edges(self, now: int) -> list[int]:
        """When something begins or ends after now."""
        wants = [want for at in self.all.values() for want in at.values()]
        return [at for want in wants for at in (want.begins, want.ends) if at > now]


class Crash(Exception):
    """The process is gone."""


class Disk:
    """Stands for the database: what outlives a restart."""

    def __init__(self, moment: Callable[[str], None]) -> None:
        self._moment = moment
        self.ledger: dict[ledger.Key, Entry] = {}
        self.known: dict[str, Rules] = {}
        self.full = False

    def entries(self, locks: Iterable[str] | None = None) -> list[Entry]:
        return [line for line in self.ledger.values() if locks is None or line.lock in set(locks)]

    def put_entries(self, entries: Iterable[Entry], gone: Iterable[ledger.Key] = ()) -> None:
        self._moment("before the disk")
        if self.full:
            raise StoreError("the disk is full")
        for key in gone:
            self.ledger.pop(key, None)
        for line in entries:
            self.ledger[ledger.key(line)] = line
        self._moment("after the disk")

    def rules(self) -> dict[str, Rules]:
        return dict(self.known)

    def put_rules(self, lock: str, rules: Rules) -> None:
        self.known[lock] = rules


class Pins:
    """Stands for the vault."""

    def __init__(self) -> None:
        self.all: dict[str, Secret] = {}

    def pin(self, credential: str) -> Secret:
        try:
            return self.all[credential]
        except KeyError:
            raise NightlatchError("is not kept", where=credential) from None

    def mark(self, code: Secret) -> str:
        return f"key:{blake2b(code.reveal().encode(), digest_size=4).hexdigest()}"


def pin(person: str) -> Secret:
    """The same for a person in every test; below 600000, where nobody at a keypad chooses theirs."""
    return Secret(str(200_000 + int(blake2b(person.encode()).hexdigest(), 16) % 399_999))


class Home:
    """A simulated home, and the reconciler of it; the test moves the clock."""

    def __init__(
        self, keeps: CodeRules | None = None, *, limits: Limits | None = None, at: int = MONDAY, **settings: Any
    ) -> None:
        self.at, self.mono = at, at / SECOND
        self.wanted, self.disk, self.pins = Wanted(), Disk(self._at_moment), Pins()
        self.crash: tuple[str, int] | None = None
        """At which moment the process is to end, and after how many of them."""
        settings = {"people": 0, "answer_s": 0.0, "codes": keeps or CodeRules(), **settings}
        context = Context("simulated", "simulated", datetime.now(UTC), Fingerprinter(), lambda: self.at)
        self.plug = Simulated(Simulated.Settings(**settings), context)
        self.limits = limits or Limits()
        self.events: list[Event] = []
        self.sent: list[Command] = []
        self.connected = True
        self.ear = self.house.listen(lambda: None)
        self.reconciler = self.start()

    @property
    def house(self) -> House:
        return self.plug.house

    @property
    def front(self) -> SimulatedLock:
        return self.house.locks["front"]

    @property
    def records(self) -> Any:
        """Where the ledger is kept."""
        return self.disk

    def start(self, *, background: bool = True) -> Reconciler:
        """As after a restart: only the disk is left."""
        self.reconciler = Reconciler(
            self.wanted,  # type: ignore[arg-type]  # it stands for the plan
            self.records,
            self.pins,
            self.command,
            clock=lambda: self.at,
            monotonic=lambda: self.mono,
            tell=self.tell,
            limits=self.limits,
            background=background,
            chance=Random(1),
        )
        return self.reconciler

    async def tell(self, event: Event) -> asyncio.Future[int]:
        self.events.append(event)
        written = asyncio.get_running_loop().create_future()
        written.set_result(len(self.events))
        return written

    async def command(self, command: Command) -> Outcome:
        """As the listener does: by the hub's own name of the lock, and never raising."""
        self.sent.append(command)
        kind, _, key = str(command.about).partition(":")
        link: Link
        self._at_moment("before a command")
        before = dict(self.house.locks[key].codes)
        try:
            async with self.plug.connect() as link:
                outcome = await link.command(msgspec.structs.replace(command, about=Ref(kind, f"simulated:{key}")))
        except NightlatchError as error:
            outcome = Outcome("unknown", str(error))
        self.on_command(command, before)
        self._at_moment("after a command")
        return outcome

    def on_command(self, command: Command, before: Mapping[int, Kept]) -> None:
        """For a test to look at what a command did to the lock's codes, which were these."""

    def _at_moment(self, moment: str) -> None:
        if self.crash is None or self.crash[0] != moment:
            return
        left = self.crash[1] - 1
        self.crash = (moment, left) if left else None
        if self.crash is None:
            raise Crash

    def want(self, person: str, *, begins: float = 0.0, ends: float = 0.0, lock: str = FRONT, **more: Any) -> Want:
        """Want a person's code on a lock from so many seconds from now, until so many from now (0: no end)."""
        credential = f"{person}-1"
        if credential not in self.pins.all:
            self.pins.all[credential] = pin(person)
        until = self.at + int(ends * SECOND) if ends else 0
        want = Want(lock, credential, person, self.at + int(begins * SECOND), until, **more)
        self.wanted.all.setdefault(lock, {})[credential] = want
        self.reconciler.renew(None)  # type: ignore[arg-type]  # the stand-in looks at nothing
        return want

    def unwant(self, person: str, lock: str = FRONT) -> None:
        """End it at once."""
        self.wanted.all[lock].pop(f"{person}-1", None)
        self.reconciler.renew(None)  # type: ignore[arg-type]

    def line(self, person: str, lock: str = FRONT) -> Entry | None:
        return self.disk.ledger.get((lock, f"{person}-1", 0))

    def state(self, person: str, lock: str = FRONT) -> str:
        line = self.line(person, lock)
        return line.state if line is not None else ""

    def on_lock(self, person: str, lock: str = FRONT) -> list[int]:
        """The slots that hold a person's code: the truth."""
        code = self.pins.all[f"{person}-1"]
        codes = self.house.locks[lock.partition(":")[2]].codes
        return [slot for slot, kept in codes.items() if kept.code == code]

    def writes(self, commands: Sequence[Command] | None = None) -> list[Command]:
        return [one for one in commands or self.sent if isinstance(one, SetCode | ClearCode)]

    def reads(self) -> list[ReadCodes]:
        return [one for one in self.sent if isinstance(one, ReadCodes)]

    # Time

    def hear(self) -> None:
        """Hand on what the hub told since."""
        self.house.advance(self.at)
        if self.ear.broken and self.house.up:
            self.ear = self.house.listen(lambda: None)
            for kind in ("connected", "gap"):
                self.reconciler.heard(Event(self.at, kind, "hub:simulated:controller", since=self.at))
        while self.ear.heard:
            event = self.ear.heard.popleft()
            about = event.about.replace("simulated:", "") if event.about.startswith("lock:") else event.about
            event = msgspec.structs.replace(event, about=about)
            self.events.append(event)
            self.reconciler.heard(event)

    async def pump(self) -> float:
        """Let everything be done that can be done now; seconds until there is more."""
        for _ in range(2000):
            self.hear()
            waits = [await keeper.look() for keeper in self.reconciler.keepers.values()]
            soonest = min(waits, default=self.mono + 30)
            if soonest > self.mono and not self.ear.heard:
                return soonest - self.mono
        raise AssertionError("it never comes to rest")

    async def passes(self, seconds: float) -> None:
        """Let time pass as it would, with everything that it brings."""
        left = seconds
        while True:
            wait = await self.pump()
            if left <= 0:
                return
            dues = [keeper.next_due() for keeper in self.reconciler.keepers.values()]
            edges = [(at - self.at) / SECOND for at in (*self.wanted.edges(self.at), *dues) if at > self.at]
            step = max(min(wait, left, 30.0, self.house.due_in() or 30.0, *edges), 0.001)
            self.move(step)
            left -= step

    def move(self, seconds: float) -> None:
        """Let time pass, and nobody look."""
        self.at += int(seconds * SECOND)
        self.mono += seconds
        self.house.advance(self.at)
