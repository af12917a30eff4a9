"""kill -9 at random moments: what is on the locks is in the ledger all the same, and a restart puts it right.

Each history is a state folder of its own and a home whose locks keep their codes in a file, as real
ones do when the hub dies. Processes are real; their clock runs as fast as they do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.lock import HUB, Kept
from nightlatch.ecosystems._simulated.plan import CodeRules
from nightlatch.model.access import OPENS
from nightlatch.model.command import ClearCode, Command, ReadCodes, SetCode
from nightlatch.secrets import Secret
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from tests.unit.access.reconciler.homes import MONDAY, Home, Want, pin

HISTORIES = 200
DOORS = {"front": CodeRules(slots=5), "garden": CodeRules(slots=5, reports_changes=False, reads_each=False)}
PEOPLE = ("ana", "ben", "cem", "dan")
LOCKS, PLAN, BROKEN = "locks.json", "plan.json", "broken.txt"


class Written(msgspec.Struct):
    """What people decided, as the database would have it, and how late it is."""

    at: int = MONDAY
    wants: list[Want] = []


class Code(msgspec.Struct, frozen=True):
    """A code in a lock's memory; `since`: when it was put there."""

    digits: str
    creator: str
    since: int


Memory = dict[str, dict[int, Code]]


def write(path: Path, what: object) -> None:
    """A lock's memory is what it was, or what it is to be, and nothing between."""
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.encode(what))
    beside.replace(path)


def memory(folder: Path) -> Memory:
    path = folder / LOCKS
    return msgspec.json.decode(path.read_bytes(), type=Memory) if path.exists() else {door: {} for door in DOORS}


def plan(folder: Path) -> Written:
    path = folder / PLAN
    return msgspec.json.decode(path.read_bytes(), type=Written) if path.exists() else Written()


class Lasting(Home):
    """A home whose state is in a folder, and whose locks remember through a kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = plan(folder)
        self.kept = memory(folder)
        self.read: set[str] = set()
        self._records = AccessRecords(connect(folder))
        super().__init__(doors=tuple(DOORS), codes_at=DOORS, at=self.written.at)
        for door, codes in self.kept.items():
            lock = self.house.locks[door]
            for slot, code in codes.items():
                lock.put(slot, Kept(Secret(code.digits), creator=code.creator), told=True)
            lock.put = self._put(door, lock.put)  # type: ignore[method-assign]
        for person in PEOPLE:
            self.pins.all[f"{person}-1"] = pin(person)
        for want in self.written.wants:
            self.wanted.all.setdefault(want.lock, {})[want.credential] = want
        self.start()

    @property
    def records(self) -> AccessRecords:
        return self._records

    def _put(self, door: str, put: Any) -> Any:
        def remembered(slot: int, kept: Kept | None, *, told: bool) -> None:
            put(slot, kept, told=told)
            self.kept[door].pop(slot, None)
            if kept is not None:
                assert kept.code is not None
                self.kept[door][slot] = Code(kept.code.reveal(), kept.creator, self.at)
            write(self.folder / LOCKS, self.kept)

        return remembered

    def remember(self) -> None:
        self.written.at = self.at
        self.written.wants = [want for at in self.wanted.all.values() for want in at.values()]
        write(self.folder / PLAN, self.written)

    def on_command(self, command: Command, before: Mapping[int, Kept]) -> None:
        lock = str(command.about)
        if isinstance(command, ReadCodes):
            self.read.add(lock)
            return
        assert isinstance(command, SetCode | ClearCode)
        door = lock.partition(":")[2]
        there = before.get(command.slot)
        if lock not in self.read:
            (self.folder / BROKEN).write_text("it wrote to a lock before it had read anything of it")
        if there is not None and there.creator != HUB and DOORS[door].reports_changes:
            (self.folder / BROKEN).write_text(f"somebody else's code in slot {command.slot} of {door} was removed")


def live(folder: Path, seed: int, ready: Connection, *, to_the_end: bool) -> None:
    """A process's life: people and faults come as chance has it, until it is killed."""
    asyncio.run(_live(Lasting(folder), random.Random(seed), ready, to_the_end=to_the_end))


