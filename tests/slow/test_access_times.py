"""What is granted through the command line is shown as it is meant, and is on the lock exactly then.

Commands, register, plan and reconciler are the real ones, on a clock that the test moves; the lock is simulated.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nightlatch.access.feeds import Feeds
from nightlatch.access.register import Register
from nightlatch.access.registrar import Registrar
from nightlatch.access.wanting import Plan
from nightlatch.cli.app import run
from nightlatch.model.event import Event, instant
from nightlatch.store.access import AccessRecords
from tests.slow.booking import SILENCE_S, Site
from tests.unit.access import registering
from tests.unit.access.feeds.calendars import calendar, entry
from tests.unit.access.reconciler.homes import Home
from tests.unit.access.schedules.oracle import at

BERLIN = ZoneInfo("Europe/Berlin")
TOKEN = "zq9f3b7c21d8"
"""In the address of a calendar that the test serves."""
HOUR = 3600
CLOCKS = ("grant", "grant_feeds", "people", "who", "ledger")


class Planned(Plan):
    """The plan, and what it tells a test of when time changes it."""

    def edges(self, now: int) -> list[int]:
        """The next such instant."""
        due = self.due()
        return [due] if due is not None and due > now else []


class Timed(Home):
    """A home whose grants are in the database, and whose clock the test moves."""

    def __init__(self, registrar: Registrar, begins: int) -> None:
        self.registrar = registrar
        self._plan = Planned(registrar.register(), {}, begins)
        super().__init__(at=begins, doors=("front",))
        self.wanted = self._plan  # type: ignore[assignment]  # the real one
        self.pins = registrar.vault  # type: ignore[assignment]
        self.start()

    @property
    def records(self) -> AccessRecords:
        return self.registrar.records

    def renew(self) -> Register:
        """Take what was changed by command, as the service does."""
        register = self.registrar.register()
        self.reconciler.renew(register)
        return register

    async def pump(self) -> float:
        self._plan.advance(self.at)
        return await super().pump()

    async def tell(self, event: Event) -> asyncio.Future[int]:
        self.registrar.tell(event)
        return await super().tell(event)

    def story(self, person: str) -> list[tuple[str, str]]:
        """When somebody's code came to be on the lock, and was proven gone, by the clock at home."""
        return [
            (f"{instant(one.at).astimezone(BERLIN):%a %H:%M %z}", one.value)
            for one in self.events
            if one.kind == "ledger" and one.person == person and one.value in ("present", "absent")
        ]

    def codes(self) -> int:
        """How many codes the lock has."""
        return len(self.front.codes)


class Told:
    """An owner at the command line whose clock is the home's."""

    def __init__(self, home: Timed, folder: Path, loop: asyncio.Runner, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.folder, self._loop, self._capsys = home, folder, loop, capsys

    def tell(self, *arguments: str) -> list[str]:
        """The lines that a command printed, with "ID" for ids that chance made."""
        code = run(arguments)
        out, err = self._capsys.readouterr()
        assert code == 0, err
        assert TOKEN not in out + err
        self.home.renew()
        return [re.sub(r"(?<= as )[gf]\w{6}(?=\.)|^[gf]\w{6}(?=  )", "ID", line) for line in out.splitlines()]

    def passes(self, hours: float) -> None:
        """Let time pass at home."""
        self._loop.run(self.home.passes(hours * HOUR))

    def read(self, feeds: Feeds) -> None:
        """Read the calendars that are due."""
        self._loop.run(feeds.look())
        self.home.renew()


Begin = Callable[[int], Told]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Begin]:
    """Call it with an instant: a home at that time, and its owner."""
    (tmp_path / "nightlatch.toml").write_text(registering.HOME)
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(tmp_path / "nightlatch.toml"))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "140")
    with asyncio.Runner() as loop, registering.registrar(tmp_path) as registrar:

        def made(now: int) -> Told:
            async def home() -> Timed:
                return Timed(registrar, now)

            home_ = loop.run(home())
            for module in CLOCKS:
                monkeypatch.setattr(f"nightlatch.cli.{module}.now", lambda: instant(home_.at))
            return Told(home_, tmp_path, loop, capsys)

        yield made


