"""The zigbee rig as a fixture: one for the whole session, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rigs.zigbee.rig import ZigbeeRig, install


@pytest.fixture(scope="session")
def zigbee_rig() -> Iterator[ZigbeeRig]:
    """A running Zigbee2MQTT with a joined lock: private network key, no auth token, broker open to all.

    A test that restarts it with other settings puts these back.
    """
    install()
    with ZigbeeRig() as rig:
        yield rig
