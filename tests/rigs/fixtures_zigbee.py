"""The zigbee rig as a fixture: one for the whole session, and its lock as new for each test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from rigs.zigbee.rig import Settings, ZigbeeRig, install

Changed = Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="session")
def running_zigbee() -> Iterator[ZigbeeRig]:
    """A running Zigbee2MQTT with a joined lock: private network key, no auth token, broker open to all."""
    install()
    with ZigbeeRig() as rig:
        yield rig


@pytest.fixture
def zigbee_rig(running_zigbee: ZigbeeRig) -> ZigbeeRig:
    """The rig, whichever tests were before: its lock is well and gives codes back, and there is none on it.

    Of slots that were asked for, Zigbee2MQTT remembers what it was told. A test that restarts it with other
    settings puts these back.
    """
    for order in ("mood well", "open", *(f"remove {slot} quiet" for slot in held(running_zigbee))):
        running_zigbee.do(order)
    return running_zigbee


def held(rig: ZigbeeRig) -> dict[str, str]:
    """The codes in the lock's own memory, by slot."""
    return {slot: code["pin"] for slot, code in json.loads(rig.do("memory"))["codes"].items()}


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
