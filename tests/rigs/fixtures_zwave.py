"""The `zwave` rig as fixtures: one house for the whole session, and houses of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from rigs.zwave.rig import ZwaveRig


@pytest.fixture(scope="session")
def zwave_rig() -> Iterator[ZwaveRig]:
    """All four locks, interviewed. A test that changes a lock puts it back."""
    with ZwaveRig() as rig:
        yield rig


@pytest.fixture
def fresh_zwave_rig() -> Iterator[Callable[..., ZwaveRig]]:
    """Call it with node ids for a house of this test's own, stopped after the test."""
    with ExitStack() as running:
        yield lambda *nodes: running.enter_context(ZwaveRig(nodes))
