"""The soak of benchmarks/soak.py, for a short while: nothing is lost, and alerts come in time."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import P99_MS, soak

SECONDS = 20.0


async def test_10_000_locks_and_1_000_events_a_second_lose_nothing_and_alert_in_time(tmp_path: Path) -> None:
    found = await soak(SECONDS, 10_000, 1000.0, tmp_path)
    assert found.told > 0.95 * SECONDS * 1000
    assert (found.journalled, found.lost, found.twice) == (found.told, 0, 0)
    assert found.alerts >= found.told // 500 - 1
    assert found.alert_p99 < P99_MS
    assert found.memory_end < found.memory_start + 25