async def _live(home: Lasting, chance: random.Random, ready: Connection, *, to_the_end: bool) -> None:
    ready.send_bytes(b"ready")
    while not to_the_end:
        door, person = chance.choice(tuple(DOORS)), chance.choice(PEOPLE)
        match chance.randrange(7):
            case 0 | 1:
                begins, lasts = chance.choice((0, 0, 40)), chance.choice((0, 60, 900))
                home.want(person, begins=begins, ends=begins + lasts if lasts else 0, lock=f"lock:{door}")
            case 2:
                home.wanted.all.get(f"lock:{door}", {}).pop(f"{person}-1", None)
            case 3:
                home.house.order(faults.Dropped(lock=door, times=chance.randint(1, 2), done=chance.random() < 0.5))
            case 4:
                home.house.order(faults.Unheeded(lock=door, times=chance.randint(1, 3)))
            case 5 if DOORS[door].reports_changes:
                change = faults.ForeignCode if chance.random() < 0.5 else faults.CodeDeleted
                home.house.order(change(lock=door, slot=chance.randint(1, 5)))
            case _:
                home.house.order(faults.Dead(lock=door, seconds=chance.choice((5, 300))))
        home.remember()
        await home.passes(chance.choice((1, 30, 200)))
        home.remember()
    await home.passes(4 * 3600)
    home.remember()


def begun(folder: Path, seed: int, *, to_the_end: bool = False) -> Any:
    """A process that lives on this folder, and is ready."""
    processes = multiprocessing.get_context("forkserver")
    heard, told = processes.Pipe(duplex=False)
    process = processes.Process(target=live, args=(folder, seed, told), kwargs={"to_the_end": to_the_end})
    process.start()
    told.close()
    assert heard.poll(30), "it did not start"
    heard.recv_bytes()
    heard.close()
    return process


def look(folder: Path) -> int:
    """Hold the ledger on the disk against what the locks really have; how many codes there were."""
    broken = folder / BROKEN
    assert not broken.exists(), broken.read_text()
    engine = connect(folder)
    try:
        lines = {(line.lock, line.slot): line for line in AccessRecords(engine).entries() if line.state in OPENS}
    finally:
        engine.dispose()
    whose = {pin(person).reveal(): person for person in PEOPLE}
    found = 0
    for door, codes in memory(folder).items():
        for slot, code in codes.items():
            if (person := whose.get(code.digits)) is not None:
                line = lines.get((f"lock:{door}", slot))
                assert line is not None and line.credential == f"{person}-1", (door, slot, person, line)
                found += 1
    return found


def ended(folder: Path) -> None:
    """Hold what the locks have against what was wanted, once all had time to settle."""
    written = plan(folder)
    now = written.at
    wanted = {
        (want.lock, pin(want.person).reveal())
        for want in written.wants
        if want.begins <= now and (not want.ends or now < want.ends)
    }
    there = {
        (f"lock:{door}", code.digits)
        for door, codes in memory(folder).items()
        for code in codes.values()
        if code.creator == HUB
    }
    assert there <= wanted, "a code is on a lock that nobody wants there"
    engine = connect(folder)
    try:
        blocked = {
            (line.lock, pin(line.person).reveal())
            for line in AccessRecords(engine).entries()
            if line.state == "blocked" or line.after > now
        }
    finally:
        engine.dispose()
    assert wanted - there <= blocked


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_two_hundred_histories_cut_off_by_kills_leave_no_code_outside_the_ledger(tmp_path: Path) -> None:
    multiprocessing.get_context("forkserver").set_forkserver_preload([__name__])
    chance = random.Random(1701)
    template = tmp_path / "template"
    template.mkdir()
    connect(template).dispose()
    codes = kills = 0
    for history in range(HISTORIES):
        folder = tmp_path / f"history-{history}"
        shutil.copytree(template, folder)
        for life in range(2):
            process = begun(folder, 10 * history + life)
            time.sleep(chance.uniform(0.0, 0.12))
            assert process.pid is not None and process.exitcode is None, "it ended by itself"
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills += 1
            codes += look(folder)
        process = begun(folder, history, to_the_end=True)
        process.join(60)
        assert process.exitcode == 0
        look(folder)
        ended(folder)
        shutil.rmtree(folder)
    assert (kills, codes > HISTORIES) == (2 * HISTORIES, True), "too few codes were on locks when it was killed"
