"""The `homeassistant` rig as a fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rigs.homeassistant.rig import HomeAssistantRig


@pytest.fixture(scope="session")
def homeassistant_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistantRig]:
    """Home Assistant with four demo locks, an owner (`token`) and a resident (`user_token`)."""
    rig = HomeAssistantRig(tmp_path_factory.mktemp("homeassistant"))
    try:
        yield rig
    finally:
        rig.stop()