PEOPLE = {"ana": "Ana Silva", "ben": "Ben Holm"}
UNKNOWN = "Front lock: What the lock can do is not known yet: with the hub down at the end, the code may go on working."
CABIN = ("grant", "add", "--ical", "env:FEED", "--doors", "front", "--name", "Cabin")
STAYS = [
    "It has 2 stays to come.",
    "  Tue 1 Dec 15:00-Thu 3 Dec 11:00  Dora",
    "  Tue 1 Dec 15:00-Thu 3 Dec 11:00  Cleo",
]


def grant(owner: Told, to: str, *options: str) -> list[str]:
    """Grant the front door to somebody new; what is shown before it is kept, which is what is said after."""
    owner.tell("people", "add", to, "--name", PEOPLE[to])
    asked = ("grant", "add", "--to", to, "--doors", "front", *options)
    shown = owner.tell(*asked, "--dry-run")
    kept = owner.tell(*asked, "--yes")
    assert kept[0] == "Kept as ID."
    assert kept[1:-1] == [line for line in shown if not line.startswith("Wider: ")]
    return shown


def test_a_window_over_the_hour_that_is_missing_in_spring_begins_when_the_clock_has_gone_forward(begin: Begin) -> None:
    owner = begin(at(BERLIN, 2026, 3, 28, 20))
    assert grant(owner, "ana", "--weekly", "Sun 02:30-05:00", "--until", "2026-03-30 00:00") == [
        "Ana Silva may open Front door: Sun 02:30-05:00, until Mon 30 Mar 2026 00:00.",
        "  Sun 29 Mar 03:00-05:00 (the clock goes forward to 03:00: 2 h)",
        UNKNOWN,
        "Wider: Ana Silva gets it.",
        "Wider: It opens Front door.",
        "Wider: It holds for 2 h in all, first Sun 29 Mar 03:00-05:00 (the clock goes forward to 03:00: 2 h).",
    ]
    owner.passes(24)
    assert owner.home.story("ana") == [("Sun 03:00 +0200", "present"), ("Sun 05:00 +0200", "absent")]
    assert owner.tell("who", "front", "--at", "2026-03-29 01:59")[1] == "Front door  0 people or codes"
    assert owner.tell("who", "front", "--at", "2026-03-29 04:00")[1] == "Front door  1 person or code"
    assert owner.tell("ledger", "ana") == [
        "Front lock",
        "  absent   Ana Silva, since Sun 29 Mar 2026 05:00: its slot was read empty 16 hours ago",
    ]


def test_windows_over_and_within_the_hour_that_is_repeated_in_autumn_run_as_long_as_the_wall_shows_them(
    begin: Begin,
) -> None:
    owner = begin(at(BERLIN, 2026, 10, 24, 20))
    over = grant(owner, "ana", "--weekly", "Sat 22:00-06:00", "--until", "2026-10-26 00:00")
    assert over[:2] == [
        "Ana Silva may open Front door: Sat 22:00-06:00, until Mon 26 Oct 2026 00:00.",
        "  Sat 24 Oct 22:00-Sun 25 Oct 06:00 (the clock goes back to 02:00: 9 h)",
    ]
    within = grant(owner, "ben", "--weekly", "Sun 02:15-02:45", "--until", "2026-10-26 00:00")
    assert within[:3] == [
        "Ben Holm may open Front door: Sun 02:15-02:45, until Mon 26 Oct 2026 00:00.",
        "  Sun 25 Oct 02:15 (+02:00)-02:45 (+02:00)",
        "  Sun 25 Oct 02:15 (+01:00)-02:45 (+01:00)",
    ]
    owner.passes(24)
    assert owner.home.story("ana") == [("Sat 22:00 +0200", "present"), ("Sun 06:00 +0100", "absent")]
    assert owner.home.story("ben") == [
        ("Sun 02:15 +0200", "present"),
        ("Sun 02:45 +0200", "absent"),
        ("Sun 02:15 +0100", "present"),
        ("Sun 02:45 +0100", "absent"),
    ]


