"""What the service as a process asks of the interpreter, once an audit stands."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from nightlatch.model.event import Event
from nightlatch.service.process import settle


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_the_collector_leaves_alone_what_stands_once_an_audit_was_made() -> None:
    settle(0, Event(1, "audited", "home"))
    assert gc.get_freeze_count() > 1_000


def test_the_collector_goes_on_as_before_when_anything_else_happens() -> None:
    settle(0, Event(1, "locked", "lock:front"))
    assert gc.get_freeze_count() == 0
