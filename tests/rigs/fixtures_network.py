"""The `network` rig as a fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rigs.network.rig import NetworkRig


@pytest.fixture(scope="session")
def network_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetworkRig]:
    """A router with LAN, IoT and WAN segments. A test sets the firewall and UPnP that it needs."""
    rig = NetworkRig(tmp_path_factory.mktemp("network"))
    try:
        yield rig
    finally:
        rig.stop()
