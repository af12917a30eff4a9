"""Kill -9 at any moment: nothing that was noticed or queued is lost, and at most the last message repeats."""

from __future__ import annotations

import os
import random
import re
import select
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tests.unit.guard.alerts.homes import records

ROUNDS = 12
CHILD = '''
import asyncio, sys, time
from pathlib import Path
from nightlatch.guard.alerts.alerts import Alerts
from nightlatch.store.alerts import AlertRecords
from nightlatch.store.database import connect
from tests.unit.guard.alerts.homes import HOUSEHOLD, Post, Sealer, noticed, rules

folder, first = Path(sys.argv[1]), int(sys.argv[2])

class File(Post):
    """Delivers into a file: what is in it when this returns has arrived."""

    async def send(self, channel, message):
        await asyncio.sleep(0.001)
        with (folder / channel.id).open("a") as file:
            file.write(message.body + "\\n--\\n")
        return ""

async def nothing(event):
    pass

async def main():
    alerts = Alerts(
        AlertRecords(connect(folder)), rules("[alerts]\\ngroup_seconds = 0\\n", channels=("phone", "mail")), HOUSEHOLD,
        Sealer(), carrier=File(), tell=nothing, clock=lambda: time.time_ns() // 1000,
    )
    task = asyncio.create_task(alerts.run())
    if first < 0:
        await asyncio.sleep(0.5)
        return
    number = first
    while True:
        alerts.take([noticed(number + 1, key=str(number), what=f"Front door: case {number}.")])
        print(number, flush=True)
        number += 1
        await asyncio.sleep(0)

asyncio.run(main())
'''


def run(folder: Path, first: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_what_was_taken_in_is_delivered_after_kill_9_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(7)
    records(tmp_path)
    taken = 0
    for _ in range(ROUNDS):
        child = run(tmp_path, taken)
        assert child.stdout is not None
        line = child.stdout.readline()
        assert line, "it came up"
        select.select([], [], [], chance.uniform(0.0, 0.15))
        child.kill()
        told = [line, *child.stdout.readlines()]
        child.wait()
        child.stdout.close()
        # A line that the kill cut off was taken in all the same, or was not: the next one takes its number again.
        taken = int([one for one in told if one.endswith("\n")][-1]) + 1
    last = run(tmp_path, -1)
    assert last.stdout is not None
    last.communicate(timeout=60)
    assert taken > ROUNDS
    for channel in ("phone", "mail"):
        said = (tmp_path / channel).read_text()
        cases = [int(number) for number in re.findall(r"case (\d+)", said)]
        more = sum(int(number) for number in re.findall(r"And (\d+) more", said))
        assert len(set(cases)) + more >= taken, "nothing is lost"
        messages = said.split("\n--\n")
        firsts = [int(found[1]) for one in messages if (found := re.search(r"case (\d+)", one))]
        assert all(later >= sooner for sooner, later in pairwise(firsts)), "in order"
        repeated = [one for one, two in pairwise(messages) if one and one == two]
        assert len(repeated) <= ROUNDS
        assert len(cases) - len(set(cases)) <= 12 * ROUNDS, "at most one message is repeated a crash"
    with records(tmp_path).read() as book:
        assert book.backlog("phone") == book.backlog("mail") == 0
        assert taken <= len(book.live()) <= taken + ROUNDS
