"""The zigbee rig as a fixture: one for the whole session, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from rigs.zigbee.rig import Settings, ZigbeeRig, install

Changed = Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="session")
def zigbee_rig() -> Iterator[ZigbeeRig]:
    """A running Zigbee2MQTT with a joined lock: private network key, no auth token, broker open to all.

    A test that restarts it with other settings puts these back.
    """
    install()
    with ZigbeeRig() as rig:
        yield rig


@pytest.fixture
def changed_zigbee(zigbee_rig: ZigbeeRig) -> Changed:
    """Restarts the rig with other settings and, afterwards, with those it had."""

    @contextmanager
    def change(**settings: Any) -> Iterator[None]:
        before = zigbee_rig.settings
        zigbee_rig.restart(**settings)
        try:
            yield
        finally:
            zigbee_rig.restart(**{name: getattr(before, name) for name in Settings.__dataclass_fields__})

    return change
