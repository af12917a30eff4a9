"""The `matter` rig as a fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rigs.matter.rig import MatterRig


@pytest.fixture(scope="session")
def matter_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatterRig]:
    """A Matter server that controls one door lock, with no people on it."""
    rig = MatterRig(tmp_path_factory.mktemp("matter"))
    try:
        yield rig
    finally:
        rig.stop()
