"""Two hundred open pages while a thousand events a second happen for a minute, some of them slow."""

from __future__ import annotations

from pathlib import Path

from benchmarks.live import flood

READERS, SLOW, RATE, SECONDS = 200, 20, 1000, 60


async def test_a_flood_reaches_every_page_without_a_hole_and_pages_are_still_answered(tmp_path: Path) -> None:
    found = await flood(tmp_path / "state", READERS, SLOW, RATE, SECONDS)
    print(found)  # noqa: T201  # how long it took is for `python -m benchmarks.live` to say
    assert found.events > 0.5 * RATE * SECONDS
    assert (found.holes, found.behind) == (0, 0)
    # A reader that this machine leaves no time to read is no fast one.
    assert found.dropped_fast < (READERS - 2 * SLOW) // 10
    assert found.dropped >= SLOW
    assert found.dropped_halting >= SLOW
    # Who came back within seconds took every entry; who reads a fiftieth of the flood begins anew now and then.
    assert found.resets_halting == 0
    assert found.memory_peak_mib < found.memory_start_mib + 80