def test_a_grant_that_crosses_midnight_is_one_stay_of_its_code_on_the_lock(begin: Begin) -> None:
    owner = begin(at(BERLIN, 2026, 11, 27, 20))
    told = grant(owner, "ana", "--weekly", "Fri 22:00-01:30", "--until", "2026-12-07 00:00")
    assert told[:3] == [
        "Ana Silva may open Front door: Fri 22:00-01:30, until Mon 7 Dec 2026 00:00.",
        "  Fri 27 Nov 22:00-Sat 28 Nov 01:30",
        "  Fri 4 Dec 22:00-Sat 5 Dec 01:30",
    ]
    owner.passes(4.25)
    assert owner.home.codes() == 1
    (line,) = [line for line in owner.tell("who", "front") if "Ana" in line]
    assert line == (
        "  present  Ana Silva (code, slot 1, until Sat 28 Nov 2026 01:30): the code was read back 2 hours ago"
    )
    owner.passes(24)
    assert owner.home.story("ana") == [("Fri 22:00 +0100", "present"), ("Sat 01:30 +0100", "absent")]
    assert owner.home.codes() == 0


def test_two_guests_of_the_same_dates_keep_their_stays_when_the_calendar_turns_empty_and_when_it_times_out(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = begin(at(BERLIN, 2026, 11, 22, 16, 30))
    both = calendar(entry("20261201", "20261203", "Cleo", uid="1@x"), entry("20261201", "20261203", "Dora", uid="2@x"))
    site = Site(TOKEN, both)
    monkeypatch.setenv("FEED", site.url)
    monkeypatch.setattr("nightlatch.access.feeds.fetching.ANSWER_S", SILENCE_S / 2)
    try:
        assert owner.tell(*CABIN, "--dry-run") == [
            "Each stay in the calendar Cabin is a guest, with a code and a grant of Front door.",
            *STAYS,
            "Wider: whoever can write into this calendar gives access to these doors, now and later.",
        ]
        assert owner.tell(*CABIN, "--yes") == ["Following Cabin as ID.", *STAYS]
        listed = owner.tell("grant", "list")
        always = "at any time, from Tue 1 Dec 2026 15:00, until Thu 3 Dec 2026 11:00"
        assert sorted(listed[1:3]) == [f"ID  later  {name}  Front door  {always}" for name in ("Cleo", "Dora")]
        assert listed[3:] == ["ID  calendar Cabin: Front door, 15:00 to 11:00, read 0 seconds ago"]
        feeds = Feeds(owner.home.registrar, clock=lambda: instant(owner.home.at), tell=owner.home.registrar.tell)
        site.content = calendar()
        owner.passes(1)
        owner.read(feeds)
        assert owner.tell("grant", "list") == listed
        site.mode = "silent"
        owner.passes(1)
        owner.read(feeds)
        trouble = "read 60 minutes ago; TROUBLE: 127.0.0.1 did not answer within 1 s"
        assert owner.tell("grant", "list") == [*listed[:-1], listed[-1].replace("read 0 seconds ago", trouble)]
    finally:
        site.close()
    kept = [one.detail for one in registering.events(owner.folder) if one.kind == "feed" and one.name != "added"]
    assert kept == [
        "2 new stays",
        "it is empty, and 2 stays that it had are kept",
        "127.0.0.1 did not answer within 1 s; what it granted before stays as it is",
    ]
    owner.passes(24 * 9)
    assert owner.home.codes() == 2
    assert len({kept.code for kept in owner.home.front.codes.values()}) == 2
    owner.passes(24 * 3)
    guests = [one.id for one in owner.home.registrar.records.people()]
    assert [owner.home.story(one) for one in guests] == [
        [("Tue 15:00 +0100", "present"), ("Thu 11:00 +0100", "absent")]
    ] * 2
