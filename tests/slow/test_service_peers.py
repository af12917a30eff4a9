"""A running `nightlatch run` beside hubs that send too much or nonsense: bounded, said, and no other hub delayed."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rigs.guard import say
from tests.rigs.owner import Owner
from tests.slow.faulty import HOUSE, Faulty, faulty
from tests.slow.test_bad_peers import listening
from tests.slow.test_bad_peers_live import PEERS

pytestmark = pytest.mark.timeout(120)

BAD = ("signed-in-then-10-MB", "signed-in-then-huge", "signed-in-then-garbage", "signed-in-then-events")
SOURCE = """
[[sources]]
kind = "homeassistant"
id = "{id}"
url = "http://127.0.0.1:{port}"
token = "env:TOKEN"
"""
WATCHED_S = 20.0
MOST_GROWTH_MIB = 150
USUAL_DELAY_S = 1.0


def memory(guard: Faulty) -> float:
    """What the service holds in memory, MiB."""
    assert guard.process is not None
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{guard.process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def delay(guard: Faulty) -> float:
    """How long it takes until what happens at the front door is in the journal, s."""
    since, ordered = guard.status().journal.entries, time.monotonic()
    guard.order("unlock", lock="front")
    guard.until(lambda: any(event.about == "lock:front" for event in guard.events(since)), 20)
    return time.monotonic() - ordered


def test_bad_hubs_are_refused_each_by_itself_and_a_good_one_is_heard_meanwhile(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    owner.secrets["TOKEN"] = "token-of-a-test"
    with ExitStack() as stack:
        ports = {name: stack.enter_context(listening(PEERS[name])) for name in BAD}
        house = HOUSE + "".join(SOURCE.format(id=name.lower(), port=port) for name, port in ports.items())
        guard = stack.enter_context(faulty(owner, house, start=False))
        guard.start()
        guard.until(lambda: any(hub.connected for hub in guard.status().ecosystems), 30)
        guard.until(lambda: guard.status().locks, 20)
        until, before, most, late = time.monotonic() + WATCHED_S, memory(guard), 0.0, []
        while time.monotonic() < until:
            late.append(delay(guard))
            most = max(most, memory(guard))
            guard.until(lambda: guard.lock().security == "secured", 20)
        late.sort()
        say(f"beside {len(BAD)} bad hubs: {late[len(late) // 2] * 1000:.0f} ms, at most {late[-1] * 1000:.0f} ms, "
            f"memory {before:.0f} -> {most:.0f} MiB")  # fmt: skip
        assert late[len(late) // 2] < USUAL_DELAY_S
        assert most < before + MOST_GROWTH_MIB
        guard.locks_by_itself()
        for name in BAD:
            lost = guard.event(
                lambda event, name=name: (event.kind, event.source) == ("disconnected", name.lower()), 40
            )
            assert f"127.0.0.1:{ports[name]}/" in lost.detail
            assert guard.kinds().count("disconnected") < 15 * len(BAD)
        assert "token-of-a-test" not in guard.log.read_text()
        guard.stop()


def test_thousands_of_events_a_second_neither_fill_memory_nor_delay_another_hub(tmp_path: Path) -> None:
    house = (
        HOUSE.replace("simulated:front", "simulated:simulated-1/front")
        + """
[[sources]]
kind = "simulated"
id = "flooding"
doors = ["gate"]
people = 0
faults = [{ at = "06:00", kind = "flood", per_second = 2000 }]
"""
    )
    with faulty(Owner(tmp_path), house) as guard:
        before, most, late = memory(guard), 0.0, []
        for _ in range(8):
            late.append(delay(guard))
            guard.until(lambda: guard.lock().security == "secured", 20)
            most = max(most, memory(guard))
        late.sort()
        entries = guard.status().journal.entries
        say(f"beside a flood: {late[4] * 1000:.0f} ms, memory {before:.0f} -> {most:.0f} MiB, {entries} entries")
        assert most < before + MOST_GROWTH_MIB
        assert late[4] < 2 * USUAL_DELAY_S
        guard.stop()
