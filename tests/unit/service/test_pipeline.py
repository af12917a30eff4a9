"""What a sudden end kept from the alerts, they hear at the next start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightlatch.guard.alerts.alerts import Alerts
from nightlatch.guard.engine import Engine
from nightlatch.journal.leaves import Entry
from nightlatch.model.event import Event
from nightlatch.service import pipeline as service
from nightlatch.service.metrics import Metrics
from nightlatch.service.pipeline import Pipeline
from tests.unit.guard.alerts.homes import HOUSEHOLD, Post, Sealer, at, records, rules

NOON = at("2026-11-22 12:00")
COME = Event(NOON, "unlocked", "lock:front", person="ana")


async def nothing(event: Event) -> None:
    """Keep no journal."""


def made(folder: Path, size: int) -> tuple[Pipeline, Alerts]:
    alerts = Alerts(
        records(folder),
        rules('[[alerts.notices]]\nchannels = ["phone"]\n'),
        HOUSEHOLD,
        Sealer(),
        carrier=Post(),
        tell=nothing,
        clock=lambda: NOON,
    )

    def entries(start: int, stop: int) -> Iterator[Entry]:
        yield from (Entry(index, COME) for index in range(start, stop))

    pipeline = Pipeline(
        lambda: Engine((), HOUSEHOLD), alerts, Metrics(), clock=lambda: NOON, hearers=(), entries=entries
    )
    pipeline.size = size
    return pipeline, alerts


def waiting(folder: Path) -> int:
    with records(folder).read() as book:
        return book.backlog("phone")


def test_what_was_written_and_not_told_before_a_sudden_end_is_told_at_the_start(tmp_path: Path) -> None:
    first, alerts = made(tmp_path, 3)
    first.remind()
    assert (waiting(tmp_path), alerts.size) == (3, 3)
    again, alerts = made(tmp_path, 5)
    again.remind()
    again.remind()
    assert (waiting(tmp_path), alerts.size) == (5, 5), "and nothing twice"


def test_a_start_gives_alerts_no_more_than_the_newest_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_MISSED", 2)
    pipeline, alerts = made(tmp_path, 1_000_000)
    pipeline.remind()
    assert (waiting(tmp_path), alerts.size) == (2, 1_000_000)
